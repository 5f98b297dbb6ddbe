"""Several whole servers on one PostgreSQL: what one of them does holds at all of them."""

import pathlib

import pytest

import client
import jose
from harness import PASSWORD, Merlon, merge, new_email, service, standard_routes, table, together
from postgres import Postgres
from test_revocation import WAYS

MASTER = "n4Wd8ZkQ2mVx7TbR9pYc3HsL6gJf1EaU"


class Fleet:
    """Servers with the same stores and the same master key, each in a folder of its own."""

    def __init__(self, directory, upstream, postgres, config=None):
        self.directory = directory
        self.config = merge({"services": {"echo": service(upstream.url, standard_routes())},
                             "keys": {"master": "env:MASTER"}}, merge(postgres.stores(), config or {}))
        self.servers = []

    def add(self, config=None, ready=True):
        server = Merlon(self.directory / f"server{len(self.servers)}", merge(self.config, config or {}), {"MASTER": MASTER})
        self.servers.append(server)
        return server.start(ready)

    def stop(self):
        for server in self.servers:
            server.stop()


@pytest.fixture
def make_fleet(tmp_path, upstream, postgres):
    fleets = []

    def make(config=None):
        fleets.append(Fleet(tmp_path / f"fleet{len(fleets)}", upstream, postgres, config))
        return fleets[-1]

    yield make
    for fleet in fleets:
        fleet.stop()


def test_two_servers_do_not_share_an_admin_port_in_silence(make_fleet):
    fleet = make_fleet()
    one = fleet.add()
    other = fleet.add({"server": {"admin": f"127.0.0.1:{one.admin_port}"}}, ready=False)
    assert other.wait() == 69
    assert str(one.admin_port) in other.stderr_text()
    assert one.is_ready()


def seconds_until_asked_after(port):
    """Of each connection at that port's own end: when the kernel will look whether the other end is still there."""
    lines = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
    established, keepalive = "01", "02"
    ends = [line[5].split(":") for line in lines if line[1].endswith(f":{port:04X}") and line[3] == established]
    return [int(when, 16) / 100 for timer, when in ends if timer == keepalive]


def test_connections_that_a_network_forgot_do_not_fill_the_database_server(launch, postgres):
    """Neither end is told, and it would look every two hours: "too many clients" until then."""
    launch(postgres.stores())
    # One that is only just there has not said yet how often.
    client.wait_for(lambda: (times := seconds_until_asked_after(postgres.port)) and max(times) <= 30, what="half a minute")


def is_refused(server, token):
    answer = server.get("/private/x", token=token)
    return answer.status == 401 and answer.code == "TOKEN_REVOKED"


def test_servers_that_start_together_on_empty_databases_are_one_installation(make_fleet):
    fleet = make_fleet()
    servers = [fleet.add(ready=False) for _ in range(4)]
    for server in servers:
        server.wait_ready()
    admins = [server for server in servers if "first admin" in server.stderr_text()]
    assert len(admins) == 1, "each installation has one first admin"
    account = servers[0].register()
    for server in servers:
        assert server.me(account.access).status == 200, "one makes tokens that another does not know"
        assert server.login(account.email).id == account.id
    keys = {server.get("/.well-known/jwks.json").body for server in servers}
    assert len(keys) == 1


def reuse_refresh_token(server, account):
    tokens = account.refresh
    for _ in range(2):
        answer = server.try_refresh(tokens)
        assert answer.status == 200
        tokens = answer.data["refreshToken"]
    assert server.try_refresh(account.refresh).code == "INVALID_REFRESH_TOKEN"


@table({**WAYS, "a stolen refresh token": reuse_refresh_token})
def test_what_one_server_revokes_is_refused_by_the_others(make_fleet, row):
    fleet = make_fleet()
    one, other = fleet.add(), fleet.add()
    account, bystander = one.register(), one.register()
    assert other.get("/private/x", token=account.access).status == 200  # verified and cached
    row(one, account)
    assert is_refused(one, account.access)
    client.wait_for(lambda: is_refused(other, account.access), what="the other server to hear of it")
    assert other.get("/private/x", token=bystander.access).status == 200
    late = fleet.add()
    assert is_refused(late, account.access), "a server was ready before it knew"


def test_a_server_that_could_not_hear_catches_up(make_fleet, postgres):
    """Its connection for notices is cut; what was revoked meanwhile is found all the same."""
    fleet = make_fleet()
    one, other = fleet.add(), fleet.add()
    accounts = [one.register() for _ in range(10)]
    for account in accounts:
        postgres.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
        one.logout(account.access)
    for account in accounts:
        client.wait_for(lambda token=account.access: is_refused(other, token), what="the other server to catch up")


def test_a_refresh_token_is_redeemed_once_by_all_servers_together(make_fleet):
    fleet = make_fleet({"tokens": {"reuse_grace": "0s"}})
    servers = [fleet.add() for _ in range(3)]
    account = servers[0].register()
    answers = together(12, lambda index: servers[index % 3].try_refresh(account.refresh))
    assert {answer.status for answer in answers} == {200}, answers
    assert len({answer.data["refreshToken"] for answer in answers}) == 1, "one token, several successors"


def test_one_address_is_registered_once_by_all_servers_together(make_fleet):
    fleet = make_fleet()
    servers = [fleet.add() for _ in range(3)]
    email = new_email()
    body = {"email": email, "password": PASSWORD, "firstName": "Ada", "lastName": "Lovelace"}
    answers = together(12, lambda index: servers[index % 3].post("/api/auth/register", body))
    assert sorted(answer.status for answer in answers) == [201] + [409] * 11, answers


def test_the_last_piece_is_sold_once_by_all_servers_together(make_fleet):
    fleet = make_fleet()
    servers = [fleet.add() for _ in range(3)]
    admin = servers[0].create_admin()
    made = servers[0].post("/api/products", {"name": "Lamp", "description": "It glows", "price": 500, "currency": "EUR", "stock": 5},
                           token=admin.access)
    assert made.status == 201, made
    users = [server.register() for server in servers]
    order = {"items": [{"productId": made.data["id"], "quantity": 1}]}
    answers = together(18, lambda index: servers[index % 3].post("/api/orders", order, token=users[index % 3].access))
    assert sorted(answer.status for answer in answers) == [201] * 5 + [409] * 13, answers
    for server in servers:
        assert server.get("/api/products/" + made.data["id"], token=admin.access).data["stock"] == 0


def test_a_key_that_one_server_rotates_signs_at_all_of_them(make_fleet):
    fleet = make_fleet()
    one, other = fleet.add(), fleet.add()
    before = one.register()
    assert one.run("key", "rotate", "--now").returncode == 0

    def signs_with(server):
        return jose.decode(server.login(before.email).access)[0]["kid"]

    old = jose.decode(before.access)[0]["kid"]
    client.wait_for(lambda: signs_with(one) != old and signs_with(one) == signs_with(other), what="both to sign with the new key")
    account = one.login(before.email)
    assert other.me(account.access).status == 200
    assert other.me(before.access).status == 200, "the key before verifies until its tokens have expired"
    assert one.run("key", "retire", old).returncode == 0
    client.wait_for(lambda: other.me(before.access).status == 401, what="the retired key to be gone everywhere")


CLOSED = {"revocation": {"stale_after": "2s", "when_stale": "closed"}}
OPEN = {"revocation": {"stale_after": "2s"}}


@pytest.fixture
def own_postgres():
    server = Postgres().start()
    yield server
    server.stop()


def test_who_does_not_hear_of_revocations_refuses_tokens_where_it_is_told_to(tmp_path, upstream, own_postgres):
    routes = standard_routes() + [{"path": "/strict/**", "methods": ["GET"], "allow": "authenticated", "when_stale": "closed"}]
    fleet = Fleet(tmp_path / "fleet", upstream, own_postgres, {"services": {"echo": service(upstream.url, routes)}})
    server = fleet.add(OPEN)
    closed = fleet.add(CLOSED)
    account = server.register()
    try:
        for one in (server, closed):
            assert one.get("/private/x", token=account.access).status == 200
        own_postgres.stop()
        answer = client.wait_for(lambda: (found := closed.get("/private/x", token=account.access)).status == 503 and found,
                                 what="the closed route to refuse")
        assert answer.code == "SERVICE_UNAVAILABLE"
        client.wait_for(lambda: server.get("/strict/x", token=account.access).status == 503, what="the route that says so to refuse")
        assert server.get("/private/x", token=account.access).status == 200, "valid tokens are served while the store is away"
        assert closed.get("/health").status == 200
        own_postgres.start()
        for one in (server, closed):
            client.wait_for(lambda one=one: one.get("/strict/x", token=account.access).status == 200, what="all to be served again")
    finally:
        fleet.stop()
