"""A resolver that does not answer: nobody waits for it longer than for a connection, and no restart is needed when it does again."""

import client
from harness import service, standard_routes
from name_server import NameServer

NEVER_MS = 120_000  # longer than any test waits


def test_an_upstream_whose_name_is_not_answered_is_a_504(launch, upstream):
    with NameServer() as names:
        names.is_silent = True
        names.records["shop.example"] = (["127.0.0.1"], 60)
        server = launch({"server": {"dns_servers": [names.address]}, "services": {"echo": service(f"http://shop.example:{upstream.port}", standard_routes())}})
        answer = server.get("/open/x", timeout=60)
        assert (answer.status, answer.code) == (504, "GATEWAY_TIMEOUT")
        assert server.is_ready() and server.get("/api/nothing").status == 404, "others are served meanwhile"
        names.is_silent = False
        client.wait_for(lambda: server.get("/open/x").status == 200, what="the upstream")


def test_a_database_whose_name_is_not_answered_is_away_and_comes_back(launch, postgres):
    stores = {section: {"url": said["url"].replace("127.0.0.1", "localhost"), "pool": {"connect": "300ms", "min": 1, "idle": "1s"}}
              for section, said in postgres.stores().items()}
    server = launch(stores, machine={})
    account = server.register()
    server.machine.lookup_delay_ms = NEVER_MS
    name = stores["store"]["url"].rpartition("/")[2]
    postgres.psql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    client.wait_for(lambda: server.try_login(account.email, account.password, timeout=60).status == 503, what="a 503")
    server.machine.lookup_delay_ms = 0
    client.wait_for(lambda: server.try_login(account.email, account.password).status == 200, what="the database")
