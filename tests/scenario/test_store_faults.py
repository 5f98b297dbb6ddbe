"""A store that cannot write: a clear 503, nothing acknowledged that is not kept, and no restart when it can again.

Disk full: the running server's limit of a file's size is set to nothing (prlimit), so that every write to a store fails
as on a full disk. Locked: another process holds the write lock of the database.
"""

import resource
import sqlite3

import jose
import pytest
from harness import OTHER_PASSWORD, PASSWORD, new_email, table



class DiskFull:
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


FAULTS = pytest.mark.parametrize("fault", [DiskFull, Locked], ids=["disk full", "locked"])


def assert_unavailable(answer):
    assert (answer.status, answer.code) == (503, "SERVICE_UNAVAILABLE"), answer
    for word in ("sqlite", "disk", "database", "locked", "merlon.db", "wal"):
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
