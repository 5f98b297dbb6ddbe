"""merlon render postgres: what it makes is enough to run on, and nothing beyond that can be done, by whoever holds a
role's password, from wherever. On a real server, which is set up by the rendered files alone."""

import json
import socket
import ssl
import struct
import threading

import pytest

from harness import Merlon, certificate, free_port, merge, run, table
from render_kit import PASSWORD, RenderedPostgres, password_of

WHOLE = {"store": ("merlon_service", "merlon_db"), "keys": ("keys_service", "keys_db")}
SPLIT = {"store": ("auth_service", "auth_db"), "store.roles.products": ("products_service", "auth_db"),
         "store.roles.orders": ("orders_service", "orders_db"), "keys": ("keys_service", "keys_db")}


def prepared(folder, databases, has_client_certificates):
    world = RenderedPostgres(folder, databases, has_client_certificates)
    try:
        world.start()
        done, states = world.states()
        assert done.returncode == 1 and states == {"pending"}, done
        refused = world.merlon("migrate", "up")
        assert refused.returncode == 77 and "permission denied" in refused.stderr, refused
        done = world.merlon("migrate", "up", settings=world.settings(as_owner=True))
        assert done.returncode == 0, done
        world.set_up()
        yield world
    finally:
        world.stop()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """All roles in one database, and client certificates beside the passwords."""
    yield from prepared(tmp_path_factory.mktemp("whole") / "world", WHOLE, True)


@pytest.fixture(scope="module")
def split(tmp_path_factory):
    """Two roles that share a database, and one with its own."""
    yield from prepared(tmp_path_factory.mktemp("split") / "world", SPLIT, False)


@pytest.fixture
def server(whole, tmp_path, upstream):
    settings = whole.settings()
    del settings["version"]
    one = Merlon(tmp_path / "server", merge({"services": {}}, settings))
    one.start()
    yield one
    one.stop()


def test_a_server_does_everything_as_the_role_that_serves(server, whole):
    ada, admin = server.register(), server.create_admin()
    assert server.try_refresh(ada.refresh).status == 200
    made = server.post("/api/products", {"name": "Chain", "description": "of mail", "price": 100, "currency": "EUR", "stock": 5}, token=admin.access)
    assert made.status == 201, made
    ada = server.login(ada.email)
    order = server.post("/api/orders", {"items": [{"productId": made.data["id"], "quantity": 2}]}, token=ada.access)
    assert order.status == 201, order
    assert server.post(f"/api/orders/{order.data['id']}/cancel", {}, token=ada.access).status == 200
    assert server.call("PATCH", "/api/profile", json_body={"phone": "+49 30 1234567"}, token=ada.access).status == 200
    assert server.call("DELETE", f"/api/products/{made.data['id']}", token=admin.access).status == 204
    server.logout(ada.access)
    assert "REGISTERED" in server.run("audit", "tail", "-n", "100").stdout
    assert PASSWORD.encode() not in server.output()
    done, states = whole.states()
    assert done.returncode == 0 and states == {"applied"}


def test_nothing_rendered_holds_a_password(whole, split):
    for world in (whole, split):
        for name, text in world.rendered.items():
            assert PASSWORD not in text, name
        assert PASSWORD not in world.server.log()
        kinds = world.server.psql("SELECT DISTINCT left(rolpassword, 14) FROM pg_authid WHERE rolpassword IS NOT NULL").stdout.split()
        assert kinds == ["SCRAM-SHA-256$"]


def test_setting_up_again_changes_nothing(whole, split):
    for world in (whole, split):
        before = world.privileges()
        world.set_up()
        assert world.privileges() == before


@table({name: sql for name, sql in {
    "a table": "CREATE TABLE mine (id INT)", "a temporary table": "CREATE TEMPORARY TABLE mine (id INT)", "a schema": "CREATE SCHEMA mine",
    "a function": "CREATE FUNCTION f() RETURNS INT LANGUAGE SQL AS 'SELECT 1'", "a role": "CREATE ROLE mine", "a database": "CREATE DATABASE mine",
    "an extension": "CREATE EXTENSION pgcrypto", "dropping": "DROP TABLE accounts", "altering": "ALTER TABLE accounts ADD COLUMN x INT", "an index": "CREATE INDEX ON accounts (role)",
    "truncating": "TRUNCATE accounts", "dropping the database": "DROP DATABASE keys_db", "becoming the owner": "SET ROLE merlon_owner", "becoming the superuser": "SET ROLE merlon",
    "superuser": "ALTER ROLE merlon_service SUPERUSER", "a member of the owner": "GRANT merlon_owner TO merlon_service", "what has happened": "UPDATE event_outbox SET event = '{}'",
    "that it has happened": "DELETE FROM event_outbox", "a migration": "INSERT INTO schema_migrations VALUES ('auth', 99, 'x', 'x', 0, 0)", "no migration": "DELETE FROM schema_migrations",
    "a trigger": "CREATE TRIGGER t BEFORE INSERT ON accounts EXECUTE FUNCTION suppress_redundant_updates_trigger()", "the server's settings": "ALTER SYSTEM SET ssl = off",
    "a program": "COPY (SELECT 1) TO PROGRAM 'id'", "a file": "SELECT pg_read_file('/etc/passwd')", "the passwords": "SELECT rolpassword FROM pg_authid", "a sequence": "SELECT setval('event_outbox_id_seq', 1)",
    "a rule": "CREATE RULE r AS ON INSERT TO accounts DO INSTEAD NOTHING", "others' default privileges": "ALTER DEFAULT PRIVILEGES FOR ROLE merlon_owner GRANT ALL ON TABLES TO PUBLIC",
}.items()})
def test_the_role_that_serves_cannot_make_or_change(whole, row):
    done = whole.as_user("merlon_service", "merlon_db", row)
    assert done.returncode != 0, done
    assert any(words in done.stderr for words in ("permission denied", "must be owner", "must be superuser", "must have", "must be member")), done.stderr


def test_the_role_that_migrates_cannot_leave_its_database_or_drop_it(whole):
    assert "must be owner" in whole.as_user("merlon_owner", "merlon_db", "ALTER DATABASE merlon_db RENAME TO other").stderr
    assert "rejects" in whole.as_user("merlon_owner", "keys_db", "SELECT 1").stderr
    for sql in ("SET ROLE merlon", "CREATE ROLE mine", "CREATE DATABASE mine"):
        assert whole.as_user("merlon_owner", "merlon_db", sql).returncode != 0


def test_what_a_later_migration_makes_can_be_served_at_once(whole):
    assert whole.as_user("merlon_owner", "merlon_db", "CREATE TABLE later (id BIGINT GENERATED BY DEFAULT AS IDENTITY, name TEXT)").returncode == 0
    for sql in ("INSERT INTO later (name) VALUES ('a')", "UPDATE later SET name = 'b'", "SELECT * FROM later", "DELETE FROM later"):
        done = whole.as_user("merlon_service", "merlon_db", sql)
        assert done.returncode == 0, done
    assert "must be owner" in whole.as_user("merlon_service", "merlon_db", "DROP TABLE later").stderr
    assert whole.as_user("merlon_owner", "merlon_db", "DROP TABLE later").returncode == 0


@table({
    "products, accounts": ("products_service", "auth_db", "SELECT * FROM accounts", "permission denied"), "products, sessions": ("products_service", "auth_db", "DELETE FROM sessions", "permission denied"),
    "auth, stock": ("auth_service", "auth_db", "UPDATE products SET stock = 0", "permission denied"), "auth, orders": ("auth_service", "orders_db", "SELECT 1", "rejects connection"),
    "orders, accounts": ("orders_service", "auth_db", "SELECT 1", "rejects connection"), "orders, keys": ("orders_service", "keys_db", "SELECT 1", "rejects connection"),
    "auth, keys": ("auth_service", "keys_db", "SELECT 1", "rejects connection"), "keys, accounts": ("keys_service", "auth_db", "SELECT 1", "rejects connection"),
    "a database of nobody": ("auth_service", "postgres", "SELECT 1", "rejects connection"),
})
def test_no_role_reaches_another_roles_tables(split, row):
    user, database, sql, words = row
    done = split.as_user(user, database, sql)
    assert done.returncode != 0 and words in done.stderr, done


def test_each_role_has_its_own_tables(split):
    for user, database, own in (("auth_service", "auth_db", "accounts"), ("products_service", "auth_db", "products"), ("orders_service", "orders_db", "orders"),
                                ("keys_service", "keys_db", "person_keys")):
        for sql in (f"SELECT * FROM {own}", f"DELETE FROM {own}", "SELECT * FROM schema_migrations"):
            done = split.as_user(user, database, sql)
            assert done.returncode == 0, done
    # The network's file is not the only wall: the database's own privileges refuse, too.
    connect = split.server.psql("SELECT has_database_privilege('orders_service', 'auth_db', 'CONNECT'), has_database_privilege('auth_service', 'keys_db', 'CONNECT')").stdout
    assert connect.strip() == "f|f"


def test_migrate_names_the_database_of_each_role(split):
    done, states = split.states()
    assert done.returncode == 0 and states == {"applied"}
    where = {(one["role"], one["database"].rpartition("/")[2]) for one in json.loads(done.stdout)}
    assert where == {("keys", "keys_db"), ("auth", "auth_db"), ("users", "auth_db"), ("products", "auth_db"), ("orders", "orders_db"),
                     ("outbox", "auth_db"), ("outbox", "orders_db")}


def test_without_tls_nobody_gets_in(whole, split):
    for world, user, database in ((whole, "merlon_service", "merlon_db"), (split, "auth_service", "auth_db")):
        done = world.as_user(user, database, "SELECT 1", sslmode="disable", sslrootcert="", sslcert="", sslkey="")
        assert done.returncode != 0 and "rejects connection" in done.stderr and "no encryption" in done.stderr
        refused = world.merlon("migrate", "status", settings=world.settings(sslmode="disable", sslrootcert="", sslcert="", sslkey=""))
        assert refused.returncode == 69 and "no encryption" in refused.stderr, refused


def test_another_authority_than_ours_is_refused_by_us(whole):
    whole.put("other.crt", certificate(["another authority"], ca=True)[3])
    done = whole.merlon("migrate", "status", settings=whole.settings(sslrootcert=str(whole.folder / "other.crt")))
    assert done.returncode == 69 and "certificate verify failed" in done.stderr, done


def test_another_host_than_the_certificates_is_refused_by_us(whole):
    done = whole.merlon("migrate", "status", settings=whole.settings(host="127.0.0.1"))
    assert done.returncode == 69 and "does not match host name" in done.stderr, done


@table({"of a stranger's authority": ("stranger", "merlon_service", "unknown ca"), "of somebody else": ("colleague", "keys_service", "authentication failed"),
        "none": (None, None, "certificate")})
def test_another_client_certificate_is_refused_by_the_server(whole, row):
    name, common_name, said = row
    words = {"sslcert": "", "sslkey": ""}
    if name:
        whole.issue(name, common_name, certificate(["another authority"], ca=True) if name == "stranger" else None)
        words = {"sslcert": str(whole.folder / f"{name}.crt"), "sslkey": str(whole.folder / f"{name}.key")}
    settings = whole.settings()
    settings["store"]["url"] = whole.url("merlon_service", "merlon_db", **words)
    done = whole.merlon("migrate", "status", settings=settings)
    assert done.returncode == 69 and said in done.stderr, done
    if name == "colleague":  # the right password, and a good certificate
        assert '"keys_service"' in whole.server.log() or "(keys_service)" in whole.server.log()


def test_a_wrong_password_is_refused_and_shown_nowhere(whole, tmp_path):
    settings = whole.settings()
    settings["keys"]["password"] = PASSWORD + "-wrong"
    done = whole.merlon("migrate", "status", settings=settings)
    assert done.returncode == 69 and "password authentication failed" in done.stderr, done
    settings |= {"server": {"listen": f"127.0.0.1:{free_port()}", "admin": f"127.0.0.1:{free_port()}"}}
    served = whole.merlon("serve", settings=settings)
    assert served.returncode == 69 and "password authentication failed" in served.stderr, served
    shown = whole.merlon("config", "show", settings=settings)
    assert shown.returncode == 0 and "********" in shown.stdout


class Impostor:
    """Listens in the server's place. `meet(connection)` talks to whoever comes; what it was sent is in `heard`."""

    def __init__(self, meet):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.meet = meet
        self.heard = b""
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.settimeout(10)
            try:
                self.heard += connection.recv(8)  # SSLRequest
                self.meet(self, connection)
            except OSError:
                pass
            finally:
                connection.close()

    def listen(self, connection):
        while part := connection.recv(4096):
            self.heard += part

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


def tls_of(world):
    """A context with a certificate that the authority gave for the right name: somebody stole one."""
    world.issue("localhost", "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(world.folder / "localhost.crt", world.folder / "localhost.key")
    return context


@table({"in the clear": struct.pack("!cii", b"R", 8, 3), "as MD5": struct.pack("!cii4s", b"R", 12, 5, b"salt"), "not at all": struct.pack("!cii", b"R", 8, 0),
        "without the channel": b"R" + struct.pack("!ii", 8 + 15, 10) + b"SCRAM-SHA-256\0\0"})
def test_a_server_that_asks_for_the_password_otherwise_than_bound_to_the_channel_gets_nothing(split, row):
    context = tls_of(split)

    def ask(impostor, connection):
        connection.sendall(b"S")
        with context.wrap_socket(connection, server_side=True) as secure:
            impostor.heard += secure.recv(4096)  # the startup message
            secure.sendall(row)
            impostor.listen(secure)

    with Impostor(ask) as impostor:
        done = split.merlon("migrate", "status", settings=split.settings(port=impostor.port))
        assert done.returncode == 69 and "channel binding" in done.stderr, done
        assert b"keys_service" in impostor.heard, "it came as far as saying who it is"
        assert PASSWORD.encode() not in impostor.heard and b"md5" not in impostor.heard and b"SCRAM" not in impostor.heard


def test_a_man_in_the_middle_who_strips_tls_hears_nothing(split):
    def strip(impostor, connection):
        connection.sendall(b"N")
        impostor.listen(connection)

    with Impostor(strip) as impostor:
        done = split.merlon("migrate", "status", settings=split.settings(port=impostor.port))
        assert done.returncode == 69 and "does not support SSL" in done.stderr, done
        assert set(impostor.heard) == set(struct.pack("!ii", 8, 80877103)), "not even who it is"


def test_a_man_in_the_middle_with_a_stolen_certificate_cannot_pass_the_proof_on(split):
    context = tls_of(split)

    def relay(impostor, connection):
        connection.sendall(b"S")
        secure = context.wrap_socket(connection, server_side=True)
        behind = socket.create_connection(("127.0.0.1", split.server.port))
        behind.sendall(struct.pack("!ii", 8, 80877103))
        assert behind.recv(1) == b"S"
        behind = ssl._create_unverified_context().wrap_socket(behind)

        def back():
            try:
                while part := behind.recv(4096):
                    secure.sendall(part)
            except OSError:
                pass

        threading.Thread(target=back, daemon=True).start()
        while part := secure.recv(4096):
            impostor.heard += part
            behind.sendall(part)

    with Impostor(relay) as impostor:
        done = split.merlon("migrate", "status", settings=split.settings(port=impostor.port))
        assert done.returncode == 69 and "channel binding" in done.stderr, done
        assert b"SCRAM-SHA-256-PLUS" in impostor.heard and PASSWORD.encode() not in impostor.heard


def test_what_cannot_be_rendered_says_so(tmp_path):
    done = run("render", "postgres", directory=tmp_path)
    assert done.returncode == 78 and "render.no_postgres" in done.stderr and not done.stdout
    for kind in ("kubernetes", "container", "systemd"):
        done = run("render", kind, directory=tmp_path)
        assert done.returncode == 2 and "not in this version" in done.stderr
    assert run("render", "postgres", "--clients", "everywhere", directory=tmp_path).returncode == 2
    for user, database in (("a'b", "shop"), ("shop_owner", "shop"), ("a", "shop;")):
        done = run("render", "postgres", "--set", f"store.url=postgres://{user}@127.0.0.1/{database}", directory=tmp_path)
        assert done.returncode == 78 and "postgres.name" in done.stderr, done


def test_json_has_every_file(tmp_path):
    flags = ("--set", "store.url=postgres://merlon_service@127.0.0.1/merlon_db", "--json")
    shown = json.loads(run("render", "postgres", *flags, directory=tmp_path).stdout)
    assert [file["path"] for file in shown["files"]] == ["setup.sql", "passwords.sql", "pg_hba.conf", "postgresql.conf"]
    written = json.loads(run("render", "postgres", "-o", "here", *flags, directory=tmp_path).stdout)
    for file, there in zip(shown["files"], written["files"]):
        assert (tmp_path / there["path"]).read_text() == file["text"]
    assert password_of("merlon_service") not in json.dumps(shown)
