"""A store that cannot write: a clear 503, nothing acknowledged that is not kept, and no restart when it can again.

Disk full and read-only: so the machine's disk answers from then on. Size limit: the running server's limit of a file's size is
nothing (prlimit). Locked: another process holds the write lock of the database.
"""

import errno
import resource
import shutil
import sqlite3
import uuid

import client
import jose
import pytest
from harness import OTHER_PASSWORD, PASSWORD, new_email, table


@pytest.fixture
def launch(launch):
    return lambda config=None: launch(config, machine={})


class DiskError:
    error = None

    def __init__(self, server):
        self.machine = server.machine

    def __enter__(self):
        self.machine.disk_error = self.error

    def __exit__(self, *_):
        self.machine.disk_error = 0


class DiskFull(DiskError):
    error = errno.ENOSPC


class ReadOnly(DiskError):
    error = errno.EROFS


class SizeLimit:
    def __init__(self, server):
        self.server = server

    def __enter__(self):
        resource.prlimit(self.server.process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))

    def __exit__(self, *_):
        resource.prlimit(self.server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


class Locked:
    def __init__(self, server):
        self.database = sqlite3.connect(server.directory / "data/merlon.db", isolation_level=None)

    def __enter__(self):
        self.database.execute("BEGIN IMMEDIATE")

    def __exit__(self, *_):
        self.database.execute("ROLLBACK")
        self.database.close()


DISK_FAULTS = pytest.mark.parametrize("fault", [DiskFull, ReadOnly, SizeLimit], ids=["disk full", "read-only", "size limit"])
FAULTS = pytest.mark.parametrize("fault", [DiskFull, ReadOnly, SizeLimit, Locked], ids=["disk full", "read-only", "size limit", "locked"])


def assert_unavailable(answer):
    assert (answer.status, answer.code) == (503, "SERVICE_UNAVAILABLE"), answer
    for word in ("sqlite", "disk", "database", "locked", "merlon.db", "wal", "read-only", "space"):
        assert word not in answer.text.lower(), answer.text


def rows(server, table):
    database = sqlite3.connect(f"file:{server.directory}/data/merlon.db?mode=ro", uri=True)
    try:
        return database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    finally:
        database.close()


@FAULTS
def test_a_registration_that_cannot_be_stored_is_503_and_leaves_no_account(launch, fault):
    server = launch()
    email = new_email()
    form = {"email": email, "password": PASSWORD, "firstName": "Ada", "lastName": "Lovelace"}
    before = rows(server, "accounts")
    with fault(server):
        assert_unavailable(server.post("/api/auth/register", form))
    assert server.try_login(email, PASSWORD).code == "INVALID_CREDENTIALS"
    assert rows(server, "accounts") == before
    assert server.post("/api/auth/register", form).status == 201, "it needs a restart to go on"
    server.restart()
    assert server.try_login(email, PASSWORD).status == 200


@FAULTS
@table({
    "logout": lambda server, one: server.post("/api/auth/logout", {}, token=one.access),
    "logout-all": lambda server, one: server.post("/api/auth/logout-all", token=one.access),
    "end of a session": lambda server, one: server.call("DELETE", f"/api/auth/sessions/{jose.decode(one.access)[1]['sid']}", token=one.access),
})
def test_a_revocation_that_cannot_be_stored_is_503_never_a_success(launch, fault, row):
    """Fosite CVE-2020-15223."""
    server = launch()
    account = server.register()
    with fault(server):
        assert_unavailable(row(server, account))
    assert server.me(account.access).status == 200, "half ended: refused now, good again after a restart"
    assert row(server, account).status == 204
    server.restart()
    assert server.me(account.access).code == "TOKEN_REVOKED"


@FAULTS
def test_a_password_that_cannot_be_stored_is_503_and_stays_the_old_one(launch, fault):
    server = launch()
    account = server.register()
    other = account.login()
    form = {"currentPassword": PASSWORD, "newPassword": OTHER_PASSWORD}
    with fault(server):
        assert_unavailable(server.post("/api/auth/password", form, token=account.access))
    assert server.try_login(account.email, OTHER_PASSWORD).code == "INVALID_CREDENTIALS"
    assert server.try_login(account.email, PASSWORD).status == 200
    assert server.me(other.access).status == 200


@FAULTS
def test_a_login_or_refresh_that_cannot_be_stored_is_503_and_costs_no_session(launch, fault):
    server = launch()
    account = server.register()
    with fault(server):
        assert_unavailable(server.try_login(account.email, PASSWORD))
        assert_unavailable(server.try_refresh(account.refresh))
    again = server.try_refresh(account.refresh)
    assert again.status == 200, "a refresh that failed used the token up"
    assert server.try_refresh(again.data["refreshToken"]).status == 200


@DISK_FAULTS
def test_readiness_names_the_store_that_refuses_writes(launch, fault):
    server = launch()
    stores = server.admin("/readyz?verbose").json()["stores"]
    assert stores and all(store["up"] and "failure" not in store for store in stores)
    with fault(server):
        assert_unavailable(server.post("/api/auth/register", {"email": new_email(), "password": PASSWORD, "firstName": "Ada", "lastName": "Lovelace"}))
        client.wait_for(lambda: any("failure" in store for store in server.admin("/readyz?verbose").json()["stores"]),
                        every=0.5, what="a store's failure")
        failing = [store for store in server.admin("/readyz?verbose").json()["stores"] if "failure" in store]
        assert all(store["up"] and ".db" in store["failure"] for store in failing), failing
        assert server.admin("/readyz").json() == {"status": "ok"}


def test_wrong_guesses_stay_counted_while_the_store_is_full(launch):
    """The count must not share the fate of a transaction (Vikunja CVE-2026-35597)."""
    server = launch()
    account = server.register()
    with DiskFull(server):
        statuses = [server.try_login(account.email, f"Wrong$Guess{guess}").status for guess in range(30)]
    assert set(statuses) == {401, 429} and statuses.count(401) <= 10, statuses
    assert server.try_login(account.email, PASSWORD).status == 429


@FAULTS
def test_requests_that_need_no_write_go_on(launch, upstream, fault):
    server = launch()
    account = server.register()
    with fault(server):
        for _ in range(20):
            assert server.get("/private/x", token=account.access).status == 200
            assert server.get("/open/x").status == 200
            assert server.me(account.access).status == 200
    assert server.is_running()


DESK = {"name": "Desk", "price": 100, "currency": "EUR", "stock": 5}
KEY = {"Idempotency-Key": str(uuid.UUID(int=7))}


class Shop:
    """Something of everything that can be changed, and how it looks."""

    def __init__(self, server):
        self.server = server
        self.admin, self.user = server.create_admin(), server.register()
        self.desk = server.post("/api/products", DESK, token=self.admin.access).data["id"]
        self.order = self.make_order().data["id"]

    def make_order(self, **more):
        return self.server.post("/api/orders", {"items": [{"productId": self.desk, "quantity": 1}]}, token=self.user.access, **more)

    def patch_user(self, change):
        return self.server.call("PATCH", "/api/users/" + self.user.id, json_body=change, token=self.admin.access)

    def looks(self):
        return [self.server.get(path, token=self.admin.access).json() for path in
                (f"/api/users/{self.user.id}", "/api/products", "/api/orders", "/.well-known/jwks.json")] + [
                    self.server.get("/api/profile", token=self.user.access).json()]


CHANGES = {
    "a profile": (lambda shop: shop.server.call("PATCH", "/api/profile", json_body={"firstName": "Grace", "ssn": "123-45-6789"}, token=shop.user.access), 200),
    "an order": (lambda shop: shop.make_order(headers=KEY), 201),
    "a cancelled order": (lambda shop: shop.server.post(f"/api/orders/{shop.order}/cancel", token=shop.user.access), 200),
    "its stock": (lambda shop: shop.server.call("PUT", "/api/products/" + shop.desk, json_body={**DESK, "stock": 9}, token=shop.admin.access), 200),
    "its end": (lambda shop: shop.server.call("DELETE", "/api/products/" + shop.desk, token=shop.admin.access), 204),
    "a product": (lambda shop: shop.server.post("/api/products", DESK, token=shop.admin.access), 201),
    "a user": (lambda shop: shop.server.post("/api/users", {"email": "new@example.com", "password": PASSWORD, "firstName": "Ada", "lastName": "Lovelace", "role": "user"}, token=shop.admin.access), 201),
    "another role": (lambda shop: shop.patch_user({"role": "moderator"}), 200),
    "a lock": (lambda shop: shop.patch_user({"locked": True}), 200),
}


@DISK_FAULTS
def test_a_change_that_cannot_be_stored_is_503_and_is_made_once_when_there_is_room_again(launch, fault):
    server = launch()
    shop = Shop(server)
    before = shop.looks()
    with fault(server):
        for change, _ in CHANGES.values():
            assert_unavailable(change(shop))
        assert server.run("key", "rotate").returncode != 0
    assert shop.looks() == before
    for change, status in CHANGES.values():
        assert change(shop).status == status, "it needs a restart to go on"
    after = shop.looks()
    assert after != before
    server.restart()
    assert shop.looks() == after
    assert server.get("/api/orders", token=shop.admin.access).json()["meta"]["total"] == 2
    stored = server.run("audit", "tail", "-n", "1000", "--json").stdout
    assert [stored.count(kind) for kind in ("ROLE_CHANGED", "ACCOUNT_LOCKED", "KEY_ROTATED")] == [1, 1, 0]


@pytest.mark.parametrize("fault", [DiskFull, ReadOnly])
def test_the_log_names_the_file_and_the_server_stays_ready(launch, fault):
    server = launch()
    with fault(server):
        for _ in range(5):
            assert_unavailable(server.post("/api/auth/register", {"email": new_email(), "password": PASSWORD, "firstName": "Ada", "lastName": "Lovelace"}))
        client.wait_for(lambda: "merlon: store: data/" in server.stderr_text(), what="a line about the store")
        assert server.is_ready()
    assert server.stderr_text().count("merlon: store:") <= 3, "a line a failure, not a line a request"


@table({
    "the keys": ({"store": {"url": "sqlite:other/merlon.db"}, "keys": {"url": "sqlite:data/keys.db"}}, "*", "data/keys.db"),
    "the data": ({"keys": {"url": "sqlite:other/keys.db"}}, "merlon.db*", "data/merlon.db"),
    "what is there": ({}, "", "data/"),
})
def test_a_start_on_a_full_disk_names_the_file_and_says_what_to_do(launch, row):
    config, missing, named = row
    server = launch(config)
    server.stop()
    for path in (server.directory / "data").glob(missing or "no file"):
        path.unlink()
    shutil.rmtree(server.directory / "other", ignore_errors=True)
    server.machine.disk_error = errno.ENOSPC
    server.start(ready=False)
    assert server.wait() == 69
    said = [line for line in server.stderr_text().splitlines() if "full" in line]
    assert len(said) == 1 and named in said[0] and "the disk is full: make room" in said[0], server.stderr_text()
    server.machine.disk_error = 0
    server.start()
