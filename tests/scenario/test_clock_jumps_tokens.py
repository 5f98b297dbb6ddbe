"""The wall clock jumps by an hour, forward, back, and over a restart: no token lives for ever, and what ended stays so.

The wall clock decides what is written down for others: `iat` and `exp`. A token from the future is refused until its time
comes, also by who has verified it before; its client refreshes and goes on. So a jump back gives no token more than the
jump, and none an hour at a stretch.
"""

import sqlite3
import time

import jose
import pytest
from harness import OTHER_PASSWORD, PASSWORD, table

HOUR_S = 3600
MOMENT_S = 2.5  # in which the server has looked after what expires, twice
JUMPS = table({"forward": HOUR_S, "back": -HOUR_S})


@pytest.fixture
def start(launch):
    return lambda config=None: launch(config, machine={})


def test_a_token_is_good_between_its_times_and_nowhere_else_whoever_has_seen_it_before(start):
    server = start()
    account = server.register()
    assert server.me(account.access).status == 200, "verified once, and kept"
    for offset_s, answer in ((-HOUR_S, "INVALID_TOKEN"), (HOUR_S, "TOKEN_EXPIRED"), (0, None), (800, None), (1000, "TOKEN_EXPIRED"), (-60, "INVALID_TOKEN")):
        server.jump_clock(offset_s)
        for _ in range(2):
            got = server.me(account.access)
            assert got.status == 200 if answer is None else got.code == answer, (offset_s, got)


@JUMPS
@pytest.mark.parametrize("restart", [False, True], ids=["running", "restarted"])
def test_sessions_go_on_by_their_refresh_tokens(start, row, restart):
    server = start()
    account = server.register()
    server.jump_clock(row, restart)
    refreshed = server.try_refresh(account.refresh)
    assert refreshed.status == 200
    assert server.me(refreshed.data["accessToken"]).status == 200
    assert server.me(server.register().access).status == server.me(account.login().access).status == 200
    server.jump_clock(0, restart)
    assert server.try_refresh(refreshed.data["refreshToken"]).status == 200


@JUMPS
def test_a_lost_answer_costs_no_session_and_a_used_successor_makes_a_reuse_whatever_the_clock_does(start, row):
    server = start({"tokens": {"reuse_grace": "2s"}})
    account = server.register()
    successor = server.try_refresh(account.refresh).data["refreshToken"]
    server.jump_clock(row)
    assert server.try_refresh(account.refresh).data["refreshToken"] == successor
    assert server.try_refresh(successor).status == 200
    assert server.try_refresh(account.refresh).code == "INVALID_REFRESH_TOKEN"


def test_a_session_that_has_run_out_by_a_forward_jump_is_over(start):
    server = start({"tokens": {"refresh_ttl": "30m"}})
    account = server.register()
    server.jump_clock(HOUR_S)
    assert server.try_refresh(account.refresh).code == "INVALID_REFRESH_TOKEN"


@JUMPS
@pytest.mark.parametrize("command", [["rotate"], ["rotate", "--now"]], ids=["published", "at once"])
def test_tokens_are_signed_and_verified_after_a_rotation(start, row, command):
    server = start()
    account = server.register()
    assert server.run("key", *command).returncode == 0
    for restart in (False, True):
        server.jump_clock(row, restart)
        assert server.me(account.login().access).status == 200
        server.jump_clock(0, restart)
        assert server.me(account.login().access).status == server.me(account.access).status == 200


def new_session(server, account):
    """One that is good at the jumped time."""
    return server.login(account.email, account.password)


ENDS = {
    "logout": lambda server, account: server.post("/api/auth/logout", {}, token=server.try_refresh(account.refresh).data["accessToken"]),
    "end of a session": lambda server, account: server.call("DELETE", "/api/auth/sessions/" + jose.decode(account.access)[1]["sid"], token=new_session(server, account).access),
    "logout-all": lambda server, account: server.post("/api/auth/logout-all", token=new_session(server, account).access),
    "password": lambda server, account: server.post("/api/auth/password", {"currentPassword": PASSWORD, "newPassword": OTHER_PASSWORD}, token=new_session(server, account).access),
    "operator": lambda server, account: server.call("PATCH", "/api/users/" + account.id, json_body={"locked": True}, token=server.create_admin().access),
}


def end_all(server, accounts):
    for name, account in accounts.items():
        assert ENDS[name](server, account).status in (200, 204), name


def assert_all_revoked(server, accounts):
    assert {name: server.me(account.access).code for name, account in accounts.items()} == dict.fromkeys(ENDS, "TOKEN_REVOKED")


@pytest.mark.parametrize("restart", [False, True], ids=["running", "restarted"])
def test_what_was_revoked_stays_so_when_the_clock_was_ahead_for_a_while(start, restart):
    """Its revocation must not leave with the hour that never was."""
    server = start()
    accounts = {name: server.register() for name in ENDS}
    end_all(server, accounts)
    assert_all_revoked(server, accounts)
    server.jump_clock(HOUR_S, restart)
    time.sleep(MOMENT_S)
    server.jump_clock(0)
    assert_all_revoked(server, accounts)


def test_what_was_revoked_while_the_clock_was_behind_stays_so_when_its_tokens_are_of_today_again(start):
    server = start()
    accounts = {name: server.register() for name in ENDS}
    server.jump_clock(-HOUR_S)
    end_all(server, accounts)
    server.jump_clock(-HOUR_S + 1200)  # the tokens of the time of that jump have expired
    time.sleep(MOMENT_S)
    for restart in (False, True):
        server.jump_clock(0, restart)
        assert_all_revoked(server, accounts)
    for name, account in accounts.items():
        expires_at, (until,) = jose.decode(account.access)[1]["exp"], revoked_until(server, account)
        assert until >= expires_at * 1000, f"an hour later {name} would have been undone"


def test_a_restart_knows_of_tokens_that_are_from_the_future(start):
    server = start()
    account = server.register()
    server.jump_clock(-HOUR_S, restart=True)
    server.logout(server.try_refresh(account.refresh).data["accessToken"])
    (until,) = revoked_until(server, account)
    assert until >= jose.decode(account.access)[1]["exp"] * 1000


def revoked_until(server, account):
    claims = jose.decode(account.access)[1]
    database = sqlite3.connect(f"file:{server.directory}/data/merlon.db?mode=ro", uri=True)
    try:
        return database.execute("SELECT max(until) FROM revocations WHERE subject IN (?, ?)", (claims["sid"], claims["userId"])).fetchone()
    finally:
        database.close()
