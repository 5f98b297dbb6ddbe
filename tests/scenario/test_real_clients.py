"""Clients that people have, as they come from Debian and npm, through the gateway: git, Java, Python, Node, ws, socket.io, curl, HAProxy."""

import http.client
import http.server
import os
import shutil
import socket
import subprocess
import threading

import pytest

import client
import npm
from harness import REPOSITORY, environment, free_port, service

CLIENTS = REPOSITORY / "tests/clients"
MIB = 1 << 20


def open_service(url, *methods, path="/open/**", **more):
    return {"services": {"it": service(url, [{"path": path, "methods": list(methods), "allow": "public", "limit": "none", **more}])}}


def need(program):
    found = shutil.which(program)
    assert found, f"{program} is missing: tools/install tests"
    return found


def run(*command, **more):
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment() | more.pop("env", {}), **more)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


class GitServer(http.server.BaseHTTPRequestHandler):
    """git http-backend over CGI (RFC 3875)."""
    protocol_version = "HTTP/1.1"

    def answer(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path, _, query = self.path.partition("?")
        fields = {"GIT_PROJECT_ROOT": self.server.root, "GIT_HTTP_EXPORT_ALL": "1", "REQUEST_METHOD": self.command, "PATH_INFO": path, "QUERY_STRING": query,
                  "CONTENT_TYPE": self.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(body)), "REMOTE_USER": "ada", "REMOTE_ADDR": "127.0.0.1",
                  "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""), "GIT_PROTOCOL": self.headers.get("Git-Protocol", "")}
        done = subprocess.run(["git", "http-backend"], input=body, capture_output=True, env=environment() | fields, timeout=60)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        lines = [line.split(": ", 1) for line in head.decode().split("\r\n")]
        self.send_response(int(dict(lines).get("Status", "200").split()[0]))
        for name, value in lines:
            if name != "Status":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


def test_git_clones_and_pushes(launch, tmp_path):
    repository = tmp_path / "repositories/shop.git"
    run("git", "init", "--quiet", "--bare", "-b", "main", str(repository))
    run("git", "-C", str(repository), "config", "http.receivepack", "true")
    backend = http.server.ThreadingHTTPServer(("127.0.0.1", 0), GitServer)
    backend.root = str(repository.parent)
    threading.Thread(target=backend.serve_forever, daemon=True).start()
    server = launch(open_service(f"http://127.0.0.1:{backend.server_port}", "GET", "POST", path="/shop.git/**", body="64MiB"))
    url = f"http://127.0.0.1:{server.port}/shop.git"
    who = {"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.com", "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.com", "HOME": str(tmp_path)}
    try:
        run("git", "clone", "--quiet", url, str(tmp_path / "first"), env=who)
        (tmp_path / "first/large").write_bytes(os.urandom(3 * MIB))  # git sends that in chunks
        run("git", "-C", str(tmp_path / "first"), "checkout", "-q", "-b", "main", env=who)
        run("git", "-C", str(tmp_path / "first"), "add", ".", env=who)
        run("git", "-C", str(tmp_path / "first"), "commit", "--quiet", "-m", "large", env=who)
        run("git", "-C", str(tmp_path / "first"), "push", "--quiet", "origin", "main", env=who)
        run("git", "clone", "--quiet", url, str(tmp_path / "second"), env=who)
        assert (tmp_path / "second/large").read_bytes() == (tmp_path / "first/large").read_bytes()
    finally:
        backend.shutdown()
        backend.server_close()


def test_java_gets_and_posts(launch, upstream):
    server = launch(open_service(upstream.url, "GET", "POST"))
    assert run(need("java"), "-Xshare:auto", str(CLIENTS / "Client.java"), f"http://127.0.0.1:{server.port}") == "ok\n"


@pytest.mark.parametrize("mebibytes", [2, 8, 32])
def test_python_reads_a_413_although_it_sends_all_of_a_body_first(launch, upstream, mebibytes):
    server = launch(open_service(upstream.url, "POST"))
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=client.DEADLINE_S)
    connection.request("POST", "/open/x", body=b"x" * (mebibytes * MIB))
    assert connection.getresponse().status == 413


@pytest.mark.parametrize("mebibytes", [2, 8, 32])
def test_node_reads_a_413_although_it_sends_all_of_a_body_first(launch, upstream, mebibytes):
    server = launch(open_service(upstream.url, "POST"))
    script = f"fetch('http://127.0.0.1:{server.port}/open/x', {{method: 'POST', body: Buffer.alloc({mebibytes * MIB})}}).then((got) => console.log(got.status))"
    assert run(need("node"), "-e", script) == "413\n"


def test_node_fetches_streams_and_posts(launch, upstream):
    server = launch(open_service(upstream.url, "GET", "POST"))
    script = f"""
const url = 'http://127.0.0.1:{server.port}/open/x';
const body = new ReadableStream({{ start(into) {{ for (let i = 0; i < 10; i++) into.enqueue(Buffer.alloc(10000)); into.close(); }} }});
(async () => {{
  console.log((await fetch(url)).status, (await (await fetch(url, {{ method: 'POST', body, duplex: 'half' }})).json()).length);
  const all = await Promise.all(Array.from({{ length: 30 }}, () => fetch(url)));
  console.log(all.every((got) => got.status === 200));
}})();
"""
    assert run(need("node"), "-e", script) == "200 100000\ntrue\n"


def test_ws_and_socket_io_talk_over_both_transports(launch):
    npm.install(CLIENTS)
    port = free_port()
    sockets = subprocess.Popen([need("node"), str(CLIENTS / "sockets.js"), str(port)], env=environment())
    try:
        routes = [{"path": "/live", "methods": ["GET"], "allow": "public", "limit": "none", "upgrade": "websocket"},
                  {"path": "/socket.io/**", "methods": ["GET", "POST"], "allow": "public", "limit": "none", "upgrade": "websocket"}]
        server = launch({"services": {"sockets": service(f"http://127.0.0.1:{port}", routes)}})
        client.wait_for(lambda: server.get("/socket.io/?EIO=4&transport=polling").status == 200, what="the service")
        assert run(need("node"), str(CLIENTS / "talk.js"), f"http://127.0.0.1:{server.port}") == "ok\n"
    finally:
        sockets.terminate()
        sockets.wait(60)


@pytest.mark.parametrize("version, printed", [("--http1.0", "200 1.1"), ("--http1.1", "200 1.1"), ("--http2", "200 1.1")])
def test_curl_is_answered_in_whatever_version_it_asks(launch, upstream, version, printed):
    server = launch(open_service(upstream.url, "GET", "POST"))
    url = f"http://127.0.0.1:{server.port}/open/x"
    assert run("curl", "-s", "-o", "/dev/null", "-w", "%{http_code} %{http_version}", version, url) == printed
    assert run("curl", "-s", "-o", "/dev/null", "-w", "%{http_code} %{http_version}", version, "-d", "hello", url) == printed


def test_curl_that_knows_http2_beforehand_is_refused_at_once(launch, upstream):
    server = launch(open_service(upstream.url, "GET"))
    done = subprocess.run(["curl", "-s", "-S", "--http2-prior-knowledge", f"http://127.0.0.1:{server.port}/open/x"], capture_output=True, text=True, timeout=60, env=environment())
    assert done.returncode != 0 and done.stdout == ""
    with server.connect() as connection:
        connection.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        assert connection.response().status == 400


HAPROXY = """
global
  stats socket {folder}/stats mode 600
defaults
  mode http
  timeout connect 5s
  timeout client 10s
  timeout server 10s
backend merlon
  option httpchk
  http-check send meth GET uri /health
  server one 127.0.0.1:{port} check inter 200ms
backend old
  option httpchk GET /health
  server one 127.0.0.1:{port} check inter 200ms
frontend all
  bind 127.0.0.1:{listen}
  default_backend merlon
"""


def test_haproxy_finds_it_well_and_passes_requests_on(launch, upstream, tmp_path):
    server = launch(open_service(upstream.url, "GET"))
    listen = free_port()
    (tmp_path / "haproxy.cfg").write_text(HAPROXY.format(folder=tmp_path, port=server.port, listen=listen))
    proxy = subprocess.Popen([need("haproxy"), "-db", "-f", str(tmp_path / "haproxy.cfg")], env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        def checked():
            try:

                with socket.socket(socket.AF_UNIX) as asking:
                    asking.connect(str(tmp_path / "stats"))
                    asking.sendall(b"show stat\n")
                    text = b""
                    while piece := asking.recv(65536):
                        text += piece
            except OSError:
                return None
            rows = [line.split(",") for line in text.decode().splitlines() if line]
            found = {row[0]: row[rows[0].index("check_status")] for row in rows[1:] if row[1] == "one"}
            return found if "" not in found.values() and "INI" not in found.values() else None
        assert client.wait_for(checked, what="HAProxy's first checks") == {"merlon": "L7OK", "old": "L7OK"}
        assert client.fetch(listen, "GET", "/open/x").status == 200
    finally:
        proxy.terminate()
        proxy.wait(60)
