"""The wall clock jumps by an hour, forward, back, and over a restart: no lock stays for ever, nothing is done twice.

What is only about how long (locks, limits, deadlines) goes by a clock that does not jump. Tokens: test_clock_jumps_tokens.py.
"""

import json
import threading
import uuid

import client
import pytest
from harness import OTHER_PASSWORD, PASSWORD, table

HOUR_S = 3600
JUMPS = table({"forward": HOUR_S, "back": -HOUR_S})


@pytest.fixture
def start(launch):
    return lambda config=None: launch(config, machine={})


def exhaust(ask):
    return client.wait_for(lambda: (answer := ask()).status == 429 and answer, every=0, what="429")


@JUMPS
def test_a_limit_ends_with_its_window_of_real_time(start, row):
    server = start({"limits": {"api": {"window": "3s", "max": 3}}})
    ask = lambda: server.get("/private/x")  # noqa: E731
    for _ in range(2):
        exhaust(ask)
        server.jump_clock(row)
        refused = exhaust(ask)
        assert int(refused.get("Retry-After")) <= 3
        client.wait_for(lambda: ask().status == 401, what="the end of the window")
        server.jump_clock(0)


@JUMPS
@pytest.mark.parametrize("restart", [False, True], ids=["running", "restarted"])
def test_a_lock_by_wrong_guesses_is_no_longer_than_it_was(start, row, restart):
    server = start()
    account = server.register()
    refused = exhaust(lambda: server.try_login(account.email, OTHER_PASSWORD))
    server.jump_clock(row, restart)
    again = server.try_login(account.email, PASSWORD)
    assert again.status == 200 if restart else int(again.get("Retry-After")) <= int(refused.get("Retry-After")), "guesses are counted in memory"


def shop(server):
    admin, user = server.create_admin(), server.register()
    desk = server.post("/api/products", {"name": "Desk", "price": 100, "currency": "EUR", "stock": 9}, token=admin.access).data["id"]
    return user, desk


def order(server, token, desk, key):
    return server.post("/api/orders", {"items": [{"productId": desk, "quantity": 2}]}, token=token, headers={"Idempotency-Key": key})


@JUMPS
@pytest.mark.parametrize("restart", [False, True], ids=["running", "restarted"])
def test_a_key_is_one_order_before_and_after(start, row, restart):
    server = start()
    user, desk = shop(server)
    key = str(uuid.uuid4())
    made = {order(server, user.access, desk, key).data["id"]}
    for offset_s in (row, 0, row):
        server.jump_clock(offset_s, restart)
        made.add(order(server, user.login().access, desk, key).data["id"])
    assert len(made) == 1
    assert server.get("/api/products/" + desk, token=user.login().access).data["stock"] == 7


@JUMPS
def test_an_order_that_a_kill_left_half_done_is_finished_at_the_start(start, row):
    server = start()
    user, desk = shop(server)
    server.machine.sync_delay_ms = 600
    syncs = server.machine.syncs

    def ask():
        try:
            order(server, user.access, desk, "k")
        except OSError:
            pass

    asking = threading.Thread(target=ask)
    asking.start()
    client.wait_for(lambda: server.machine.syncs > syncs, every=0.01, what="the first of the order's steps")
    server.kill()
    asking.join()
    server.machine.sync_delay_ms = 0
    server.machine.clock_offset_s = row
    server.start()
    token = user.login().access
    orders = server.get("/api/orders", token=token).data
    assert [one["status"] for one in orders] == ["confirmed"]
    assert server.get("/api/products/" + desk, token=token).data["stock"] == 7


def test_events_are_told_in_the_order_of_their_happening(start):
    server = start()
    ids = []
    for offset_s in (0, HOUR_S, -HOUR_S, 0):
        server.jump_clock(offset_s)
        ids.append(server.register().id)
    lines = server.run("audit", "tail", "--json", "--type", "REGISTERED").stdout.splitlines()
    assert [json.loads(line)["userId"] for line in lines] == ids
