"""serve --demo: an empty store becomes a shop to try things out in, once, and no other store is touched."""

import collections
import datetime
import os
import pty
import re
import subprocess

import pytest

import client
from harness import REPOSITORY, START_DEADLINE_S, binary, environment, table

PRINTED = re.compile(r"^merlon: demo user, shown once: (\S+) (\S+) \((\w+)\)$", re.M)
ADMIN = re.compile(r"^merlon: first admin, shown once, change the password: (\S+) (\S+)$", re.M)


@pytest.fixture
def demo(launch):
    return launch(flags=["--demo"])


def people(server):
    return {email: (password, role) for email, password, role in PRINTED.findall(server.stderr_text())}


def everything(server, path, token):
    """All pages of a list."""
    items, cursor = [], ""
    while cursor is not None:
        page = server.get(f"{path}?limit=100" + (f"&cursor={cursor}" if cursor else ""), token=token)
        items += page.data
        cursor = page.json()["meta"]["nextCursor"]
    return items


def initial_stock():
    """Name → stock, as the demo's table has it."""
    source = (REPOSITORY / "src/server/demo_products.h").read_text()
    rows = re.findall(r'\{"([^"]+)",\s*"[^"]+",\s*(\d+),\s*(\d+)\}', source)
    return {name: int(stock) for name, _, stock in rows}


def time_of(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def test_the_demo_is_a_believable_shop(demo):
    end = datetime.datetime.now(datetime.timezone.utc)
    email, password = ADMIN.search(demo.stderr_text()).groups()
    admin = demo.login(email, password).access
    products = {product["id"]: product for product in everything(demo, "/api/products", admin)}
    orders = everything(demo, "/api/orders", admin)
    users = {user["id"]: user for user in everything(demo, "/api/users", admin)}

    assert (len(products), len(orders), len(users)) == (50, 60, 4)
    assert len({product["name"] for product in products.values()}) == 50
    assert all(product["description"] and product["price"] > 0 and product["currency"] == "EUR" for product in products.values())
    assert len({product["price"] for product in products.values()}) > 20

    assert {users[order["userId"]]["email"] for order in orders} == {"ada@example.com", "alan@example.com"}
    statuses = collections.Counter(order["status"] for order in orders)
    assert set(statuses) == {"confirmed", "cancelled"} and statuses["confirmed"] > 4 * statuses["cancelled"]
    sold = collections.Counter()
    for order in orders:
        assert order["total"] == sum(item["price"] * item["quantity"] for item in order["items"]) > 0
        for item in order["items"]:
            assert (item["name"], item["price"]) == (products[item["productId"]]["name"], products[item["productId"]]["price"])
            sold[item["productId"]] += item["quantity"] if order["status"] == "confirmed" else 0
    stock = initial_stock()
    for identifier, product in products.items():
        assert product["stock"] + sold[identifier] == stock[product["name"]], product

    made = sorted(time_of(order["createdAt"]) for order in orders)
    assert end - datetime.timedelta(minutes=62) < made[0] and made[-1] <= end
    assert made[-1] - made[0] > datetime.timedelta(minutes=55)
    for order in orders:
        assert time_of(order["createdAt"]) <= time_of(order["updatedAt"]) <= end
        assert time_of(users[order["userId"]]["createdAt"]) < made[0]
        assert all(time_of(products[item["productId"]]["createdAt"]) < made[0] for item in order["items"])


def test_the_printed_passwords_sign_in_and_nothing_else_holds_them(demo):
    found = people(demo)
    assert {email: role for email, (_, role) in found.items()} == {"ada@example.com": "user", "grace@example.com": "moderator", "alan@example.com": "user"}
    assert len({password for password, _ in found.values()}) == 3
    for email, (password, role) in found.items():
        signed_in = demo.login(email, password)
        assert signed_in.user["role"] == role
        if role == "user":  # the others may not order
            assert demo.get("/api/orders", token=signed_in.access).data
        assert demo.output().count(password.encode()) == 1, "printed once, and in no event"
        for path in (demo.directory / "data").iterdir():
            if path.is_file():
                assert password.encode() not in path.read_bytes(), path


def test_no_two_demos_share_a_password(launch):
    first, second = launch(flags=["--demo"]), launch(flags=["--demo"])
    assert not {password for password, _ in people(first).values()} & {password for password, _ in people(second).values()}


def test_a_second_start_changes_nothing_and_says_so(demo):
    email, password = ADMIN.search(demo.stderr_text()).groups()
    ada = people(demo)["ada@example.com"][0]
    before = demo.login(email, password).access
    kept = [everything(demo, path, before) for path in ("/api/products", "/api/orders", "/api/users")]
    demo.restart()
    assert "has been filled before, nothing was changed" in demo.stderr_text()
    assert not people(demo) and not ADMIN.search(demo.stderr_text()), "nothing is printed twice"
    assert [everything(demo, path, before) for path in ("/api/products", "/api/orders", "/api/users")] == kept
    assert demo.login("ada@example.com", ada)


def test_the_demo_is_used_like_any_store(demo):
    """A start without the flag has the same data; orders go on where the demo's ended; --demo is still content with it."""
    ada = demo.login("ada@example.com", people(demo)["ada@example.com"][0])
    product = demo.get("/api/products?limit=1", token=ada.access).data[0]
    made = demo.post("/api/orders", {"items": [{"productId": product["id"], "quantity": 1}]}, token=ada.access)
    assert made.status == 201, made
    assert demo.get("/api/orders?limit=1", token=ada.access).data[0]["id"] == made.data["id"], "the newest of all"
    assert demo.get("/api/products/" + product["id"], token=ada.access).data["stock"] == product["stock"] - 1
    demo.flags = []
    demo.restart()
    assert "demo" not in demo.stderr_text()
    demo.flags = ["--demo"]
    demo.restart()
    assert "nothing was changed" in demo.stderr_text()


def refused(server, text):
    server.stop()
    server.flags = ["--demo"]
    server.start(ready=False)
    assert server.wait() == 78
    assert text in server.stderr_text() and not people(server), server.stderr_text()
    server.flags = []
    server.start()


@table({"a product": "product", "an account": "account"})
def test_a_store_in_use_is_refused_and_stays_as_it_is(launch, row):
    server = launch()
    if row == "product":
        email, password = ADMIN.search(server.stderr_text()).groups()
        admin = server.login(email, password).access
        server.post("/api/products", {"name": "Desk", "price": 1, "currency": "EUR", "stock": 1}, token=admin)
    else:
        server.register("ada@example.com")  # the demo's own address: still no demo
        admin = server.create_admin().access
    kept = [everything(server, path, admin) for path in ("/api/products", "/api/orders", "/api/users")]
    refused(server, "--demo fills an empty store only")
    assert [everything(server, path, admin) for path in ("/api/products", "/api/orders", "/api/users")] == kept


def test_a_demo_that_was_killed_half_way_is_not_taken_for_whole(launch):
    server = launch({"passwords": {"bcrypt_cost": 14}}, flags=["--demo"], ready=False)
    client.wait_for(lambda: people(server), what="the first account")
    server.kill()
    server.start(ready=False)
    assert server.wait() == 78 and "--demo fills an empty store only" in server.stderr_text()


@table({"products": {"products": {"enabled": False}, "orders": {"enabled": False}}, "orders": {"orders": {"enabled": False}}})
def test_there_is_no_demo_without_its_services(launch, row):
    server = launch({"services": row}, ready=False, flags=["--demo"])
    assert server.wait() == 78 and "--demo needs the built-in products and orders" in server.stderr_text()


def test_a_demo_that_strangers_can_reach_warns(launch):
    server = launch({"server": {"behind_tls_proxy": True}}, flags=["--demo"])
    warning = "WARNING: the demo listens beyond this machine"
    assert warning not in server.stderr_text()
    server.stop()
    server.write({"server": {"listen": f"0.0.0.0:{server.port}"}})
    server.start()
    assert warning in server.stderr_text(), "also when it was filled before"


def test_other_roles_are_no_obstacle(launch):
    server = launch({"access": {"roles": {"user": ["read:products"], "admin": ["read:users"]}}}, flags=["--demo"])
    assert set(people(server)) == {"ada@example.com", "grace@example.com", "alan@example.com"}


def test_a_terminal_sees_how_far_it_is_and_a_file_does_not(launch, demo, tmp_path):
    assert "\r" not in demo.stderr_text() and "\033" not in demo.stderr_text() and " of 113" not in demo.stderr_text()
    server = launch(name="terminal")
    server.stop()
    for path in (server.directory / "data").iterdir():
        path.unlink()
    parent, child = pty.openpty()
    process = subprocess.Popen([str(binary()), "serve", "--demo"], cwd=server.directory, env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=child)
    os.close(child)
    seen = b""
    try:
        client.wait_for(server.is_ready, within=START_DEADLINE_S)
        while b"listening on" not in seen:
            seen += os.read(parent, 65536)
    finally:
        process.terminate()
        process.wait(60)
        os.close(parent)
    assert b"\rmerlon: filling the demo: 53 of 113" in seen
    shown = [line.rpartition("\r\033[K")[2] for line in seen.decode().replace("\r\n", "\n").split("\n")]
    assert sum(line.startswith("merlon: demo user, shown once: ") for line in shown) == 3, "each on a line of its own"
    assert "merlon: the demo has 50 products, 3 users and 60 orders" in shown
