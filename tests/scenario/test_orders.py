"""Orders: all of their stock or none, never below zero, once per idempotency key, own objects only."""

import threading
import uuid

import pytest

from harness import table, together

DESK = {"name": "Walnut desk", "price": 24900, "currency": "EUR", "stock": 5}


@pytest.fixture
def shop(merlon, admin):
    """The module's server, with a user who is this test's own."""
    merlon.admin_token, merlon.user = admin.access, merlon.register()
    return merlon


@pytest.fixture
def own_shop(launch):
    server = launch()
    server.admin_token, server.user = server.create_admin().access, server.register()
    return server


def product(server, **changes):
    answer = server.post("/api/products", {**DESK, **changes}, token=server.admin_token)
    assert answer.status == 201, answer
    return answer.data["id"]


def stock(server, identifier):
    return server.get("/api/products/" + identifier, token=server.admin_token).data["stock"]


def order(server, items, token=None, **more):
    body = {"items": [{"productId": identifier, "quantity": quantity} for identifier, quantity in items]}
    return server.post("/api/orders", body, token=token or server.user.access, **more)


def test_an_order_takes_its_stock_and_a_cancelled_one_gives_it_back(shop):
    desk, lamp = product(shop), product(shop, name="Lamp", price=4900, stock=9)
    made = order(shop, [(desk, 2), (lamp, 3)])
    assert made.status == 201 and made.get("Location") == "/api/orders/" + made.data["id"]
    assert made.data["status"] == "confirmed" and made.data["total"] == 2 * 24900 + 3 * 4900 and made.data["currency"] == "EUR"
    assert [(item["productId"], item["name"], item["price"], item["quantity"]) for item in made.data["items"]] == [(desk, "Walnut desk", 24900, 2), (lamp, "Lamp", 4900, 3)]
    assert (stock(shop, desk), stock(shop, lamp)) == (3, 6)
    assert shop.get("/api/orders/" + made.data["id"], token=shop.user.access).data == made.data
    path = "/api/orders/" + made.data["id"] + "/cancel"
    cancelled = shop.post(path, token=shop.user.access)
    assert cancelled.status == 200 and cancelled.data["status"] == "cancelled"
    assert (stock(shop, desk), stock(shop, lamp)) == (5, 9)
    again = shop.post(path, token=shop.user.access)
    assert (again.status, again.code) == (409, "CONFLICT")
    assert (stock(shop, desk), stock(shop, lamp)) == (5, 9), "nothing is given back twice"


def test_an_order_keeps_the_price_it_was_made_at(shop):
    desk = product(shop)
    made = order(shop, [(desk, 1)]).data
    shop.call("PUT", "/api/products/" + desk, json_body={**DESK, "price": 1}, token=shop.admin_token)
    shop.call("DELETE", "/api/products/" + desk, token=shop.admin_token)
    assert shop.get("/api/orders/" + made["id"], token=shop.user.access).data == made
    assert shop.post("/api/orders/" + made["id"] + "/cancel", token=shop.user.access).status == 200


@table({"not enough": 6, "far too many": 1000})
def test_what_is_not_there_is_not_sold_and_nothing_else_of_the_order_either(shop, row):
    desk, lamp = product(shop), product(shop, name="Lamp")
    refused = order(shop, [(lamp, 1), (desk, row)])
    assert (refused.status, refused.code) == (409, "CONFLICT")
    assert (stock(shop, desk), stock(shop, lamp)) == (5, 5)
    assert shop.get("/api/orders", token=shop.user.access).json()["meta"]["total"] == 0
    assert order(shop, [(lamp, 1), (str(uuid.uuid4()), 1)]).code == "CONFLICT"
    dollars = product(shop, currency="USD")
    assert order(shop, [(lamp, 1), (dollars, 1)]).code == "CONFLICT"
    assert (stock(shop, lamp), stock(shop, dollars)) == (5, 5)


def test_parallel_orders_never_take_more_than_there_is(shop):
    desk = product(shop, stock=10)
    statuses = together(16, lambda number: order(shop, [(desk, 1)]).status)
    assert sorted(statuses) == [201] * 10 + [409] * 6 and stock(shop, desk) == 0
    orders = shop.get("/api/orders?limit=100", token=shop.user.access)
    assert len(orders.data) == orders.json()["meta"]["total"] == 10


def test_the_same_key_is_the_same_order_however_often_and_at_once(own_shop):
    desk = product(own_shop, stock=10)
    answers = together(8, lambda number: order(own_shop, [(desk, 2)], headers={"Idempotency-Key": "key-1"}))
    assert {answer.status for answer in answers} == {201} and len({answer.data["id"] for answer in answers}) == 1
    assert stock(own_shop, desk) == 8
    other = order(own_shop, [(desk, 3)], headers={"Idempotency-Key": "key-1"})
    assert (other.status, other.code) == (409, "CONFLICT")
    stranger = order(own_shop, [(desk, 2)], token=own_shop.register().access, headers={"Idempotency-Key": "key-1"})
    assert stranger.status == 201 and stranger.data["id"] != answers[0].data["id"], "a key is its user's"
    assert stock(own_shop, desk) == 6
    own_shop.restart()
    assert order(own_shop, [(desk, 2)], token=own_shop.user.login().access, headers={"Idempotency-Key": "key-1"}).data["id"] == answers[0].data["id"]
    assert stock(own_shop, desk) == 6


def test_a_refused_order_is_refused_again_under_its_key(shop):
    desk = product(shop, stock=1)
    assert together(8, lambda number: order(shop, [(desk, 2)], headers={"Idempotency-Key": "k"}).status) == [409] * 8
    for _ in range(2):
        assert order(shop, [(desk, 2)], headers={"Idempotency-Key": "k"}).code == "CONFLICT"
        shop.call("PUT", "/api/products/" + desk, json_body={**DESK, "stock": 5}, token=shop.admin_token)
    assert order(shop, [(desk, 2)], headers={"Idempotency-Key": "k2"}).status == 201


@table({"too long": "k" * 256, "not visible": "k\x80", "an escape": "k\u00e9"})
def test_a_malformed_key_is_refused(shop, row):
    assert order(shop, [(product(shop), 1)], headers={"Idempotency-Key": row}).status == 400


def test_somebody_elses_order_does_not_exist(own_shop):
    desk = product(own_shop)
    made = order(own_shop, [(desk, 1)]).data
    stranger = own_shop.register().access
    for method, path in (("GET", ""), ("POST", "/cancel")):
        assert own_shop.call(method, "/api/orders/" + made["id"] + path, token=stranger).code == "NOT_FOUND"
    assert own_shop.get("/api/orders", token=stranger).data == []
    assert own_shop.get("/api/orders/" + made["id"], token=own_shop.admin_token).data == made, "an admin sees all"
    assert [one["id"] for one in own_shop.get("/api/orders", token=own_shop.admin_token).data] == [made["id"]]
    assert own_shop.get("/api/orders/" + made["id"], token=own_shop.user.access).data["status"] == "confirmed"


def test_pages_are_newest_first_and_whole(shop):
    desk = product(shop, stock=100)
    made = [order(shop, [(desk, 1)]).data["id"] for _ in range(5)]
    first = shop.get("/api/orders?limit=3", token=shop.user.access)
    rest = shop.get("/api/orders?limit=3&cursor=" + first.json()["meta"]["nextCursor"], token=shop.user.access)
    assert [one["id"] for one in first.data + rest.data] == sorted(made, reverse=True)
    assert rest.json()["meta"] == {"total": 5, "limit": 3, "nextCursor": None}


@table({
    "nothing": ({}, {"items"}), "no items": ({"items": []}, {"items"}), "too many": ({"items": [{"productId": str(uuid.uuid4()), "quantity": 1}] * 51}, {"items"}),
    "no list": ({"items": "x"}, {"items"}), "no identifier": ({"items": [{"productId": "x", "quantity": 1}]}, {"items.0.productId"}),
    "none of it": ({"items": [{"productId": str(uuid.UUID(int=1)), "quantity": 0}]}, {"items.0.quantity"}), "less than none": ({"items": [{"productId": str(uuid.UUID(int=1)), "quantity": -1}]}, {"items.0.quantity"}),
    "half of one": ({"items": [{"productId": str(uuid.UUID(int=1)), "quantity": 0.5}]}, {"items.0.quantity"}), "too much": ({"items": [{"productId": str(uuid.UUID(int=1)), "quantity": 1001}]}, {"items.0.quantity"}),
    "the same twice": ({"items": [{"productId": "0190a6c2-9a1e-7c3b-8a55-3f1c2d4e5f60", "quantity": 1}, {"productId": "0190A6C2-9A1E-7C3B-8A55-3F1C2D4E5F60", "quantity": 1}]}, {"items.1"}),
})
def test_a_malformed_order_is_told_why(shop, row):
    body, fields = row
    answer = shop.post("/api/orders", body, token=shop.user.access)
    assert (answer.status, answer.code) == (400, "VALIDATION_ERROR"), answer
    assert {detail["field"] for detail in answer.json()["error"]["details"]} == fields


def test_mass_assignment_changes_nothing(shop):
    desk = product(shop)
    body = {"items": [{"productId": desk, "quantity": 1, "price": 1, "name": "free"}], "userId": str(uuid.uuid4()), "status": "cancelled", "total": 0}
    made = shop.post("/api/orders", body, token=shop.user.access).data
    assert made["total"] == 24900 and made["status"] == "confirmed" and made["userId"] == shop.me(shop.user.access).data["id"]


def test_stock_and_orders_add_up_after_kills_under_load(own_shop):
    """kill -9 while orders are made and cancelled: every acknowledged one is there, and no stock is lost or made."""
    desk = product(own_shop, stock=1000)
    acknowledged, lock = {}, threading.Lock()

    def work(token, stop):
        while not stop.is_set():
            try:
                made = order(own_shop, [(desk, 2)], token=token, headers={"Idempotency-Key": str(uuid.uuid4())})
                if made.status == 201:
                    with lock:
                        acknowledged[made.data["id"]] = "confirmed"
                    if made.data["id"][-1] in "01234567":
                        if own_shop.post("/api/orders/" + made.data["id"] + "/cancel", token=token).status == 200:
                            with lock:
                                acknowledged[made.data["id"]] = "cancelled"
            except Exception:
                pass

    for _ in range(5):
        stop = threading.Event()
        threads = [threading.Thread(target=work, args=(own_shop.user.access, stop)) for _ in range(4)]
        for thread in threads:
            thread.start()
        stop.wait(0.5)
        own_shop.kill()
        stop.set()
        for thread in threads:
            thread.join(60)
        own_shop.start()
    orders, cursor = [], ""
    while cursor is not None:
        page = own_shop.get("/api/orders?limit=100" + (f"&cursor={cursor}" if cursor else ""), token=own_shop.admin_token)
        orders += page.data
        cursor = page.json()["meta"]["nextCursor"]
    statuses = {one["id"]: one["status"] for one in orders}
    for identifier, status in acknowledged.items():
        assert statuses[identifier] == status or (status == "confirmed" and statuses[identifier] == "cancelled")
    assert acknowledged and set(statuses.values()) <= {"confirmed", "cancelled"}, "nothing stays half done"
    assert stock(own_shop, desk) == 1000 - 2 * list(statuses.values()).count("confirmed")
