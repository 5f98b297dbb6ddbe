"""nginx and Express 5 behind a prefix, as a team's first day has them: their own redirects and cookies, and curl as the client."""

import json
import os
import shutil
import subprocess

import pytest

import client
import jose
import npm
from harness import REPOSITORY, environment, free_port, service

OPEN = {"methods": ["GET", "POST"], "allow": "public"}

NGINX = """
{user} worker_processes 1; daemon off; error_log stderr; pid {folder}/nginx.pid;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    root {folder}/root;
    add_header Set-Cookie "seen=1; Path=/; HttpOnly";
    location = /go {{ return 302 /dir/; }}
    location = /away {{ return 302 https://idp.example/login; }}
    location = /wait {{ add_header Refresh "1; url=/dir/"; return 200 "wait\\n"; }}
  }}
}}
"""

EXPRESS = """
const express = require('express');
const app = express();
app.set('trust proxy', true);
app.get('/', (request, response) => response.redirect('/next'));
app.get('/self', (request, response) => response.redirect(`${request.protocol}://${request.get('host')}/next`));
app.get('/next', (request, response) => response.cookie('session', '7', { path: '/', httpOnly: true }).json({
  path: request.originalUrl, ip: request.ip, hostname: request.hostname, protocol: request.protocol, prefix: request.get('X-Forwarded-Prefix') }));
app.use('/files', express.static(process.argv[3]));
app.listen(Number(process.argv[2]), '127.0.0.1');
"""


class Running:
    """A server of somebody else's, until stop()."""

    def __init__(self, command, port, **more):
        self.port = port
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **more)
        client.wait_for(self.answers, what=command[0])

    def answers(self):
        assert self.process.poll() is None, f"it ended with {self.process.returncode}"
        try:
            client.fetch(self.port, "GET", "/")
            return True
        except OSError:
            return False

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    folder.chmod(0o755)
    (folder / "root/dir").mkdir(parents=True)
    (folder / "root/dir/index.html").write_text("a page\n")
    return folder


@pytest.fixture(scope="module")
def nginx(pages):
    port = free_port()
    (pages / "nginx.conf").write_text(NGINX.format(folder=pages, port=port, user="user root;" if os.geteuid() == 0 else ""))
    program = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    assert program, "tools/install tests brings nginx"
    server = Running([program, "-e", "stderr", "-p", str(pages), "-c", str(pages / "nginx.conf")], port)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def express(pages):
    packages = REPOSITORY / "bench/rivals/express"  # which has Express 5
    npm.install(packages)
    port = free_port()
    (pages / "app.js").write_text(EXPRESS)
    server = Running(["node", str(pages / "app.js"), str(port), str(pages / "root")], port, env=environment({"NODE_PATH": str(packages / "node_modules")}))
    yield server
    server.stop()


def declared(server, prefix, base="", **more):
    return {"services": {"app": service(f"http://127.0.0.1:{server.port}{base}", [{"path": f"{prefix}/**", **OPEN}], **more)}}


def follow(merlon, target, directory, *more):
    """curl with its cookie jar, as a browser goes: (the body, the last URL's path, the jar)."""
    jar = directory / "jar"
    done = subprocess.run(["curl", "-sSL", "--max-redirs", "5", "-c", str(jar), "-b", str(jar), "-w", "\n%{url_effective}", *more,
                           f"http://127.0.0.1:{merlon.port}{target}"], capture_output=True, text=True, timeout=60, check=True)
    body, _, url = done.stdout.rpartition("\n")
    assert url.startswith(f"http://127.0.0.1:{merlon.port}/"), url
    return body, url.split(str(merlon.port), 1)[1], jar.read_text()


@pytest.mark.parametrize("prefix, base", [("/app", ""), ("/deep/app", "")])
def test_nginx_behind_a_prefix(launch, nginx, tmp_path, prefix, base):
    merlon = launch(declared(nginx, prefix, base, strip_prefix=prefix))
    for target in ("/go", "/dir", "/dir/"):  # its own redirects: of a rule, and of a folder without its slash, which names its host and port
        body, path, jar = follow(merlon, prefix + target, tmp_path)
        assert (body, path) == ("a page\n", prefix + "/dir/"), target
        assert f"\t{prefix}\t" in jar and "seen\t1" in jar
    assert merlon.get(prefix + "/dir").get("Location") == prefix + "/dir/"
    assert merlon.get(prefix + "/away").get("Location") == "https://idp.example/login"
    assert merlon.get(prefix + "/wait").get("Refresh") == f"1; url={prefix}/dir/"


def test_nginx_below_a_base(launch, nginx, tmp_path):
    merlon = launch({"services": {"app": service(f"http://127.0.0.1:{nginx.port}/dir", [{"path": "/**", **OPEN}])}})
    assert follow(merlon, "/", tmp_path)[0] == "a page\n" and follow(merlon, "/index.html", tmp_path)[0] == "a page\n"
    assert merlon.get("/../go").status == 400


def test_express_behind_a_prefix(launch, express, tmp_path):
    merlon = launch(declared(express, "/shop", strip_prefix="/shop"))
    for target in ("/shop", "/shop/"):
        body, path, jar = follow(merlon, target, tmp_path)
        assert path == "/shop/next" and '"path":"/next"' in body and '"prefix":"/shop"' in body and '"ip":"127.0.0.1"' in body, body
        assert "\t/shop\t" in jar and "session\t7" in jar
    assert follow(merlon, "/shop/self", tmp_path)[1] == "/shop/next"


def test_express_with_the_clients_host(launch, express):
    merlon = launch(declared(express, "/shop", strip_prefix="/shop", preserve_host=True, host=["shop.example.com", "127.0.0.1"]))
    answer = merlon.get("/shop/next", host="shop.example.com:8443")
    assert answer.json()["hostname"] == "shop.example.com" and answer.json()["protocol"] == "http"
    assert merlon.get("/shop/self", host="shop.example.com:8443").get("Location") == "/shop/next"
    assert merlon.get("/shop/next", host="evil.example").status == 404


def test_express_oauth2_jwt_bearer_finds_our_keys_and_verifies_our_tokens(launch):
    """A service that does not believe its gateway: from the issuer alone to the claims of a token."""
    npm.install(REPOSITORY / "tests/clients")
    merlon = launch()
    issuer = f"http://127.0.0.1:{merlon.port}"
    merlon.stop()
    verifier = Running(["node", str(REPOSITORY / "tests/clients/verifier.js"), str(port := free_port()), issuer, jose.AUDIENCE], port)
    try:
        merlon.write({"public_url": issuer, "tokens": {"issuer": issuer},
                      "services": {"app": service(f"http://127.0.0.1:{port}", [{"path": "/mine/**", "methods": ["GET"], "allow": "public"}])}})
        merlon.start()
        ada = merlon.register()
        found = merlon.get("/mine/x", token=ada.access)
        assert (found.status, found.json()["user"]) == (200, ada.id) and "read:profile" in found.json()["permissions"]
        head, claims, signature = ada.access.split(".")
        forged = ".".join((head, jose.b64(json.dumps(jose.decode(ada.access)[1] | {"role": "admin"})), signature))
        for token in (forged, ada.refresh):
            refused = client.fetch(port, "GET", "/mine/x", [("Authorization", f"Bearer {token}")])
            assert (refused.status, refused.json()["code"]) == (401, "invalid_token")
    finally:
        verifier.stop()
