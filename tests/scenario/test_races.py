"""On PostgreSQL, people who do something at the same time do not make each other do it again.

Transactions are serializable: of those that got in each other's way, the server aborts some, and they run again. What one reads
next to where all others write, or a row that all of them change, turns every crowd into a queue. Counted, not timed.
"""

import time

import pytest

import client
from harness import PASSWORD, merge, new_email, together

PEOPLE, TIMES = 24, 15


def register(server, _):
    return server.post("/api/auth/register", {"email": new_email(), "password": PASSWORD, "firstName": "Ada", "lastName": "Lovelace"})


def login(server, person):
    return server.try_login(person["email"], PASSWORD)


def order(server, person):
    return server.post("/api/orders", {"items": [{"productId": person["product"], "quantity": 1}]}, token=person["token"])


# What they may have to do again, of what they do. An order takes three transactions; its confirmation reads and changes the newest
# page of an index, as do those of others.
ROWS = {"registrations": (register, 201, 0.1), "logins": (login, 200, 0.1), "orders": (order, 201, 0.2)}


def told(postgres, stores, count):
    """By the database about itself, a second late: a backend reports when its transaction is over, and not more often than that."""
    time.sleep(1.5)
    name = stores["store"]["url"].rpartition("/")[2]
    return int(postgres.rows(f"SELECT {count} FROM pg_stat_database WHERE datname = '{name}'", "postgres")[0])


@pytest.mark.parametrize("does, status, again_max", ROWS.values(), ids=ROWS)
def test_a_crowd_does_not_get_in_its_own_way(launch, postgres, does, status, again_max):
    stores = postgres.stores()
    server = launch(merge(stores, {"server": {"workers": 2}}))
    admin = server.create_admin()
    people = []
    for number in range(PEOPLE):
        account = server.register()
        product = {"name": f"Lamp {number}", "price": 1, "currency": "EUR", "stock": 1000}
        people.append({"email": account.email, "token": account.access,
                       "product": server.post("/api/products", product, token=admin.access).data["id"]})

    before = told(postgres, stores, "xact_rollback")
    answers = together(PEOPLE, lambda number: [does(server, people[number]).status for _ in range(TIMES)])
    assert {one for some in answers for one in some} == {status}
    client.wait_for(server.is_ready, what="readiness")
    assert told(postgres, stores, "xact_rollback") - before <= again_max * PEOPLE * TIMES


def test_orders_of_the_same_products_in_any_order_do_not_wait_for_each_other(launch, postgres):
    """Each would hold what the other needs, until the database looks for deadlocks, a second later."""
    stores = postgres.stores()
    server = launch(merge(stores, {"server": {"workers": 2}}))
    admin, user = server.create_admin().access, server.register().access
    product = {"price": 1, "currency": "EUR", "stock": 10_000}
    products = [server.post("/api/products", {**product, "name": f"Lamp {number}"}, token=admin).data["id"] for number in range(4)]

    def place(number):
        for turn in range(TIMES):
            order = products if (number + turn) % 2 else products[::-1]
            placed = server.post("/api/orders", {"items": [{"productId": one, "quantity": 1} for one in order]}, token=user)
            assert placed.status == 201 and [item["productId"] for item in placed.data["items"]] == order
            assert server.post(f"/api/orders/{placed.data['id']}/cancel", token=user).status == 200

    together(8, place)
    assert told(postgres, stores, "deadlocks") == 0
