"""Runs the real binary the way a user does: a merlon.yaml in an empty folder, `merlon serve`, a signal at the end.

Merlon(...) describes a server; start() writes its files and waits until /readyz says 200; stop() sends
SIGTERM and fails unless it ended with 0 and left no crash or sanitizer report behind. Everything listens
on 127.0.0.1 only unless told, on ports that were free a moment before.
"""

import contextlib
import copy
import datetime
import ipaddress
import json
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import threading
import time
import uuid

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import client
from machine import Machine, library_of
from power_cut import DiskOfMachine

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
START_DEADLINE_S = float(os.environ.get("MERLON_START_DEADLINE", "60"))  # sanitizer builds on a busy machine
STOP_DEADLINE_S = float(os.environ.get("MERLON_STOP_DEADLINE", "60"))  # over the default drain of 20 s
PASSWORD = "Horse$Battery9"
OTHER_PASSWORD = "Staple%Correct8"
SECRET = "k7Qd2x9VbR4mT8wZp3LsN6yHc1JfGa5E"  # 32 bytes, of no known sample
REFRESH_SECRET = "u3Wn8eKq5ZtX1vMr7PbD9hYs4CjLf2Ga"

# Of pytest's processes, where it runs several (make check): this one's number, and how many there are.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))

# What a server that says nothing of its stores gets: their sections of the configuration. None: the product's default.
stores = None

CRASH = re.compile(
    rb"AddressSanitizer|LeakSanitizer|ThreadSanitizer|MemorySanitizer|UndefinedBehaviorSanitizer|runtime error:"
    rb"|terminate called|Segmentation fault|stack smashing|double free|[Aa]ssertion .*failed|MERLON_ASSERT")


def binary():
    """MERLON, else the release build, else the development build."""
    named = os.environ.get("MERLON")
    candidates = [pathlib.Path(named)] if named else [REPOSITORY / "build/release/merlon",
                                                      REPOSITORY / "build/dev/merlon"]
    for path in candidates:
        if path.is_file():
            return path.resolve()
    pytest.fail("no merlon binary at " + " or ".join(map(str, candidates)) + "; build it or set MERLON", pytrace=False)


def is_sanitized():
    """Whether the binary is instrumented: its memory then is mostly the sanitizer's."""
    return any(name in binary().read_bytes() for name in (b"__asan_init", b"__tsan_init"))


def corpora(folder):
    """A folder of the shared corpora; the test skips, saying so, where they are absent."""
    root = pathlib.Path(os.environ.get("MERLON_CORPORA", REPOSITORY.parent / "shared/corpora"))
    if not (root / folder).is_dir():
        pytest.skip(f"corpus {folder} is not at {root}")
    return root / folder


def table(rows):
    """Parametrizes a test with a table: name of the row → its value."""
    return pytest.mark.parametrize("row", list(rows.values()), ids=list(rows))


class Plain(yaml.SafeDumper):
    """YAML without anchors and aliases: merlon.yaml knows none."""

    def ignore_aliases(self, data):
        return True


def to_yaml(config):
    return yaml.dump(config, Dumper=Plain, sort_keys=False)


given_ports = set()


def free_port():
    """Each once, and none that the kernel gives to outgoing connections: it is free also when its server is started again."""
    while True:
        port = random.randrange(10_000 + WORKER, 32_000, WORKERS)  # another worker's servers are not in the way
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            if port not in given_ports:
                given_ports.add(port)
                return port


def merge(base, changes):
    """`changes` over `base`, section by section; None removes a key."""
    merged = copy.deepcopy(base)
    for key, value in (changes or {}).items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = merge(merged[key], value)
        else:
            merged[key] = copy.deepcopy(value)
    return merged


def together(count, work):
    """Runs `work(index)` in `count` threads that start at once; returns the results in order, or raises the first failure."""
    barrier = threading.Barrier(count)
    results, failures = [None] * count, []

    def run(index):
        barrier.wait()
        try:
            results[index] = work(index)
        except BaseException as failure:  # reported by the caller's thread
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(180)
    if failures:
        raise failures[0]
    assert not any(thread.is_alive() for thread in threads), "a call never came back"
    return results


def new_email(prefix="ada"):
    return f"{prefix}.{uuid.uuid4().hex[:12]}@example.com"


def environment(extra=None):
    """A clean environment: no MERLON_… (an unknown variable is an error by contract) and none of the seed's names."""
    keep = {name: value for name, value in os.environ.items()
            if name in ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ") or name.endswith("SAN_OPTIONS") or name == "LLVM_PROFILE_FILE"}
    return keep | {"NO_COLOR": "1"} | (extra or {})


class Account:
    """A registered user with the tokens of one session."""

    def __init__(self, server, email, password, data):
        self.server = server
        self.email = email
        self.password = password
        self.user = data.get("user")
        self.id = self.user["id"] if self.user else None
        self.access = data["accessToken"]
        self.refresh = data["refreshToken"]

    def login(self, **where):
        return self.server.login(self.email, self.password, **where)


class Merlon:
    def __init__(self, directory, config=None, env=None, files=None, flags=(), machine=None, home=("127.0.0.1", ())):
        self.binary = binary()
        self.host, self.behind = home  # where it listens, and the command that it is started behind
        self.directory = pathlib.Path(directory)
        self.overrides = config or {}
        self.env = env or {}
        self.files = files or {}
        self.flags = list(flags)  # of `merlon serve`
        # With options of Machine (machine.py), such as {}, the server runs on one; its commands do not.
        self.machine = None if machine is None else Machine(self.directory / "machine", self.directory / "data",
                                                            library_of(self.binary), **machine)
        self.disk = DiskOfMachine(self.machine) if self.machine and self.machine.journal else None
        self.process = None
        self.port = self.admin_port = None
        self.runs = 0
        self.tls = None
        self.config = None

    # ---- life cycle

    def write(self, changes=None):
        """Writes merlon.yaml: test defaults, then this server's overrides, then `changes`."""
        self.config = merge({
            "version": 1,
            "server": {"listen": f"{self.host}:{self.port}", "admin": f"{self.host}:{self.admin_port}"},
            "passwords": {"bcrypt_cost": 4, "workers": 2, "queue": 512},
            "limits": {"api": {"max": 1_000_000, "paths": COUNTED}, "services": {"max": 1_000_000}, "auth": {"max": 1_000_000}},
        }, merge(self.overrides, changes))
        (self.directory / "merlon.yaml").write_text(to_yaml(self.config))

    def start(self, ready=True):
        self.directory.mkdir(parents=True, exist_ok=True)
        for name, content in self.files.items():
            path = self.directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        if self.port is None:
            self.port, self.admin_port = free_port(), free_port()
            if stores and not {"store", "keys"} & set(self.overrides):
                self.overrides = merge(self.overrides, stores())
            self.write()
        self.runs += 1
        self.stdout_path = self.directory / f"stdout.{self.runs}"
        self.stderr_path = self.directory / f"stderr.{self.runs}"
        env = environment(self.env | (self.machine.environment() if self.machine else {}))
        with open(self.stdout_path, "wb") as out, open(self.stderr_path, "wb") as err:
            self.process = subprocess.Popen([*self.behind, str(self.binary), "serve", *self.flags, "-c", "merlon.yaml"],
                                            cwd=self.directory, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        if ready:
            self.wait_ready()
        return self

    def wait_ready(self, deadline=None):
        end = time.monotonic() + (deadline or START_DEADLINE_S)
        while True:
            if self.process.poll() is not None:
                raise AssertionError(f"merlon ended with {self.process.returncode} instead of getting ready:\n"
                                     f"{self.stderr_text()[-4000:]}\n{to_yaml(self.config)}")
            if self.is_ready():
                return
            if time.monotonic() > end:
                self.process.kill()
                raise AssertionError(f"merlon was not ready within its deadline:\n{self.stderr_text()[-4000:]}")
            time.sleep(0.02)

    def is_ready(self):
        try:
            return client.fetch(self.admin_port, "GET", "/readyz", at=self.host, timeout=15).status == 200
        except (OSError, client.Malformed):
            return False

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def stop(self):
        """SIGTERM; fails unless it drained, ended with 0 and reported no crash."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.wait()
        self.check_output()
        assert code == 0, f"merlon ended with {code}:\n{self.stderr_text()[-4000:]}"

    def wait(self, within=STOP_DEADLINE_S):
        try:
            code = self.process.wait(within)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"merlon did not end within {within} s of SIGTERM:\n{self.stderr_text()[-2000:]}")
        self.process = None
        return code

    def kill(self):
        """kill -9: what the kernel's memory killer leaves."""
        self.process.kill()
        self.process.wait()
        self.process = None

    def cut_power(self, chance):
        """kill -9, and of what the disk had not synced only what chance keeps. The machine needs a journal."""
        self.kill()
        self.disk.cut_power(chance)

    def jump_clock(self, offset_s, restart=False):
        """The wall clock of the server's machine is so far off from now on, or from its next start on."""
        if restart:
            self.stop()
        self.machine.clock_offset_s = offset_s
        if restart:
            self.start()

    def restart(self):
        self.stop()
        self.start()

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def check_output(self):
        for path in (self.stderr_path, self.stdout_path):
            if found := CRASH.search(path.read_bytes()):
                raise AssertionError(f"{path.name} reports a crash: …"
                                     f"{path.read_bytes()[max(0, found.start() - 300):found.start() + 3000].decode('utf-8', 'replace')}")

    def stderr_text(self):
        return self.stderr_path.read_text("utf-8", "replace")

    def output(self):
        """Everything that this server said in all its runs."""
        return b"".join(path.read_bytes() for path in sorted(self.directory.glob("std*.[0-9]*")))

    # ---- the other ways in

    def run(self, *arguments, stdin=None, env=None, timeout=120):
        """Another merlon command in the same folder; its default configuration file is ./merlon.yaml."""
        return run(*arguments, directory=self.directory, stdin=stdin, env=self.env | (env or {}), timeout=timeout)

    def admin(self, path, method="GET"):
        return client.fetch(self.admin_port, method, path, at=self.host)

    def metrics(self):
        """Samples of /metrics as {'name{labels}': value}."""
        answer = self.admin("/metrics")
        assert answer.status == 200, answer
        samples = {}
        for line in answer.text.splitlines():
            if line and not line.startswith("#"):
                name, _, value = re.sub(r" # \{.*", "", line).rpartition(" ")
                samples[name] = float(value)
        return samples

    def metric(self, name, **labels):
        """The sum of a metric's samples whose labels contain the given ones."""
        total = 0.0
        for sample, value in self.metrics().items():
            if sample.split("{")[0] == name and all(f'{key}="{label}"' in sample for key, label in labels.items()):
                total += value
        return total

    def log_lines(self):
        lines = []
        for line in self.output().split(b"\n"):
            if line.startswith(b"{"):
                lines.append(line)
        return lines

    def events(self, kind=None):
        found = []
        for line in self.log_lines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue  # test_events.py asserts that there is none
            if isinstance(entry, dict) and "severity" in entry and (kind is None or entry.get("type") == kind):
                found.append(entry)
        return found

    def wait_for_event(self, kind, check=lambda event: True, within=client.DEADLINE_S):
        """Refusals are coalesced over 10 s, so an event may take that long to appear."""
        return client.wait_for(lambda: [event for event in self.events(kind) if check(event)], within,
                               what=f"event {kind}")

    def rss_bytes(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no VmRSS")

    # ---- requests

    def connect(self, **where):
        if self.tls is not None:
            where.setdefault("tls", self.tls)
        return client.Connection(self.port, at=self.host, **where)

    def call(self, method, target, headers=(), body=None, json_body=None, token=None, host="localhost", **where):
        fields = list(headers.items() if isinstance(headers, dict) else headers)
        if json_body is not None:
            body = json.dumps(json_body).encode()
            if not any(name.lower() == "content-type" for name, _ in fields):
                fields.append(("Content-Type", "application/json"))
        if token is not None:
            fields.append(("Authorization", "Bearer " + token))
        with self.connect(**where) as connection:
            return connection.request(method, target, fields, body, host)

    def get(self, target, **more):
        return self.call("GET", target, **more)

    def post(self, target, json_body=None, **more):
        return self.call("POST", target, json_body=json_body, **more)

    # ---- identity

    def register(self, email=None, password=PASSWORD, first="Ada", last="Lovelace", **where):
        email = email or new_email()
        answer = self.post("/api/auth/register", {"email": email, "password": password, "firstName": first,
                                                  "lastName": last}, **where)
        assert answer.status == 201, answer
        return Account(self, email, password, answer.data)

    def try_login(self, email, password, **where):
        return self.post("/api/auth/login", {"email": email, "password": password}, **where)

    def login(self, email, password=PASSWORD, **where):
        answer = self.try_login(email, password, **where)
        assert answer.status == 200, answer
        return Account(self, email, password, answer.data)

    def try_refresh(self, refresh_token, **where):
        return self.post("/api/auth/refresh", {"refreshToken": refresh_token}, **where)

    def me(self, token, **where):
        return self.get("/api/auth/me", token=token, **where)

    def logout(self, token, **where):
        answer = self.post("/api/auth/logout", {}, token=token, **where)
        assert answer.status == 204, answer
        return answer

    def create_admin(self, email=None, password=PASSWORD):
        """An admin made as an operator makes one, through the running server's admin socket."""
        email = email or new_email("root")
        done = self.run("user", "create", "--email", email, "--first-name", "Grace", "--last-name", "Hopper",
                        "--role", "admin", "--password-stdin", stdin=password + "\n")
        assert done.returncode == 0, done
        return self.login(email, password)


def run(*arguments, directory, stdin=None, env=None, timeout=120):
    """A merlon command, as text. A crash shows as a negative exit code, which no test expects."""
    done = subprocess.run([str(binary()), *map(str, arguments)], cwd=directory, env=environment(env),
                          input=stdin if stdin is not None else "", capture_output=True, timeout=timeout,
                          encoding="utf-8", errors="replace")
    assert done.returncode >= 0, f"merlon {' '.join(map(str, arguments))} died of signal {-done.returncode}:\n{done.stderr}"
    assert not CRASH.search(done.stderr.encode()), done.stderr
    return done


def service(url, routes, **more):
    return {"url": url, "routes": routes, **more}


# What the limit api counts in tests: the standard routes of the echoing service, too.
COUNTED = ["/api/**", "/open/**", "/private/**", "/catalog/**", "/management/**", "/both/**"]
EVERY_METHOD = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def standard_routes():
    """One route for each kind of access; the upstream echoes on all of them."""
    return [
        {"path": "/open/**", "methods": EVERY_METHOD, "allow": "public"},
        {"path": "/private/**", "methods": EVERY_METHOD, "allow": "authenticated"},
        {"path": "/catalog/**", "methods": ["GET", "POST"], "allow": ["read:products"]},
        {"path": "/management/**", "methods": ["GET", "DELETE"], "allow": ["delete:products"]},
        {"path": "/both/**", "methods": ["GET"], "allow": ["read:products", "delete:users"]},
    ]


def certificate(names=("localhost",), addresses=("127.0.0.1",), key=None, issuer=None, ca=False, days=(-1, 30), issuer_url=None):
    """A key and a certificate for tests: (key object, certificate object, key PEM, certificate PEM). It is good from the first of `days`
    to the last, counted from now; `issuer_url` says where the issuer's certificate is."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0] if names else "test")])
    now = datetime.datetime.utcnow()
    builder = x509.CertificateBuilder()
    if issuer_url:
        access = x509.AccessDescription(x509.oid.AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier(issuer_url))
        builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
    made = (builder.subject_name(subject)
            .issuer_name(issuer[1].subject if issuer else subject)
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now + datetime.timedelta(days=days[0])).not_valid_after(now + datetime.timedelta(days=days[1]))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(
                [x509.DNSName(name) for name in names] +
                [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]), critical=False)
            .sign(issuer[0] if issuer else key, hashes.SHA256()))
    return (key, made,
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                              serialization.NoEncryption()),
            made.public_bytes(serialization.Encoding.PEM))
