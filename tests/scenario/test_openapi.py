"""The description: a linter from the registry has nothing to say, every example in it is true, and it tells of what is there."""

import copy
import json
import os
import pathlib
import resource
import subprocess

import jsonschema
import pytest

import client
import jose
import npm
from harness import REFRESH_SECRET, SECRET, table

LINTER = pathlib.Path(__file__).parent.parent / "openapi"
VERBS = ("get", "put", "post", "patch", "delete")


@pytest.fixture(scope="module")
def document(merlon):
    answer = merlon.get("/openapi.json")
    assert answer.status == 200 and answer.get("Content-Type").startswith("application/json")
    return answer.json()


@pytest.fixture
def shop(launch):
    """A server where nothing has been done yet: the examples are sent as they stand."""
    server = launch()
    server.admin_token = server.create_admin().access
    return server


def operations(document):
    return {operation["operationId"]: (verb, path, operation) for path, verbs in document["paths"].items() for verb, operation in verbs.items()}


def resolved(document, value):
    """With every $ref replaced by what it names; there are no cycles."""
    if isinstance(value, dict):
        if "$ref" in value:
            target = document
            for part in value["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            return resolved(document, target)
        return {name: resolved(document, member) for name, member in value.items()}
    return [resolved(document, item) for item in value] if isinstance(value, list) else value


def content(document, operation, status):
    return resolved(document, operation["responses"][str(status)]).get("content", {}).get("application/json")


def examples_of(media):
    return [media["example"]] if "example" in media else [one["value"] for one in media.get("examples", {}).values()]


def test_a_linter_from_the_registry_finds_nothing(document, tmp_path):
    npm.install(LINTER)
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    done = subprocess.run(["node", LINTER / "node_modules/@redocly/cli/bin/cli.js", "lint", tmp_path / "openapi.json"], cwd=LINTER, capture_output=True, text=True, timeout=120,
                          env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"})
    said = done.stdout + done.stderr
    assert done.returncode == 0 and "is valid" in said and "warning" not in said, said


def test_every_example_follows_its_own_schema(document):
    counted = 0
    for verb, path, operation in operations(document).values():
        contents = [operation.get("requestBody", {}).get("content", {})] + [resolved(document, one).get("content", {}) for one in operation["responses"].values()]
        for media in (one["application/json"] for one in contents if "application/json" in one):
            for example in examples_of(media):
                jsonschema.validate(example, resolved(document, media["schema"]), jsonschema.Draft202012Validator)
                counted += 1
    for name, schema in document["components"]["schemas"].items():
        for example in schema.get("examples", []):
            jsonschema.validate(example, resolved(document, schema), jsonschema.Draft202012Validator)
            counted += 1
    assert counted > 100, counted


class Replay:
    """Sends the examples as they stand; only what cannot be the same everywhere (identifiers, tokens) is put in."""

    def __init__(self, document, server):
        self.document, self.server, self.done = document, server, set()

    def __call__(self, operation_id, token=None, identifier=None, status=None, headers=(), **instead):
        verb, path, operation = operations(self.document)[operation_id]
        body = operation.get("requestBody")
        if body is not None:
            body = {**body["content"]["application/json"]["example"], **instead}
        success = next(one for one in operation["responses"] if one.startswith("2"))
        answer = self.server.call(verb.upper(), path.replace("{id}", identifier or ""), json_body=body, token=token, headers=headers)
        assert answer.status == (status or int(success)), (operation_id, answer)
        media = content(self.document, operation, answer.status)
        if media is None:
            assert answer.body == b"", operation_id
        else:
            jsonschema.validate(answer.json(), media["schema"], jsonschema.Draft202012Validator, format_checker=jsonschema.FormatChecker())
        self.done.add(operation_id)
        return answer.json() if media else None


def test_every_example_is_replayed_and_every_answer_follows_its_schema(document, shop):
    replay = Replay(document, shop)
    admin = shop.admin_token
    replay("health"), replay("description"), replay("publishedKeys"), replay("openidConfiguration")
    replay("register")
    signed_in = replay("login")["data"]
    tokens = replay("refresh", refreshToken=signed_in["refreshToken"])["data"]
    token = tokens["accessToken"]
    replay("me", token)
    assert len(replay("listSessions", token)["data"]) == 2
    other = next(one["id"] for one in replay("listSessions", token)["data"] if not one["current"])
    replay("endSession", token, other)
    product = replay("createProduct", admin)["data"]["id"]
    replay("getProduct", token, product), replay("listProducts", token)
    replay("replaceProduct", admin, product, headers={"If-Match": '"1"'})
    items = [{**item, "productId": product} for item in operations(document)["createOrder"][2]["requestBody"]["content"]["application/json"]["example"]["items"]]
    order = replay("createOrder", token, items=items, headers={"Idempotency-Key": "one"})["data"]["id"]
    replay("getOrder", token, order), replay("listOrders", token), replay("cancelOrder", token, order)
    replay("deleteProduct", admin, product)
    replay("changeProfile", token), replay("getProfile", token)
    made = replay("createUser", admin)["data"]["id"]
    replay("getUser", admin, made), replay("listUsers", admin), replay("changeUser", admin, made)
    replay("changePassword", token)
    replay("logout", token)
    replay("logoutAll", shop.login("ada@example.com", "Staple!Correct8").access)
    assert replay.done == set(operations(document)), "an operation that nobody has replayed"


def test_every_failure_of_an_example_is_one_that_the_document_tells_of(document, shop):
    user = shop.register().access
    unknown = "0192f0c8-2f5e-7a52-9c1d-0a3f5f6e7d21"
    for name, (verb, path, operation) in operations(document).items():
        path = path.replace("{id}", unknown)
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
        attempts = [dict(json_body=body), dict(json_body=body, token="x"), dict(json_body=body, token=user), dict(json_body={}, token=shop.admin_token),
                    dict(body=b"{", headers={"Content-Type": "application/json"}, token=shop.admin_token), dict(body=b"<a/>", headers={"Content-Type": "text/xml"}, token=shop.admin_token)]
        if name not in ("logout", "logoutAll"):
            attempts.append(dict(json_body=body, token=shop.admin_token))
        for attempt in attempts:
            if verb == "get" and "token" not in attempt:
                attempt.pop("json_body")
            answer = shop.call(verb.upper(), path, **attempt)
            if answer.status == 415 and "requestBody" not in operation:
                continue  # of a body that nobody asked for
            assert str(answer.status) in operation["responses"], (name, attempt, answer)
            if answer.status >= 400:
                jsonschema.validate(answer.json(), content(document, operation, answer.status)["schema"], jsonschema.Draft202012Validator)


class Provoked:
    """The answers to what each operation may fail with, by what the document says of it."""

    unknown = "0192f0c8-2f5e-7a52-9c1d-0a3f5f6e7d21"

    def __init__(self, document, server):
        self.document, self.server = document, server
        self.admin, self.user = server.admin_token, server.register(password="Horse$Battery9").access
        signed_out = server.register()
        server.logout(signed_out.access)
        self.nobody = jose.token({"alg": "HS256", "typ": "JWT"}, jose.seed_claims(role="visitor", permissions=[]), jose.hs256(SECRET))
        self.bad_tokens = [None, "x", jose.token({"alg": "HS256", "typ": "JWT"}, jose.seed_claims(exp=1), jose.hs256(SECRET)), signed_out.access]

    def call(self, name, token, identifier=None, headers=(), body=None, **changed):
        verb, path, operation = operations(self.document)[name]
        if body is None and "requestBody" in operation:
            body = json.dumps({**operation["requestBody"]["content"]["application/json"]["example"], **changed})
        if body is not None and "Content-Type" not in dict(headers):
            headers = {**dict(headers), "Content-Type": "application/json"}
        return self.server.call(verb.upper(), path.replace("{id}", identifier or self.unknown), body=body, token=token, headers=headers)

    def malformed(self, name):
        verb, path, _ = operations(self.document)[name]
        (answer,), _ = client.exchange(self.server.port, f"{verb.upper()} {path.replace('{id}', self.unknown)} HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".encode())
        return answer

    def invalid(self, name):
        schema = operations(self.document)[name][2]["requestBody"]["content"]["application/json"]["schema"]
        return self.call(name, self.admin, body="{}" if schema.get("required") else json.dumps(dict.fromkeys(schema["properties"], [])))

    def common(self, name, status):
        """Failures that come of the route, whatever the operation does."""
        has_body = "requestBody" in operations(self.document)[name][2]
        if status == 400:
            return [self.invalid(name) if has_body else self.malformed(name)]
        if status == 401:
            return [self.call(name, token) for token in self.bad_tokens]
        if status == 413:
            return [self.call(name, self.admin, body='{"' + "x" * (1 << 20) + '":1}')]
        return {403: lambda: [self.call(name, self.nobody)], 404: lambda: [self.call(name, self.admin)],
                415: lambda: [self.call(name, self.admin, body="<a/>", headers={"Content-Type": "text/xml"})]}[status]()

    def own(self):
        """Failures of one operation: (name, status) → the answers."""
        server, password = self.server, "Horse$Battery9"
        locked = server.register(password=password)
        server.run("user", "lock", locked.email)
        used = server.register()
        server.try_refresh(server.try_refresh(used.refresh).data["refreshToken"])
        product = self.call("createProduct", self.admin).data["id"]
        other = self.call("createProduct", self.admin, currency="USD").data["id"]

        def order(*products, quantity=1, key=None):
            items = [{"productId": one, "quantity": quantity} for one in products]
            return self.call("createOrder", self.user, headers={"Idempotency-Key": key} if key else {}, items=items)
        order(product, key="k")
        cancelled = order(product).data["id"]
        self.call("cancelOrder", self.user, cancelled)
        return {
            ("register", 409): [self.call("register", None, email=locked.email)], ("createUser", 409): [self.call("createUser", self.admin, email=locked.email)],
            ("login", 401): [self.call("login", None, email="nobody@example.com")], ("login", 403): [self.call("login", None, email=locked.email, password=password)],
            ("refresh", 401): [self.call("refresh", None, refreshToken=used.refresh)],
            ("logout", 401): [self.call("logout", None, refreshToken="x"), *(self.call("logout", token, body="") for token in self.bad_tokens[:3])],
            ("replaceProduct", 412): [self.call("replaceProduct", self.admin, product, headers={"If-Match": '"9"'})],
            ("createOrder", 409): [order(product, quantity=1000), order(self.unknown), order(product, other), order(product, quantity=2, key="k")],
            ("cancelOrder", 409): [self.call("cancelOrder", self.user, cancelled)],
            ("changeUser", 409): [self.call("changeUser", self.admin, server.me(self.admin).data["id"])],
        }


def test_every_documented_failure_is_the_answer_that_is_given(document, launch):
    """Told and given are the same, member for member. What takes a race or a broken store is named here."""
    server = launch(env={"JWT_SECRET": SECRET, "JWT_REFRESH_SECRET": REFRESH_SECRET})
    server.admin_token = server.create_admin().access
    provoked = Provoked(document, server)
    own = provoked.own()
    races = {("changeUser", "Conflict with the current state"), ("changeUser", "It is the last admin")}
    compared = 0
    for name, (_, _, operation) in operations(document).items():
        for status in sorted(int(one) for one in operation["responses"] if one[0] in "45"):
            if status in (429, 503):
                continue  # below
            told = [one["error"] for one in examples_of(content(document, operation, status))]
            told = [one for one in told if (name, one["message"]) not in races]
            answers = own.get((name, status)) or provoked.common(name, status)
            for answer in answers:
                assert answer.status == status, (name, answer)
                assert answer.error in told, (name, answer, told)
            assert len({answer.error["message"] for answer in answers}) == len(told), (name, status, told, answers)
            compared += len(told)
    assert compared > 120, compared


def test_the_documented_answer_to_too_many_requests_is_given(document, launch):
    server = launch({"limits": {"api": {"max": 3}, "auth": {"max": 1}}})
    told = [one["value"]["error"] for one in document["components"]["responses"]["TooManyRequests"]["content"]["application/json"]["examples"].values()]
    given = [server.try_login("nobody@example.com", "x").error for _ in range(2)][1:] + [server.get("/api/products").error for _ in range(4)][3:]
    assert sorted(one["code"] for one in told) == sorted(one["code"] for one in given)
    assert all(one in told for one in given)


def test_the_documented_answer_of_a_store_that_refuses_writes_is_given(document, launch):
    server = launch()
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    answer = server.call("POST", "/api/auth/register", json_body=operations(document)["register"][2]["requestBody"]["content"]["application/json"]["example"])
    told, = examples_of(document["components"]["responses"]["ServiceUnavailable"]["content"]["application/json"])
    assert answer.status == 503 and answer.json() == told


def test_the_body_is_judged_by_the_schema_that_is_shown(document, shop):
    """Each rule of each schema, broken alone: what the document forbids is refused, naming the field."""
    tried = 0
    for name, (verb, path, operation) in operations(document).items():
        if "requestBody" not in operation:
            continue
        media = operation["requestBody"]["content"]["application/json"]
        for field, schema in media["schema"]["properties"].items():
            broken = []
            if field in media["schema"].get("required", []):
                broken.append({key: value for key, value in media["example"].items() if key != field})
            wrong = [["no", "such", "type"]] if schema["type"] != "array" else ["x"]
            if "maxLength" in schema:
                wrong.append("1" * (schema["maxLength"] + 1))
            if schema.get("minLength", 0) > 1:
                wrong.append("1" * (schema["minLength"] - 1))
            if "maximum" in schema:
                wrong += [schema["maximum"] + 1, schema["minimum"] - 1]
            for value in wrong:
                broken.append({**copy.deepcopy(media["example"]), field: value})
            for body in broken:
                answer = shop.call(verb.upper(), path.replace("{id}", "0192f0c8-2f5e-7a52-9c1d-0a3f5f6e7d21"), json_body=body, token=shop.admin_token)
                assert answer.code == "VALIDATION_ERROR", (name, body, answer)
                assert any(detail["field"].startswith(field) for detail in answer.json()["error"]["details"]), (name, body, answer)
                tried += 1
    assert tried > 40, tried


def test_it_tells_who_may_and_nothing_of_declared_services(document):
    told = operations(document)
    assert told["deleteProduct"][2]["x-permissions"] == ["delete:products"] and told["login"][2]["security"] == [] and "security" not in told["me"][2]
    assert not any(path.startswith(("/open/", "/private", "/shop")) for path in document["paths"])
    assert not {"/api/payments/cards", "/api/privacy/export", "/api/audit/events", "/api/incidents"} & set(document["paths"]), "not built yet"
    assert "delete" not in document["paths"]["/api/users/{id}"]


@table({"left out": ({"services": {"orders": {"enabled": False}}}, "/api/orders", False), "there": ({}, "/api/orders", True)})
def test_it_follows_the_configuration(launch, row):
    config, path, is_told = row
    server = launch({**config, "public_url": "https://api.example.com"})
    document = server.get("/openapi.json").json()
    assert (path in document["paths"]) == is_told and document["servers"] == [{"url": "https://api.example.com"}]


def test_the_examples_password_is_no_default(shop):
    assert shop.try_login("ada@example.com", "Horse$Battery9").code == "INVALID_CREDENTIALS"
