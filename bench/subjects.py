"""What is measured: Merlon, its rivals and the floor, each started on the first core with one worker, before the
same upstream. A Subject is a context manager: it serves inside `with`."""

import contextlib
import json
import os
import pathlib
import socket
import subprocess
import threading
import time
import urllib.request

import tokens

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.pop("MERLON_BUILD", HERE.parent / "build/release"))  # Merlon itself knows no such variable
SUBJECT_CORE, CLIENT_CORE = "0", "1"
REQUESTS_MAX = 200_000_000  # the limit that counts each client and is never reached


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def pinned(core, *command, **options):
    return subprocess.Popen(["taskset", "-c", core, *map(str, command)], **options)


@contextlib.contextmanager
def awake():
    """Keeps the subject's core from halting while latency is measured, with a loop that anything else interrupts. On
    a virtual machine a halted core comes back when the host has time for it, which is up to 20 ms later."""
    loop = pinned(SUBJECT_CORE, "chrt", "--idle", "0", "sh", "-c", "while :; do :; done")
    try:
        yield
    finally:
        loop.kill()
        loop.wait()


class Sink:
    """Accepts connections on a free port and never reads from them."""

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.port = self.listener.getsockname()[1]
        self.accepted = []
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in self.accepted:
            connection.close()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                self.accepted.append(self.listener.accept()[0])


def wait_for_port(port, process):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"bench: {process.args} ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.005)
    raise SystemExit(f"bench: nothing listens on {port}")


def children_of(pid):
    path = f"/proc/{pid}/task/{pid}/children"
    return [child for direct in pathlib.Path(path).read_text().split()
            for child in [direct, *children_of(direct)]]


def filled(name, directory, **values):
    """A rival's configuration with its @NAME@s filled in."""
    text = (HERE / "rivals" / name).read_text()
    for key, value in {**values, "secret": tokens.SECRET, "directory": directory}.items():
        text = text.replace(f"@{key.upper()}@", str(value))
    path = directory / name
    path.write_text(text)
    return path


class Subject:
    """One server under measurement. `command` starts it; it listens on `port`."""

    warm_up_requests = 2 * tokens.COUNT

    def __init__(self, name, directory, upstream_port, is_tls=False):
        self.name, self.directory, self.upstream_port, self.is_tls = name, directory, upstream_port, is_tls
        self.directory.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.process = None

    def __enter__(self):
        with open(self.directory / f"{self.name}.log", "w") as log:
            self.process = pinned(SUBJECT_CORE, *self.command(), stdout=log, stderr=log, cwd=self.directory,
                                  env={**os.environ, **self.environment()})
        wait_for_port(self.port, self.process)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)

    def environment(self):
        return {}

    def pids(self):
        return [str(self.process.pid), *children_of(self.process.pid)]


class Redis:
    """A server on the client's core, so that it does not compete with whom it serves."""

    def __init__(self, directory):
        directory.mkdir(parents=True, exist_ok=True)
        self.directory, self.port = directory, free_port()

    def __enter__(self):
        self.process = pinned(CLIENT_CORE, "redis-server", "--bind", "127.0.0.1", "--port", self.port, "--save", "",
                              "--logfile", "redis.log", "--dir", ".", cwd=self.directory)
        wait_for_port(self.port, self.process)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)

    def counted(self):
        """Requests of our client, so that nobody measures a gateway that has lost its Redis."""
        with socket.create_connection(("127.0.0.1", self.port), 5) as connection:
            connection.sendall(b"GET rl:127.0.0.1\r\n")
            return int(connection.recv(100).split(b"\r\n")[1])


class Floor(Subject):
    def command(self):
        return [BUILD / "bench_floor", self.port, self.upstream_port, tokens.SECRET]


class HAProxy(Subject):
    def command(self):
        bundle = self.directory / "bundle.pem"
        bundle.write_bytes((self.directory / "tls.crt").read_bytes() + (self.directory / "tls.key").read_bytes())
        return ["haproxy", "-db", "-f", filled(
            "haproxy.cfg", self.directory, port=self.port, upstream=self.upstream_port,
            tls=f"ssl crt {bundle}" if self.is_tls else "", scheme="https" if self.is_tls else "http")]


class Nginx(Subject):
    def command(self):
        filled("nginx.js", self.directory)
        return ["nginx", "-c", filled("nginx.conf", self.directory, port=self.port, upstream=self.upstream_port,
                                      modules="/usr/lib/nginx/modules")]


def install_express():
    if not (HERE / "rivals/express/node_modules").is_dir():
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"],
                       cwd=HERE / "rivals/express", check=True)


class Express(Subject):
    """`products`: a file of answers that it gives from memory, a line each."""

    warm_up_requests = 1_000

    def __init__(self, *arguments, products=None, **options):
        super().__init__(*arguments, **options)
        self.products = products

    def command(self):
        return ["node", HERE / "rivals/express/server.js", self.port, self.upstream_port, tokens.SECRET,
                *([self.products] if self.products else [])]

    def environment(self):
        return {"NODE_ENV": "production"}


class Merlon(Subject):
    """`trusted_jwks`: a file with the keys of the ES256 tokens' issuer. `access_log`: which requests it has, into a
    file. `redis`: the port of the Redis that counts the limits. `data`: a filled store's directory. `store`, `keys`: URLs. `service`: how the catalogue is reached, when not
    as the upstream; `pki`: the folder of the gateway's certificate. `bcrypt_cost`: of its passwords. `preload`: a library, with the
    variables that tell it what to do."""

    def __init__(self, *arguments, trusted_jwks=None, access_log="off", redis=None, data=None, store=None, keys=None, service=None, pki=None,
                 bcrypt_cost=12, preload=None, **options):
        super().__init__(*arguments, **options)
        self.trusted_jwks = trusted_jwks
        self.access_log = access_log
        self.redis = redis
        self.service = service or {"url": f"http://127.0.0.1:{self.upstream_port}"}
        self.fleet = {"fleet": {"certificates": str(pki)}} if pki else {}
        self.stores = {"store": {"url": store}, "keys": {"url": keys}} if store else {}
        self.bcrypt_cost = bcrypt_cost
        self.preload = preload or {}
        if data is not None:
            (self.directory / "data").symlink_to(data)
        self.admin_port = free_port()

    def command(self):
        unlimited = {"paths": ["/**"], "window": "15m", "max": REQUESTS_MAX}
        config = {
            "version": 1,
            "log": {"access": self.access_log},
            "server": {"listen": f"127.0.0.1:{self.port}", "admin": f"127.0.0.1:{self.admin_port}", "workers": 1},
            "passwords": {"bcrypt_cost": self.bcrypt_cost},
            "limits": {"api": unlimited, "auth": {**unlimited, "paths": ["/api/auth/login", "/api/auth/register"]}},
            "services": {"catalog": {**self.service, "routes": [
                {"path": "/catalog/**", "methods": ["GET"], "allow": ["read:products"], "limit": "none"}]}},  # api counts it, by its path
        }
        config |= self.stores | self.fleet
        if self.redis is not None:
            config["state"] = {"url": f"redis://127.0.0.1:{self.redis}"}
        if self.is_tls:
            config["server"]["tls"] = {"certificate": str(self.directory / "tls.crt"),
                                       "key": str(self.directory / "tls.key")}
        if self.trusted_jwks is not None:
            config["tokens"] = {"trusted": [{"issuer": tokens.ISSUER, "jwks": f"file:{self.trusted_jwks}",
                                             "audience": "microservices-api"}]}
        path = self.directory / f"{self.name}.yaml"
        path.write_text(json.dumps(config))  # JSON is YAML
        return [BUILD / "merlon", "serve", "-c", path]

    def environment(self):
        return {**self.preload, **({"JWT_SECRET": tokens.SECRET} if self.trusted_jwks is None else {})}

    def __enter__(self):
        super().__enter__()
        self.wait_until_ready()
        return self

    def wait_until_ready(self):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                if urllib.request.urlopen(f"http://127.0.0.1:{self.admin_port}/readyz", timeout=1).status == 200:
                    return
            except OSError:
                time.sleep(0.005)
        raise SystemExit("bench: Merlon is not ready after 20 s")

    def resident_bytes(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) << 10
