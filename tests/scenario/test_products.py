"""The catalogue: who may do what, pages, search, versions, and what bad input is told."""

import uuid

import pytest

from harness import Merlon, run, table, together

DESK = {"name": "Walnut desk", "description": "Solid wood, oiled", "price": 24900, "currency": "EUR", "stock": 3}


@pytest.fixture
def shop(merlon, admin):
    """The module's server: it holds what other tests have made, too."""
    merlon.admin_token = admin.access
    return merlon


@pytest.fixture
def own_shop(launch):
    server = launch()
    server.admin_token = server.create_admin().access
    return server


@pytest.fixture(scope="module")
def shop_of_three(tmp_path_factory):
    """A server with these three products, which tests only look for."""
    server = Merlon(tmp_path_factory.mktemp("three")).start()
    server.admin_token = server.create_admin().access
    for name in ("Walnut desk", "Oak desk", "Oak chair"):
        create(server, name=name)
    yield server
    server.stop()


def create(server, **changes):
    answer = server.post("/api/products", {**DESK, **changes}, token=server.admin_token)
    assert answer.status == 201, answer
    return answer.data


def total(server):
    return server.get("/api/products", token=server.admin_token).json()["meta"]["total"]


def test_a_product_is_made_read_changed_and_deleted(shop):
    made = shop.post("/api/products", DESK, token=shop.admin_token)
    assert made.status == 201 and made.get("ETag") == '"1"' and made.get("Location") == "/api/products/" + made.data["id"]
    product = made.data
    assert {name: product[name] for name in DESK} == DESK
    assert product["version"] == 1 and product["createdAt"] == product["updatedAt"]
    path = "/api/products/" + product["id"]
    user = shop.register().access
    assert shop.get(path, token=user).data == product
    changed = shop.call("PUT", path, json_body={**DESK, "price": 19900}, token=shop.admin_token)
    assert changed.status == 200 and changed.data["price"] == 19900 and changed.data["version"] == 2 and changed.get("ETag") == '"2"'
    assert shop.get(path, token=user).data == changed.data
    assert shop.call("DELETE", path, token=shop.admin_token).status == 204
    assert shop.get(path, token=user).code == "NOT_FOUND"
    assert shop.call("DELETE", path, token=shop.admin_token).code == "NOT_FOUND"


@table({
    "list": ("GET", "/api/products", "read:products"), "one": ("GET", "/api/products/{id}", "read:products"),
    "make": ("POST", "/api/products", "write:products"), "change": ("PUT", "/api/products/{id}", "write:products"),
    "delete": ("DELETE", "/api/products/{id}", "delete:products"),
})
def test_nobody_without_the_permission_passes(shop, row):
    method, path, permission = row
    path = path.replace("{id}", create(shop)["id"])
    before = total(shop)
    body = DESK if method in ("POST", "PUT") else None
    assert shop.call(method, path, json_body=body).code == "UNAUTHORIZED"
    if permission != "read:products":
        refused = shop.call(method, path, json_body=body, token=shop.register().access)
        assert (refused.status, refused.code) == (403, "FORBIDDEN") and refused.json()["error"]["required"] == [permission]
    assert total(shop) == before, "nothing was done"


@table({
    "the version it has": ('"1"', 200), "any": ("*", 200), "none said": (None, 200), "an older": ('"0"', 412), "a newer": ('"2"', 412),
    "weak": ('W/"1"', 412), "not quoted": ("1", 412), "a list with it": ('"7", "1"', 200), "a list without": ('"7", "8"', 412), "no number": ('"one"', 412), "negative": ('"-1"', 412), "huge": ('"99999999999999999999"', 412),
})
def test_a_change_is_made_only_to_the_version_it_was_meant_for(shop, row):
    condition, status = row
    path = "/api/products/" + create(shop)["id"]
    answer = shop.call("PUT", path, json_body={**DESK, "price": 1}, token=shop.admin_token, headers={"If-Match": condition} if condition else {})
    assert answer.status == status, answer
    if status == 412:
        assert answer.code == "PRECONDITION_FAILED"
        assert shop.get(path, token=shop.admin_token).data["price"] == DESK["price"]


def test_of_parallel_changes_to_one_version_one_is_made(shop):
    path = "/api/products/" + create(shop)["id"]
    answers = together(8, lambda number: shop.call("PUT", path, json_body={**DESK, "price": number}, token=shop.admin_token, headers={"If-Match": '"1"'}).status)
    assert sorted(answers) == [200] + [412] * 7


def test_pages_show_everything_once_also_when_something_is_added_meanwhile(own_shop):
    ids = [create(own_shop, name=f"Item {number}")["id"] for number in range(7)]
    seen, cursor = [], ""
    while True:
        answer = own_shop.get("/api/products?limit=3" + (f"&cursor={cursor}" if cursor else ""), token=own_shop.admin_token)
        assert answer.status == 200 and len(answer.data) <= 3
        seen += [product["id"] for product in answer.data]
        meta = answer.json()["meta"]
        assert meta["limit"] == 3 and answer.get("X-Total-Count") == str(meta["total"]) and answer.get("X-Page-Count") == str(-(-meta["total"] // 3))
        cursor = meta["nextCursor"]
        if cursor is None:
            break
        if len(seen) == 3:
            ids.append(create(own_shop, name="Late")["id"])
    assert seen == sorted(ids), "in the order of their identifiers, which is that of time to the millisecond"


@table({
    "a whole word": ("desk", 2), "whatever its case": ("DESK", 2), "all words": ("walnut desk", 1), "in the description": ("oiled", 3),
    "not a part of one": ("wal", 0), "nobody has it": ("marble", 0), "nothing but signs": ("%2C.%21", 3), "one nobody has among others": ("desk marble", 0), "twice the same": ("desk desk", 2),
})
def test_search_finds_whole_words(shop_of_three, row):
    text, count = row
    answer = shop_of_three.get("/api/products?q=" + text.replace(" ", "+"), token=shop_of_three.admin_token)
    assert answer.status == 200 and len(answer.data) == count == answer.json()["meta"]["total"], answer


def test_search_and_totals_follow_changes_and_deletions(own_shop):
    product = create(own_shop, name="Walnut desk")
    path = "/api/products/" + product["id"]
    find = lambda word: own_shop.get("/api/products?q=" + word, token=own_shop.admin_token).json()["meta"]["total"]
    own_shop.call("PUT", path, json_body={**DESK, "name": "Oak desk"}, token=own_shop.admin_token)
    assert (find("walnut"), find("oak"), find("desk")) == (0, 1, 1)
    own_shop.call("DELETE", path, token=own_shop.admin_token)
    assert (find("oak"), find("desk")) == (0, 0)
    assert total(own_shop) == 0


@table({
    "no limit": "limit=0", "too much": "limit=101", "no number": "limit=ten", "twice": "limit=1&limit=2", "a cursor of somebody": "cursor=abc", "no cursor": "cursor=",
    "bad encoding": "q=%zz", "control characters": "q=%00", "no UTF-8": "q=%ff", "too many words": "q=a+b+c+d+e",
})
def test_a_bad_query_is_refused(shop, row):
    answer = shop.get("/api/products?" + row, token=shop.admin_token)
    assert (answer.status, answer.code) == (400, "BAD_REQUEST")


@table({
    "nothing": ({}, {"name": '"name" is required', "price": '"price" is required', "currency": '"currency" is required', "stock": '"stock" is required'}),
    "an empty name": ({**DESK, "name": ""}, {"name": '"name" is not allowed to be empty'}), "control characters in a name": ({**DESK, "name": "a\x1b[2J"}, {"name": None}), "NUL": ({**DESK, "name": "a\0", "description": "b\0"}, {"name": None, "description": None}), "a number for a name": ({**DESK, "name": 5}, {"name": '"name" must be a string'}),
    "a price below zero": ({**DESK, "price": -1}, {"price": '"price" must be greater than or equal to 0'}), "half a cent": ({**DESK, "price": 0.5}, {"price": '"price" must be an integer'}),
    "text for a price": ({**DESK, "price": "1"}, {"price": '"price" must be a number'}), "a currency of four": ({**DESK, "currency": "EURO"}, {"currency": None}),
    "stock below zero": ({**DESK, "stock": -1}, {"stock": '"stock" must be greater than or equal to 0'}), "a price too large to count with": ({**DESK, "price": 10**13}, {"price": None}),
})
def test_all_that_is_wrong_is_said_at_once(shop, row):
    body, faults = row
    for method, path in (("POST", "/api/products"), ("PUT", "/api/products/" + create(shop)["id"])):
        answer = shop.call(method, path, json_body=body, token=shop.admin_token)
        assert (answer.status, answer.code) == (400, "VALIDATION_ERROR"), answer
        said = {detail["field"]: detail["message"] for detail in answer.json()["error"]["details"]}
        assert set(said) == set(faults)
        assert all(message is None or said[name] == message for name, message in faults.items()), said


def test_fields_nobody_asked_for_change_nothing(shop):
    product = create(shop, id=str(uuid.uuid4()), version=99, createdAt="2001-01-01T00:00:00.000Z", admin=True)
    assert product["version"] == 1 and "admin" not in product and not product["createdAt"].startswith("2001")


@table({"no UUID": "abc", "unknown": str(uuid.UUID(int=0)), "SQL": "1'%20OR%20'1'='1", "upper case is the same product": None})
def test_an_identifier_that_names_nothing_is_not_found(shop, row):
    product = create(shop)
    answer = shop.get("/api/products/" + (row or product["id"].upper()), token=shop.admin_token)
    assert answer.status == (404 if row else 200)


@table({
    "one of ones own": ({"services": {"mine": {"enabled": False, "url": "http://127.0.0.1:1", "routes": [{"path": "/mine", "methods": ["GET"], "allow": "public"}]}}}, ["/api/products", "/api/orders"], ["/mine"]),
    "orders only": ({"services": {"orders": {"enabled": False}}}, ["/api/products"], ["/api/orders"]),
    "both": ({"services": {"products": {"enabled": False}, "orders": {"enabled": False}}}, [], ["/api/products", "/api/orders"]),
})
def test_a_built_in_service_can_be_left_out(launch, row):
    config, there, gone = row
    server = launch(config)
    token = server.create_admin().access
    assert all(server.get(path, token=token).status == 200 for path in there)
    assert all(server.get(path, token=token).code == "NOT_FOUND" for path in gone)


def test_a_service_of_ones_own_takes_the_place_of_the_built_in_one(launch, upstream):
    url = f"http://127.0.0.1:{upstream.port}"
    server = launch({"services": {"products": {"url": url, "routes": [{"path": "/api/products/**", "methods": ["GET"], "allow": "public"}]}, "orders": {"enabled": False}}})
    assert server.get("/api/products/x").json()["target"] == "/api/products/x"


def test_orders_without_products_are_an_error_that_says_what_to_do(tmp_path):
    (tmp_path / "merlon.yaml").write_text("version: 1\nservices:\n  products: {enabled: false}\n")
    done = run("config", "check", "-c", "merlon.yaml", directory=tmp_path)
    assert done.returncode == 78 and "orders: {enabled: false}" in done.stderr, done
