"""An installation whose roles run in processes of their own, as `merlon serve --role` starts them."""

import subprocess

from harness import Merlon, binary, environment, free_port, merge, service, standard_routes

ROLES = ("auth", "users", "products", "orders")
MASTER = "n4Wd8ZkQ2mVx7TbR9pYc3HsL6gJf1EaU"


def make_certificates(directory, names=("gateway", *ROLES)):
    """A development authority in directory/pki, and a certificate for each name."""
    for arguments in [("init",), *(("issue", name) for name in names)]:
        subprocess.run([binary(), "pki", *arguments], cwd=directory, env=environment(), check=True, capture_output=True)


class Apart:
    """Each role in `counts` as often as it says; all share a PostgreSQL's databases and one folder of certificates.
    `of_roles`: what the configuration of single roles has beside."""

    def __init__(self, directory, upstream, postgres, config=None, counts=None, of_roles=None):
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        make_certificates(directory)
        self.of_roles = of_roles or {}
        self.counts = {"auth": 1, "users": 1, "products": 1, "orders": 1, "gateway": 1} | (counts or {})
        self.ports = {role: [free_port() for _ in range(self.counts[role])] for role in ROLES}
        self.config = merge({"services": {"echo": service(upstream.url, standard_routes())},
                             "keys": {"master": "env:MASTER"},
                             "fleet": {"certificates": str(directory / "pki")} | {
                                 role: {"url": [f"https://127.0.0.1:{port}" for port in ports]} for role, ports in self.ports.items()}},
                            merge(postgres.stores() if postgres else {}, config or {}))
        self.servers = {role: [self.make(role, index) for index in range(count)] for role, count in self.counts.items()}

    def make(self, role, index):
        config = merge(self.config, self.of_roles.get(role, {}))
        if role in ROLES:
            config = merge(config, {"fleet": {role: {"listen": f"127.0.0.1:{self.ports[role][index]}"}}})
        return Merlon(self.directory / f"{role}{index}", config, {"MASTER": MASTER}, flags=["--role", role])

    def start(self):
        for servers in self.servers.values():
            for server in servers:
                server.start(ready=False)
        for servers in self.servers.values():
            for server in servers:
                server.wait_ready()
        return self

    def stop(self):
        # The gateways first: the others end when nobody asks them any more.
        for role in ("gateway", "orders", "users", "products", "auth"):
            for server in self.servers[role]:
                server.stop()

    @property
    def gateway(self):
        return self.servers["gateway"][0]

    def __getattr__(self, role):
        return self.__dict__["servers"][role][0]
