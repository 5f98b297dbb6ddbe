"""store.roles: a role's tables are in the database that it says, nowhere else, and nobody who uses the installation can tell."""

import concurrent.futures
import json
import pathlib
import sqlite3
import uuid

import pytest

import client
from apart import MASTER, Apart, make_certificates
from backup_load import elsewhere
from fault_load import TABLES
from harness import Merlon, free_port, table
from render_kit import PASSWORD, RenderedPostgres
from test_audit_tail import Follower, events
from test_demo import ADMIN, everything

OWN = {"auth": {"accounts", "sessions"}, "users": {"profiles"}, "products": {"products", "stock_taken"},
       "orders": {"orders", "order_lines"}, "gateway": set()}  # some of each role's tables


def in_files(roles):
    return {"store": {"roles": {role: {"url": f"sqlite:data/{role}.db"} for role in roles}}}


APART = {"all": TABLES, "orders": ("orders",), "all but the gateway's refusals": TABLES[:-1], "auth": ("auth",)}


def tables_in(path):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        return {name for name, in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}


def stores_of(server):
    """By the names under which they are watched; all of them answer."""
    up = {name: value for name, value in server.metrics().items() if name.startswith("merlon_store_up")}
    assert set(up.values()) == {1}, up
    return {name.split('"')[1] for name in up}


def use(server, admin):
    """Everything that a shop is there for; the customer, and what is left of a product of five."""
    ada = server.register()
    assert server.try_refresh(ada.refresh).status == 200
    made = server.post("/api/products", {"name": "Chain", "description": "of mail", "price": 100, "currency": "EUR", "stock": 5}, token=admin.access)
    assert made.status == 201, made
    ada = server.login(ada.email)
    assert made.data["id"] in [one["id"] for one in server.get("/api/products", token=ada.access).data]
    orders = [server.post("/api/orders", {"items": [{"productId": made.data["id"], "quantity": 2}]}, token=ada.access) for _ in range(3)]
    assert [order.status for order in orders] == [201, 201, 409], orders
    assert server.post(f"/api/orders/{orders[0].data['id']}/cancel", {}, token=ada.access).status == 200
    assert server.get("/api/products/" + made.data["id"], token=ada.access).data["stock"] == 3
    assert server.call("PATCH", "/api/profile", json_body={"phone": "+49 30 1234567", "firstName": "Augusta"}, token=ada.access).status == 200
    assert server.get("/api/users", token=ada.access).status == 403
    left = server.login(ada.email)
    server.logout(left.access)
    assert server.me(left.access).code == "TOKEN_REVOKED"
    return ada, left, made.data["id"]


def look_again(server, ada, left, product):
    """After a start: all of it is there."""
    assert server.me(ada.access).status == 200 and server.me(left.access).code == "TOKEN_REVOKED"
    assert [order["status"] for order in server.get("/api/orders", token=ada.access).data] == ["confirmed", "cancelled"]
    assert server.get("/api/products/" + product, token=ada.access).data["stock"] == 3
    profile = server.get("/api/profile", token=ada.access).data
    assert (profile["phone"], profile["firstName"]) == ("+49 30 1234567", "Augusta")


@table(APART)
def test_each_roles_tables_are_in_its_own_file_and_nowhere_else(launch, row):
    server = launch(in_files(row))
    seen = use(server, server.create_admin())
    server.restart()
    look_again(server, *seen)
    where = {role: f"{role if role in row else 'merlon'}.db" for role in TABLES}
    files = {path.name for path in (server.directory / "data").glob("*.db")}
    assert files == {"keys.db"} | set(where.values())
    for file in set(where.values()):
        there = tables_in(server.directory / "data" / file)
        assert "event_outbox" in there, "in every database that a role writes to"
        for role, own in OWN.items():
            assert own <= there if where[role] == file else not own & there, (file, role)
    states = json.loads(server.run("migrate", "status", "--json").stdout)
    assert {one["state"] for one in states} == {"applied"}
    assert {one["database"] for one in states if one["role"] != "keys"} == {f"sqlite:data/{file}" for file in where.values()}


def test_nothing_is_said_against_it_and_every_database_is_watched(launch):
    server = launch(in_files(("orders", "users")))
    assert "store.roles" not in server.stderr_text()
    assert stores_of(server) == {"data", "keys", "users", "orders"}


def test_roles_that_name_the_same_file_share_it(launch):
    """However they spell it: two writers of one file would wait for each other."""
    server = launch({"store": {"roles": {"orders": {"url": "sqlite:data/shop.db"}, "products": {"url": "sqlite:./data/../data/shop.db"}}}})
    use(server, server.create_admin())
    assert stores_of(server) == {"data", "keys", "products"}
    assert OWN["orders"] | OWN["products"] <= tables_in(server.directory / "data/shop.db")


def test_what_migrate_up_made_is_what_serve_uses(launch):
    server = launch(in_files(TABLES), ready=False)
    server.kill()
    assert server.run("migrate", "up").returncode == 0
    server.start()
    use(server, server.create_admin())


def test_events_are_told_as_one_list_wherever_they_are(launch):
    """Those of changes are auth's, refusals the gateway's."""
    server = launch(in_files(TABLES))
    with Follower(server, "--json", "-n", "1") as follower:
        ada = server.register()
        assert server.get("/api/users", token=ada.access).status == 403
        client.wait_for(lambda: "UNAUTHORIZED_ACCESS" in "".join(follower.lines), what="the refusal")
        server.logout(ada.access)
        client.wait_for(lambda: "LOGOUT" in "".join(follower.lines), what="the sign-out")
        server.restart()
        server.login(ada.email)
        client.wait_for(lambda: '"LOGIN"' in "".join(follower.lines), what="the sign-in after a restart")
        told = [json.loads(line)["type"] for line in follower.lines if ada.id in line]
        assert sorted(told) == ["LOGIN", "LOGOUT", "REGISTERED", "UNAUTHORIZED_ACCESS"], "each of them once"
    beside = events(server, "-n", "1000")
    assert [one["timestamp"] for one in beside] == sorted(one["timestamp"] for one in beside)
    assert events(server, "-n", "2") == beside[-2:]
    assert events(server, "--type", "UNAUTHORIZED_ACCESS")[0]["userId"] == ada.id
    server.stop()
    assert events(server, "-n", "1000") == beside, "and without a server"


def test_the_demo_fills_all_of_them(launch):
    server = launch(in_files(TABLES), flags=["--demo"])
    admin = server.login(*ADMIN.search(server.stderr_text()).groups()).access
    assert [len(everything(server, path, admin)) for path in ("/api/products", "/api/orders", "/api/users")] == [50, 60, 4]
    server.restart()
    assert "nothing was changed" in server.stderr_text()


def test_tables_that_are_left_behind_are_missed(launch):
    server = launch()
    seen = use(server, server.create_admin())
    server.stop()
    for role in ("auth", "orders"):
        server.write(in_files((role,)))
        server.start(ready=False)
        assert server.wait() == 78 and f"sqlite:data/{role}.db" in server.stderr_text() and "store copy" in server.stderr_text(), server.stderr_text()
    assert server.run("store", "copy", "--from", "sqlite:data/merlon.db").returncode == 0
    server.start()
    look_again(server, *seen)
    assert stores_of(server) == {"data", "keys", "orders"}


def test_accounts_that_nobody_moved_are_missed_also_where_all_is_elsewhere(launch):
    """Nothing is in store.url any more, so nobody looks there; the keys say that there were people."""
    server = launch()
    server.register()
    server.stop()
    server.write(in_files(TABLES))
    server.start(ready=False)
    assert server.wait() == 78 and "sqlite:data/auth.db" in server.stderr_text(), server.stderr_text()


def test_a_role_alone_opens_its_own_database_and_no_other(tmp_path):
    """The others' are nowhere to be reached, and nobody asks."""
    make_certificates(tmp_path, ("orders",))
    nowhere = {"url": "postgres://nobody@127.0.0.1:1/nothing"}
    server = Merlon(tmp_path / "orders", in_files(("orders",)) | {"fleet": {"certificates": str(tmp_path / "pki"), "orders": {"listen": f"127.0.0.1:{free_port()}"}}},
                    flags=["--role", "orders"])
    server.overrides["store"] |= nowhere
    server.overrides["store"]["roles"] |= {role: nowhere for role in ("auth", "users", "products", "gateway")}
    server.overrides["keys"] = nowhere
    server.start()
    assert [path.name for path in (server.directory / "data").glob("*.db")] == ["orders.db"]
    assert stores_of(server) == {"orders"}
    server.stop()


def on_postgres(postgres, roles):
    own = {role: {"url": postgres.url(postgres.make_database())} for role in roles}
    return {"keys": {"url": postgres.url(postgres.make_database())}, "store": {"roles": own}}


def test_roles_in_processes_of_their_own_have_databases_of_their_own(tmp_path, upstream, postgres):
    fleet = Apart(tmp_path / "apart", upstream, None, on_postgres(postgres, TABLES)).start()
    try:
        done = fleet.auth.run("user", "create", "--email", "root@example.com", "--first-name", "Grace", "--last-name", "Hopper", "--role", "admin",
                              "--password-stdin", stdin="Horse$Battery9\n")
        assert done.returncode == 0, done
        seen = use(fleet.gateway, fleet.gateway.login("root@example.com"))
        for role in TABLES[1:-1]:
            fleet.servers[role][0].restart()
        look_again(fleet.gateway, *seen)
        databases = {role: own["url"].rpartition("/")[2] for role, own in fleet.config["store"]["roles"].items()}
        for role, database in databases.items():
            there = set(postgres.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", database))
            assert all((own <= there) if other == role else not own & there for other, own in OWN.items() if own), (role, there)
        # A refusal goes from the gateway over auth into the gateway's database, and is told there.
        client.wait_for(lambda: "UNAUTHORIZED_ACCESS" in fleet.auth.run("audit", "tail").stdout, what="the refusal")
        assert postgres.rows("SELECT DISTINCT role FROM event_outbox", databases["gateway"]) == ["gateway"]
        assert postgres.rows("SELECT DISTINCT role FROM event_outbox", databases["auth"]) == ["auth"]
        for role in TABLES[:-1]:
            server = fleet.servers[role][0]
            own = {"auth": {"auth", "gateway", "keys"}, "users": {"users", "keys"}}.get(role, {role})
            assert stores_of(server) == own
            assert not (server.directory / "data/merlon.db").exists()
    finally:
        fleet.stop()


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """A real server that was set up by `merlon render postgres` alone: every role in a database of its own, but for two which share one."""
    databases = {"store": ("gateway_service", "gateway_db"), "keys": ("keys_service", "keys_db")}
    for role, database in (("auth", "auth_db"), ("users", "users_db"), ("products", "shop_db"), ("orders", "shop_db")):
        databases[f"store.roles.{role}"] = (f"{role}_service", database)
    world = RenderedPostgres(tmp_path_factory.mktemp("rendered") / "world", databases, False)
    try:
        world.start()
        done = world.merlon("migrate", "up", settings=world.settings(as_owner=True))
        assert done.returncode == 0, done
        world.set_up()
        yield world
    finally:
        world.stop()


@pytest.fixture(scope="module")
def served(rendered, tmp_path_factory):
    settings = rendered.settings()
    del settings["version"]
    server = Merlon(tmp_path_factory.mktemp("served"), settings | {"services": {}})
    server.start()
    yield server
    server.stop()


def test_users_of_least_privilege_are_enough_to_serve(served, rendered):
    before = rendered.privileges()
    seen = use(served, served.create_admin())
    client.wait_for(lambda: "UNAUTHORIZED_ACCESS" in served.run("audit", "tail").stdout, what="the refusal")
    assert {"REGISTERED", "LOGOUT"} <= {one["type"] for one in events(served, "-n", "1000")}
    served.restart()
    look_again(served, *seen)
    served.stop()
    assert "UNAUTHORIZED_ACCESS" in served.run("audit", "tail").stdout, "also without a server"
    served.start()
    done, states = rendered.states()
    assert done.returncode == 0 and states == {"applied"} and rendered.privileges() == before
    assert stores_of(served) == {"data", "auth", "users", "products", "orders", "keys"}
    for user, database, of_another in (("orders_service", "shop_db", "products"), ("products_service", "shop_db", "orders"), ("auth_service", "auth_db", "profiles")):
        assert rendered.as_user(user, database, f"SELECT * FROM {of_another}").returncode != 0
    assert PASSWORD.encode() not in served.output()


def test_users_of_least_privilege_are_enough_to_back_up(served, rendered, tmp_path):
    """Each reads its own tables, and holds the writers of its own off for the moment of the snapshots."""
    seen = use(served, served.create_admin())
    done = served.run("store", "backup", "--data", tmp_path / "d", "--keys", tmp_path / "k", "--json")
    assert done.returncode == 0, done
    made = json.loads(done.stdout)
    names = {path.name for path in pathlib.Path(made["data"]["folder"]).iterdir()}
    assert names == {"data.db", "auth.db", "users.db", "products.db", "manifest.json"}, "a file for each database"
    there = elsewhere(tmp_path / "there", served.directory / "data/master.key")
    done = there.run("store", "restore", "--data", made["data"]["folder"], "--keys", made["keys"]["folder"])
    assert done.returncode == 1 and "copy.events" in done.stderr, "two of them have events"
    shared = [role for role in TABLES if role in ("products", "orders")]
    there.write({"store": {"roles": {role: {"url": f"sqlite:data/{'shop' if role in shared else role}.db"} for role in TABLES}}})
    done = there.run("store", "restore", "--data", made["data"]["folder"], "--keys", made["keys"]["folder"])
    assert done.returncode == 0, done
    there.start()
    look_again(there, *seen)
    there.stop()


def test_a_kill_between_an_order_and_its_stock_loses_neither(served, rendered):
    """Each order is sent again with its key after the kill: whatever was done already is found."""
    stock, count = 400, 60
    admin = served.create_admin()
    product = served.post("/api/products", {"name": "Lamp", "price": 1, "currency": "EUR", "stock": stock}, token=admin.access).data["id"]
    ada = served.register()
    acknowledged = {}

    def order(key):
        try:
            answer = served.post("/api/orders", {"items": [{"productId": product, "quantity": 1}]}, token=ada.access, headers={"Idempotency-Key": key})
        except OSError:
            return
        assert answer.status in (201, 503), answer
        if answer.status == 201:
            assert acknowledged.setdefault(key, answer.data["id"]) == answer.data["id"], "one order a key"

    keys = [str(uuid.uuid4()) for _ in range(count)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(order, key) for key in keys]
        client.wait_for(lambda: len(acknowledged) > count // 4, what="some orders")
        served.kill()
        for one in asked:
            one.result()
    assert len(acknowledged) < count, "the kill came too late"
    served.start()
    for key in keys:
        order(key)
    assert len(acknowledged) == count
    owner = rendered.server
    assert owner.rows(f"SELECT status, count(*) FROM orders WHERE user_id = '{ada.id}' GROUP BY 1", "shop_db") == [f"1|{count}"]
    assert owner.rows(f"SELECT stock FROM products WHERE id = '{product}'", "shop_db") == [str(stock - count)]
    assert served.get("/api/products/" + product, token=ada.access).data["stock"] == stock - count
