"""An installation whose roles run apart, with a network between all of them that can be troubled, and each party that can be hit.

Every role has a link of the proxy's for each that it calls: "gateway0>auth1", "auth1>postgres", "gateway0>redis". PostgreSQL and Redis
speak TLS only, as they do off one machine. A role that is cut off is one whose cable is pulled (chaos_network.py); of PostgreSQL and
Redis, all links are black holes.
"""

import concurrent.futures
import contextlib
import os
import pathlib
import signal
import ssl
import time

from apart import MASTER, ROLES, Apart
from chaos_network import make_network
from chaos_proxy import Proxy
from harness import START_DEADLINE_S, Merlon, certificate, free_port, merge
from postgres import Postgres
from redis_server import Redis

CALLS = {"gateway": ROLES, "orders": ("products", "auth"), "users": ("auth",), "products": ("auth",)}
CONFIG = {"server": {"workers": 1, "behind_tls_proxy": True}, "tokens": {"access_ttl": "2h", "reuse_grace": "0s"},
          "revocation": {"stale_after": "2s", "when_stale": "closed"}}
TWO_OF_EACH = {"auth": 2, "users": 2, "products": 2, "orders": 2, "gateway": 2}


class Town(Apart):
    def __init__(self, directory, upstream, config=None, counts=None):
        directory.mkdir(parents=True, exist_ok=True)
        self.upstream, self.homes = upstream, {}
        # Those two end with the thread that started them (setpriv --pdeathsig): one that lives as long as the town.
        self.keepers = concurrent.futures.ThreadPoolExecutor(2)
        self.network = make_network()
        self.proxy = Proxy(self.network.host).start()
        self.authority = directory / "servers.pem"
        self.start_servers(directory / "redis")
        super().__init__(directory, upstream, self.postgres, merge(CONFIG, config or {}), TWO_OF_EACH | (counts or {}))
        revocation = self.config["revocation"]
        self.is_closed = revocation["when_stale"] == "closed"
        # A revocation's answer came so long ago: nobody may accept its tokens any more, whatever is cut off from whom.
        self.late_max = int(revocation["stale_after"].removesuffix("s"))
        self.parties = {f"{role}{index}": server for role, servers in self.servers.items() for index, server in enumerate(servers)}

    def start_servers(self, folder):
        _, _, key, chain = certificate(addresses=("127.0.0.1", self.network.host))
        self.authority.write_bytes(chain)
        self.postgres = Postgres().start().configure("hostssl all merlon all trust\n", "ssl = on\n", {"server.crt": chain, "server.key": key})
        folder.mkdir()
        for name, content in {"server.crt": chain, "server.key": key}.items():
            (folder / name).write_bytes(content)
        self.redis = Redis(folder, "--tls-cert-file", "server.crt", "--tls-key-file", "server.key", "--tls-auth-clients", "no",
                           tls=ssl.create_default_context(cafile=self.authority)).start()

    def home(self, party):
        if party not in self.homes:
            self.homes[party] = self.network.join(party)
        return self.homes[party]

    def make(self, role, index):
        name = f"{role}{index}"

        def link(called, port, at="127.0.0.1"):
            return f"{self.network.host}:{self.proxy.link(f'{name}>{called}', port, at)}"

        databases = link("postgres", self.postgres.port)
        config = {section: {"url": f"postgres://merlon@{databases}/{self.database(section)}?sslmode=verify-full&sslrootcert={self.authority}"}
                  for section in ("store", "keys")}
        config["fleet"] = {called: {"url": ["https://" + link(f"{called}{number}", port, self.home(f"{called}{number}")[0])
                                            for number, port in enumerate(self.ports[called])]} for called in CALLS.get(role, ())}
        if role in ROLES:
            config["fleet"][role] = {"listen": f"{self.home(name)[0]}:{self.ports[role][index]}"}
        if role in ("auth", "gateway"):
            config["state"] = {"url": "rediss://" + link("redis", self.redis.port), "ca": str(self.authority)}
        if role == "gateway":
            config["services"] = {"echo": {"url": "http://" + link("echo", self.upstream.port)}}
        return Merlon(self.directory / name, merge(self.config, config), {"MASTER": MASTER}, flags=["--role", role], home=self.home(name))

    def database(self, section):
        return self.config[section]["url"].rpartition("/")[2]

    @property
    def gateways(self):
        return self.servers["gateway"]

    def query(self, sql):
        """Of the database of data; rows of text, columns by |."""
        return [row.split("|") for row in self.postgres.rows(sql, self.database("store"))]

    def create_admin(self, email, password):
        done = self.auth.run("user", "create", "--email", email, "--first-name", "Grace", "--last-name", "Hopper", "--role", "admin",
                             "--password-stdin", stdin=password + "\n")
        assert done.returncode == 0, done
        return self.gateway.login(email, password)

    # ---- hitting a party

    def pids(self, party):
        if party == "redis":
            return [self.redis.process.pid]
        if party != "postgres":
            return [self.parties[party].process.pid]
        return family(self.postgres.process.pid)

    def send(self, party, number):
        for pid in self.pids(party):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill(self, party):
        """kill -9; of PostgreSQL, all of its processes."""
        if party == "postgres":
            self.send(party, signal.SIGSTOP)  # none may see the others end
            self.send(party, signal.SIGKILL)
            self.postgres.process.wait()
        elif party == "redis":
            self.redis.kill()
        else:
            self.parties[party].check_output()
            self.parties[party].kill()

    def cut(self, party):
        """Nothing gets there, and nothing comes from there, until mend()."""
        if party in self.homes and self.network.can_cut:
            self.network.cut(party)
        else:
            self.proxy.set(self.proxy.of(party), "hole")

    def mend(self, party):
        if party in self.homes and self.network.can_cut:
            self.network.mend(party)
        else:
            self.proxy.set(self.proxy.of(party), "pass")

    def begin(self, party):
        """Starts it again; it is back when this returns."""
        if party in ("postgres", "redis"):
            self.keepers.submit(getattr(self, party).start).result()
        else:
            self.supervise(self.parties[party])

    def supervise(self, server):
        """As a supervisor does: a role that could not start, since what it needs is away, is started again."""
        end = time.monotonic() + START_DEADLINE_S
        server.start(ready=False)
        while not server.is_ready():
            if server.process.poll() is not None:
                assert server.process.returncode in (1, 69), f"ended with {server.process.returncode}: {server.stderr_text()[-2000:]}"
                server.check_output()
                time.sleep(0.2)
                server.start(ready=False)
            assert time.monotonic() < end, f"not ready within its deadline: {server.stderr_text()[-2000:]}"
            time.sleep(0.02)

    def stop(self):
        self.proxy.set(self.proxy.names, "pass")
        try:
            super().stop()
        finally:
            for server in self.parties.values():  # those behind one that did not end well
                if server.is_running():
                    server.kill()
            self.redis.stop()
            self.postgres.stop()
            self.proxy.stop()
            self.network.stop()
            self.keepers.shutdown()


def family(pid):
    """A process and its children, the parent first."""
    pids = [pid]
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(path.read_text().rpartition(")")[2].split()[1]) == pid:
                pids.append(int(path.parent.name))
    return pids
