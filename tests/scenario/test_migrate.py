"""merlon migrate: the tables are brought up to date without a server, never under one, and their state is told."""

import json
import socket
import sqlite3

import pytest

from harness import run, table, together

ROLES = ["keys", "outbox", "auth", "users", "products", "orders"]


@pytest.fixture
def place(tmp_path):
    return tmp_path


def states(place, *more, code=0):
    done = run("migrate", "status", "--json", *more, directory=place)
    assert done.returncode == code, done
    return [(one["role"], one["number"], one["state"]) for one in json.loads(done.stdout)]


def change(place, statement):
    with sqlite3.connect(place / "data/merlon.db") as database:
        database.executescript(statement)


def test_status_of_nothing_is_all_pending_and_makes_nothing(place):
    found = states(place, code=1)
    assert {state for _, _, state in found} == {"pending"}
    assert list(dict.fromkeys(role for role, _, _ in found)) == ROLES
    assert not list(place.iterdir())


def test_up_applies_everything_once(place):
    done = run("migrate", "up", "--json", directory=place)
    assert done.returncode == 0, done
    first = json.loads(done.stdout)
    assert {one["state"] for one in first} == {"applied"} and all(one["appliedAt"].endswith("Z") for one in first)
    assert list(dict.fromkeys(one["role"] for one in first)) == ROLES
    again = run("migrate", "up", "--json", directory=place)
    assert again.returncode == 0 and json.loads(again.stdout) == first
    assert states(place) == [(one["role"], one["number"], "applied") for one in first]
    assert not (place / "data/merlon.sock").exists()


def test_the_text_says_what_the_json_says(place):
    run("migrate", "up", directory=place)
    lines = run("migrate", "status", directory=place).stdout.splitlines()
    assert [line.split()[:3] for line in lines] == [[role, str(number), state] for role, number, state in states(place)]


def test_a_server_starts_on_what_up_made_and_the_other_way_round(launch):
    server = launch(ready=False, name="one")
    server.kill()
    assert server.run("migrate", "up").returncode == 0
    server.start()
    account = server.register()
    server.stop()
    assert server.run("migrate", "up").returncode == 0
    server.start()
    assert server.login(account.email)


def test_up_is_refused_while_a_server_runs_and_status_is_not(launch):
    server = launch()
    done = server.run("migrate", "up")
    assert done.returncode == 1 and "store.in_use" in done.stderr and not done.stdout
    assert {state for _, _, state in states(server.directory)} == {"applied"}
    assert server.is_ready() and server.run("user", "list").returncode == 0, "its socket is still its own"
    server.kill()  # what it leaves behind is no lock
    assert server.run("migrate", "up").returncode == 0
    server.start()


def test_a_store_of_before_is_brought_up_to_date(launch):
    server = launch()
    account = server.register()
    server.stop()
    change(server.directory, "DROP TABLE account_totals; DELETE FROM schema_migrations WHERE role = 'auth' AND number = 4")
    assert ("auth", 4, "pending") in states(server.directory, code=1)
    assert server.run("migrate", "up").returncode == 0
    assert ("auth", 4, "applied") in states(server.directory)
    server.start()
    assert server.login(account.email)


def test_a_role_that_is_disabled_has_no_tables(place):
    without = ("--set", "services.orders.enabled=false")
    assert run("migrate", "up", *without, directory=place).returncode == 0
    assert "orders" not in {role for role, _, _ in states(place, *without)}
    assert {role for role, _, state in states(place, code=1) if state == "pending"} == {"orders"}


@table({
    "edited": ("UPDATE schema_migrations SET checksum = 'x' WHERE role = 'auth' AND number = 1", "changed", 1, "storage.schema_changed"),
    "of a newer release": ("INSERT INTO schema_migrations VALUES ('auth', 99, 'later', 'x', 1, 0)", "newer", 0, None),
    "of a newer release that breaks this one": ("INSERT INTO schema_migrations VALUES ('auth', 99, 'later', 'x', 0, 0)", "newer", 0, "storage.schema_newer"),
})
def test_what_this_release_did_not_apply_is_told(place, row):
    statement, state, code, refused = row
    run("migrate", "up", directory=place)
    change(place, statement)
    assert state in {found for role, _, found in states(place, code=code) if role == "auth"}
    done = run("migrate", "up", directory=place)
    assert (done.returncode, refused or "") == (1 if refused else 0, refused or "") and (not refused or refused in done.stderr), done


def test_somebody_else_at_the_socket_holds_the_store(place):
    run("migrate", "up", directory=place)
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(place / "data/merlon.sock"))
        other.listen()
        done = run("migrate", "up", directory=place)
        assert done.returncode == 1 and "store.in_use" in done.stderr
        assert (place / "data/merlon.sock").exists(), "who is refused takes nothing away"
    assert run("migrate", "up", directory=place).returncode == 0


def test_many_at_once_do_no_harm(place):
    codes = together(6, lambda _: run("migrate", "up", directory=place).returncode)
    assert set(codes) <= {0, 1} and 0 in codes
    assert {state for _, _, state in states(place)} == {"applied"}


@table({"configuration": (["-c", "absent.yaml"], 78), "usage": (["--fly"], 2)})
def test_exit_codes(place, row):
    flags, code = row
    for verb in ("up", "status"):
        assert run("migrate", verb, *flags, directory=place).returncode == code
