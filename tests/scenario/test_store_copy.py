"""merlon store copy: an installation moves to PostgreSQL and back, and nobody who uses it can tell."""

import ast
import json
import random
import signal
import sqlite3
import subprocess
import time

import pytest

from harness import binary, environment, run, table
from test_demo import everything, people

HERE = {"store": {"url": "sqlite:data/merlon.db"}, "keys": {"url": "sqlite:data/keys.db"}}
FROM_HERE = ("--from", "sqlite:data/merlon.db", "--keys-from", "sqlite:data/keys.db")


def rows_of(path):
    """Every row of a SQLite file, by table."""
    with sqlite3.connect(path) as database:
        tables = [name for name, in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'schema_migrations'")]
        return {name: sorted(map(repr, database.execute(f"SELECT * FROM {name}"))) for name in tables}


@pytest.fixture
def demo(launch):
    return launch(HERE, flags=["--demo"])


def move(server, changes):
    server.overrides |= changes
    server.flags = []
    server.write()


def copy(server, *flags, code=0):
    done = server.run("store", "copy", "--json", *flags)
    assert done.returncode == code, done.stderr
    return {one["table"]: one for one in json.loads(done.stdout)["tables"]} if code == 0 else done


def test_an_installation_moves_to_postgres_and_back(demo, postgres):
    mail, (password, _) = next((mail, found) for mail, found in people(demo).items() if found[1] == "user")
    user, left = demo.login(mail, password), demo.login(mail, password)
    demo.logout(left.access)
    demo.call("PATCH", "/api/profile", json_body={"phone": "+49 30 1234567"}, token=user.access)
    seen = {path: everything(demo, path, user.access) for path in ("/api/products", "/api/orders")}
    assert seen["/api/products"] and seen["/api/orders"]
    profile = demo.get("/api/profile", token=user.access).data
    demo.stop()
    before = {name: rows_of(demo.directory / f"data/{name}.db") for name in ("merlon", "keys")}

    move(demo, postgres.stores())
    copied = copy(demo, *FROM_HERE)
    assert {name: one["rows"] for name, one in copied.items()} == {
        name: len(rows) for store in before.values() for name, rows in store.items() if name != "sqlite_sequence"}
    demo.start()
    assert demo.get("/api/auth/me", token=left.access).error["code"] == "TOKEN_REVOKED"
    assert demo.get("/api/auth/me", token=user.access).status == 200
    assert {path: everything(demo, path, user.access) for path in seen} == seen
    assert demo.get("/api/profile", token=user.access).data == profile
    refreshed = demo.try_refresh(user.refresh)
    assert refreshed.status == 200 and demo.try_refresh(left.refresh).status == 401
    again = demo.login(mail, password)
    events = [line for line in demo.run("audit", "tail", "-n", "1000", "--json").stdout.splitlines()]
    assert len(events) == copied["event_outbox"]["rows"] + len(events[copied["event_outbox"]["rows"]:]) and len(events) > copied["event_outbox"]["rows"]
    demo.stop()

    stores, there = demo.overrides, {"store": {"url": "sqlite:back/merlon.db"}, "keys": {"url": "sqlite:back/keys.db", "master": "file:data/master.key"}}
    copy(demo, "--to", there["store"]["url"], "--keys-to", there["keys"]["url"])
    after = {name: rows_of(demo.directory / f"back/{name}.db") for name in ("merlon", "keys")}
    assert all(set(rows) <= set(after["keys"][name]) for name, rows in before["keys"].items())
    for name in ("products", "product_words", "product_totals", "orders", "order_lines", "profiles", "stock_taken", "accounts"):
        assert after["merlon"][name] == before["merlon"][name], name  # byte for byte
    assert set(before["merlon"]["event_outbox"]) < set(after["merlon"]["event_outbox"])
    assert stores is demo.overrides
    (demo.directory / "master").write_bytes((demo.directory / "data/master.key").read_bytes())
    (demo.directory / "back/master.key").write_bytes((demo.directory / "data/master.key").read_bytes())
    (demo.directory / "back/master.key").chmod(0o600)
    move(demo, {"store": there["store"], "keys": {"url": there["keys"]["url"]}})
    demo.start()
    assert demo.get("/api/auth/me", token=left.access).error["code"] == "TOKEN_REVOKED"
    assert demo.try_refresh(refreshed.data["refreshToken"]).status == 200 and demo.try_refresh(again.refresh).status == 200
    assert demo.login(mail, password)


def fill(server, events):
    with sqlite3.connect(server.directory / "data/merlon.db") as database:
        database.executemany("INSERT INTO event_outbox (role, happened_at, event, sealed_ip) VALUES ('gateway', ?, ?, ?)",
                             ((number, json.dumps({"n": number, "x": "é" * (number % 50)}), bytes([number % 256, 0, 255]) if number % 3 else None) for number in range(events)))
        # The last one is deleted: its number is not given again.
        database.execute("DELETE FROM event_outbox WHERE id = (SELECT max(id) FROM event_outbox)")


def start_copy(server, *flags):
    return subprocess.Popen([binary(), "store", "copy", *flags], cwd=server.directory, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def wait_for_row(postgres, database, sql):
    end = time.monotonic() + 20
    while postgres.psql(sql, database, check=False).stdout.strip() != "1":
        assert time.monotonic() < end, sql
        time.sleep(0.01)


# Killed while its rows were on their way; and between its marks on the keys' database and on the other, when a server would make a
# key of its own there. Which table of the data stops it, and whose database then has a mark.
HALVES = {"with rows": ("event_outbox", "store"), "with marks": ("schema_migrations", "keys")}


@table(HALVES)
def test_nothing_starts_on_half_of_a_copy(demo, postgres, row):
    locked, marked = row
    demo.stop()
    stores = postgres.stores()
    move(demo, stores)
    names = {section: said["url"].rpartition("/")[2] for section, said in stores.items()}
    assert demo.run("migrate", "up").returncode == 0
    holder = postgres.hold_transaction(names["store"], f"LOCK TABLE {locked} IN SHARE MODE")
    wait_for_row(postgres, names["store"], f"SELECT 1 FROM pg_locks WHERE mode = 'ShareLock' AND relation = '{locked}'::regclass")
    process = start_copy(demo, *FROM_HERE)
    wait_for_row(postgres, names[marked], "SELECT 1 FROM schema_migrations WHERE number = 1000000 LIMIT 1")
    assert process.poll() is None, process.stderr.read()
    process.kill()
    process.wait()
    holder.send_signal(signal.SIGINT)  # psql cancels; of a killed one the server would hear only later
    holder.wait()
    tried = run("serve", directory=demo.directory, timeout=20)
    assert tried.returncode == 78 and "has not come to its end" in tried.stderr, tried
    copy(demo, *FROM_HERE)
    demo.start()


def test_a_copy_that_is_killed_at_any_moment_goes_on(demo, postgres):
    demo.stop()
    fill(demo, 12_000)
    before = rows_of(demo.directory / "data/merlon.db")
    stores = postgres.stores()
    move(demo, stores)
    chance = random.Random(11)
    killed = 0
    database = stores["store"]["url"].rpartition("/")[2]
    for pause in sorted(chance.uniform(0.05, 0.35) for _ in range(12)):  # the first before a quick machine is done
        process = start_copy(demo, *FROM_HERE)
        time.sleep(pause)
        if process.poll() is not None:
            assert process.returncode == 0, process.stderr.read()
            break
        process.kill()
        process.wait()
        killed += 1
    assert killed > 1
    copy(demo, *FROM_HERE)
    for name in ("event_outbox", "accounts", "products", "product_words", "orders", "order_lines"):
        assert int(postgres.rows(f"SELECT count(*) FROM {name}", database)[0]) == len(before[name]), name
    last = next(int(last) for name, last in map(ast.literal_eval, before["sqlite_sequence"]) if name == "event_outbox")
    assert int(postgres.rows("SELECT nextval(pg_get_serial_sequence('event_outbox', 'id'))", database)[0]) == last + 1
    demo.start()


def test_a_running_server_and_a_target_with_rows_are_in_the_way(demo, postgres):
    stores = postgres.stores()
    there = ("--to", stores["store"]["url"], "--keys-to", stores["keys"]["url"])
    assert "store.in_use" in copy(demo, *there, code=1).stderr
    demo.stop()
    assert copy(demo, *there) == copy(demo, *there), "once more, it only compares"
    fill(demo, 2)
    assert "copy.not_empty" in copy(demo, *there, code=1).stderr
    before = rows_of(demo.directory / "data/merlon.db")
    with sqlite3.connect(demo.directory / "data/merlon.db") as database:
        database.execute("DELETE FROM schema_migrations WHERE role = 'auth' AND number = 5")
    assert "copy.source" in copy(demo, *there, code=1).stderr
    assert rows_of(demo.directory / "data/merlon.db") == before


def test_what_changes_while_it_is_copied_is_found(demo, postgres):
    demo.stop()
    stores = postgres.stores()
    there = ("--to", stores["store"]["url"], "--keys-to", stores["keys"]["url"])
    fill(demo, 6_000)
    process = start_copy(demo, *there)
    wait_for_row(postgres, stores["store"]["url"].rpartition("/")[2], "SELECT 1 FROM event_outbox LIMIT 1")
    with sqlite3.connect(demo.directory / "data/merlon.db", timeout=20) as source:
        source.execute("UPDATE event_outbox SET event = '{}' WHERE id = 1")
    assert process.wait(60) == 1 and "copy.differs" in process.stderr.read()


@table({"nothing said": ((), 2, "copy.nothing"), "the same": (("--to", "sqlite:data/merlon.db"), 2, "copy.nothing"), "no url": (("--to", "mysql://a@b/c"), 2, "config.url"),
        "a password": (("--to", "postgres://a:secret@127.0.0.1/c"), 2, "config.url"), "no source": (("--to", "sqlite:new/merlon.db"), 1, "copy.source"),
        "nobody there": (("--to", "postgres://merlon@127.0.0.1:1/c"), 1, "copy.source")})
def test_an_order_that_cannot_be_carried_out_says_why(tmp_path, row):
    flags, code, rule = row
    done = run("store", "copy", *flags, directory=tmp_path)
    assert done.returncode == code and rule in done.stderr and "secret" not in done.stderr, done


SPLIT_TABLES = ("users", "products", "orders")


def seen_by(server, user):
    return [everything(server, path, user.access) for path in ("/api/products", "/api/orders")] + [server.get("/api/profile", token=user.access).data]


def test_roles_move_into_databases_of_their_own_and_back(demo, postgres):
    mail, (password, _) = next((mail, found) for mail, found in people(demo).items() if found[1] == "user")
    user = demo.login(mail, password)
    assert demo.call("PATCH", "/api/profile", json_body={"phone": "+49 30 1234567"}, token=user.access).status == 200
    before, events = seen_by(demo, user), demo.run("audit", "tail", "-n", "1000", "--json").stdout
    demo.stop()
    rows = rows_of(demo.directory / "data/merlon.db")

    stores = postgres.stores()
    stores["store"]["roles"] = {role: {"url": postgres.url(postgres.make_database())} for role in SPLIT_TABLES}
    move(demo, stores)
    copied = copy(demo, *FROM_HERE)
    assert {name: len(rows[name]) for name in rows if name != "sqlite_sequence"}.items() <= {name: one["rows"] for name, one in copied.items()}.items()
    assert copied == copy(demo, *FROM_HERE), "once more, it only compares"
    for role, own in (("users", "profiles"), ("products", "products"), ("orders", "orders")):
        database = stores["store"]["roles"][role]["url"].rpartition("/")[2]
        assert int(postgres.rows(f"SELECT count(*) FROM {own}", database)[0]) == len(rows[own])
        assert postgres.rows("SELECT count(*) FROM event_outbox", database) == ["0"], "events stay with auth's"
        assert postgres.rows("SELECT 1 FROM pg_tables WHERE tablename = 'accounts'", database) == []
    demo.start()
    assert seen_by(demo, user) == before and demo.run("audit", "tail", "-n", "1000", "--json").stdout == events
    product = next(one for one in before[0] if one["stock"] > 0)
    assert demo.post("/api/orders", {"items": [{"productId": product["id"], "quantity": 1}]}, token=user.access).status == 201
    after = seen_by(demo, user)
    demo.stop()

    copy(demo, "--to", "sqlite:back/merlon.db", "--keys-to", "sqlite:back/keys.db")
    (demo.directory / "back/master.key").write_bytes((demo.directory / "data/master.key").read_bytes())
    (demo.directory / "back/master.key").chmod(0o600)
    move(demo, {"store": {"url": "sqlite:back/merlon.db"}, "keys": {"url": "sqlite:back/keys.db"}})
    demo.start()
    assert seen_by(demo, user) == after


def test_one_role_moves_out_of_a_store_that_stays(demo):
    mail, (password, _) = next((mail, found) for mail, found in people(demo).items() if found[1] == "user")
    user = demo.login(mail, password)
    before = seen_by(demo, user)
    demo.stop()
    move(demo, {"store": {"url": "sqlite:data/merlon.db", "roles": {"orders": {"url": "sqlite:data/orders.db"}}}, "keys": HERE["keys"]})
    assert set(copy(demo, "--from", "sqlite:data/merlon.db")) == {"orders", "order_lines", "order_totals", "order_changes", "order_repeats"}
    demo.start()
    assert seen_by(demo, user) == before
    product = next(one for one in before[0] if one["stock"] > 0)
    assert demo.post("/api/orders", {"items": [{"productId": product["id"], "quantity": 1}]}, token=user.access).status == 201
    demo.stop()
    assert "copy.not_empty" in copy(demo, "--to", "sqlite:data/merlon.db", code=1).stderr, "the old ones are there still"


def test_events_of_two_databases_are_not_put_into_one(launch):
    server = launch(HERE | {"store": {"url": "sqlite:data/merlon.db", "roles": {"gateway": {"url": "sqlite:data/refusals.db"}}}})
    server.register()
    server.stop()
    with sqlite3.connect(server.directory / "data/refusals.db") as database:
        database.execute("INSERT INTO event_outbox (role, happened_at, event) VALUES ('gateway', 1, '{}')")
    done = copy(server, "--to", "sqlite:back/merlon.db", code=1)
    assert "copy.events" in done.stderr and "data/refusals.db" in done.stderr, done
