"""Bodies: Joi's wording to the letter, all faults at once, unknown fields stripped, on our endpoints and on declared routes."""

import json

import pytest

from harness import PASSWORD, corpora, new_email, service, table

SCHEMA = {"type": "object", "required": ["name", "price"], "additionalProperties": False, "properties": {
    "name": {"type": "string", "minLength": 2, "maxLength": 5}, "price": {"type": "number"}, "kind": {"enum": ["book", "toy"]}}}
FILES = {"schemas/item.json": json.dumps(SCHEMA)}
PATTERN = "Password must contain uppercase, lowercase, number, and special character"


def CONFIG(upstream):
    return {"services": {"shop": service(upstream.url, [
        {"path": "/shop/items", "methods": ["POST"], "allow": "public", "schema": "schemas/item.json"}])}}


def body(**changes):
    fields = {"email": new_email(), "password": PASSWORD, "firstName": "Ada", "lastName": "Lovelace"} | changes
    return {name: value for name, value in fields.items() if value is not ...}


def details(answer):
    assert (answer.status, answer.code, answer.error["message"]) == (400, "VALIDATION_ERROR", "Validation failed"), answer
    return [(one["field"], one["message"]) for one in answer.error["details"]]


@table({
    "email missing": ({"email": ...}, [("email", '"email" is required')]), "email empty": ({"email": ""}, [("email", '"email" is not allowed to be empty')]),
    "email number": ({"email": 1}, [("email", '"email" must be a string')]), "email null": ({"email": None}, [("email", '"email" must be a string')]),
    "email bad": ({"email": "x"}, [("email", '"email" must be a valid email')]), "password missing": ({"password": ...}, [("password", '"password" is required')]),
    "password empty": ({"password": ""}, [("password", '"password" is not allowed to be empty')]), "password array": ({"password": [PASSWORD]}, [("password", '"password" must be a string')]),
    "password short and weak": ({"password": "abc"}, [("password", '"password" length must be at least 8 characters long'), ("password", PATTERN)]),
    "no upper case": ({"password": "horse$battery9"}, [("password", PATTERN)]), "no lower case": ({"password": "HORSE$BATTERY9"}, [("password", PATTERN)]),
    "no digit": ({"password": "Horse$Battery"}, [("password", PATTERN)]), "no special": ({"password": "HorseBattery9"}, [("password", PATTERN)]),
    "special outside the set": ({"password": "Horse#Battery9"}, [("password", PATTERN)]), "first character outside the set": ({"password": "-Horse$Battery9"}, [("password", PATTERN)]),
    "Arabic digit is no digit": ({"password": "Horse$Battery\u0669"}, [("password", PATTERN)]),
    "first name short": ({"firstName": "A"}, [("firstName", '"firstName" length must be at least 2 characters long')]),
    "first name long": ({"firstName": "A" * 51}, [("firstName", '"firstName" length must be less than or equal to 50 characters long')]),
    "last name object": ({"lastName": {}}, [("lastName", '"lastName" must be a string')]),
    "all missing": ({"email": ..., "password": ..., "firstName": ..., "lastName": ...}, [(n, f'"{n}" is required') for n in ("email", "password", "firstName", "lastName")]),
})
def test_register_lists_every_fault_in_jois_words(merlon, row):
    changes, expected = row
    assert details(merlon.post("/api/auth/register", body(**changes))) == expected


@table({"only the first character is bound to the set": {"password": "Horse$Battery9 -#\u00e9"}, "2 characters": {"firstName": "Al"}, "50 characters": {"lastName": "x" * 50}, "unknown fields": {"admin": True, "x": {"y": [1]}}})
def test_register_accepts_the_edges(merlon, row):
    assert merlon.post("/api/auth/register", body(**row)).status == 201


@pytest.mark.parametrize("where", ["register", "login", "refresh"])
@table({
    "empty": b"", "half": b'{"email":', "duplicate keys": b'{"email":"a@example.com","email":"b@example.com"}', "duplicate keys, escaped": b'{"email":"a","\\u0065mail":"b"}',
    "BOM": b"\xef\xbb\xbf{}", "tail": b"{}{}", "comment": b"{/**/}", "single quotes": b"{'a':1}", "NaN": b'{"a":NaN}', "1e400": b'{"a":1e400}', "depth": b"[" * 5000,
    "depth, closed": b'{"a":' * 2000 + b"1" + b"}" * 2000, "invalid UTF-8": b'{"a":"\xff"}', "UTF-16": '{"a":1}'.encode("utf-16"), "NUL": b"{}\0",
})
def test_what_is_no_json_is_a_bad_request(merlon, row, where):
    answer = merlon.call("POST", f"/api/auth/{where}", {"Content-Type": "application/json"}, row)
    assert (answer.status, answer.code) == (400, "BAD_REQUEST"), answer


@table({"array": b"[]", "string": b'"x"', "number": b"1", "null": b"null", "true": b"true"})
def test_a_body_that_is_no_object_is_refused(merlon, row):
    assert merlon.call("POST", "/api/auth/login", {"Content-Type": "application/json"}, row).status == 400


def test_a_declared_schema_is_enforced_before_the_upstream(merlon, upstream):
    before = upstream.count
    assert details(merlon.post("/shop/items", {"name": 5, "price": "x", "kind": "car"})) == [
        ("name", '"name" must be a string'), ("price", '"price" must be a number'), ("kind", '"kind" must be one of [book, toy]')]
    assert details(merlon.post("/shop/items", {})) == [("name", '"name" is required'), ("price", '"price" is required')]
    assert merlon.call("POST", "/shop/items", {"Content-Type": "text/plain"}, b"{}").status == 415
    assert upstream.count == before


@table({"empty": b"", "half": b'{"name":', "duplicate keys": b'{"name":"abc","price":1,"price":2}', "duplicate keys, escaped": b'{"name":"abc","price":1,"\\u0070rice":2}',
        "tail": b'{"name":"abc","price":1}{}', "1e400": b'{"name":"abc","price":1e400}', "depth": b"[" * 5000, "invalid UTF-8": b'{"name":"a\xffc","price":1}'})
def test_a_declared_route_passes_no_ambiguous_body(merlon, upstream, row):
    before = upstream.count
    answer = merlon.call("POST", "/shop/items", {"Content-Type": "application/json"}, row)
    assert (answer.status, answer.code, upstream.count) == (400, "BAD_REQUEST", before), answer


@table({"none": {}, "form": {"Content-Type": "application/x-www-form-urlencoded"}, "vendor": {"Content-Type": "application/vnd.x+json"}, "charset": {"Content-Type": "application/json; charset=utf-16"},
        "coded": {"Content-Type": "application/json", "Content-Encoding": "gzip"}, "prefix": {"Content-Type": "application/jsonx"}})
def test_a_declared_route_judges_nothing_but_json(merlon, upstream, row):
    before = upstream.count
    answer = merlon.call("POST", "/shop/items", row, b'{"name":"abc","price":1}')
    assert (answer.status, answer.code, upstream.count) == (415, "UNSUPPORTED_MEDIA_TYPE", before), answer


def test_a_chunked_body_is_judged_and_sent_on_with_its_new_length(merlon):
    data = b'{ "price" : 1.50 , "drop" : null , "name" : "abc" }'
    answer = merlon.call("POST", "/shop/items", {"Content-Type": "Application/JSON; charset=UTF-8", "Transfer-Encoding": "chunked"},
                         b"".join(b"1\r\n%c\r\n" % byte for byte in data) + b"0\r\n\r\n")
    assert answer.status == 200 and answer.json()["body"] == '{"name":"abc","price":1.5}'
    fields = {name.lower(): value for name, value in answer.json()["headers"]}
    assert fields["content-length"] == "26" and "transfer-encoding" not in fields


@table({"unknown keyword": ({"type": "string", "multipleOf": 2}, "/multipleOf"), "nested": ({"type": "object", "properties": {"a": {"type": "strin"}}}, "/properties/a/type"), "no JSON": ("{", "json.malformed")})
def test_a_schema_that_would_not_be_enforced_does_not_start(launch, upstream, row):
    schema, where = row
    server = launch(CONFIG(upstream), files={"schemas/item.json": schema if isinstance(schema, str) else json.dumps(schema)}, ready=False)
    assert server.wait() == 78 and where in server.stderr_text() and "schemas/item.json" in server.stderr_text()


def test_the_upstream_gets_the_body_without_unknown_fields(merlon):
    answer = merlon.post("/shop/items", {"name": "abc", "price": 1.5, "admin": True, "__proto__": {"x": 1}})
    assert answer.status == 200
    assert json.loads(answer.json()["body"]) == {"name": "abc", "price": 1.5}


def test_a_password_never_appears_in_a_message(merlon):
    for password in ("Sp3cial$", "zzz-secret-zzz", "x" * 200):
        for changes in ({"password": password, "email": "x"}, {"password": [password]}, {"password": {password: 1}}):
            assert password not in merlon.post("/api/auth/register", body(**changes)).text


def test_json_corpus_is_judged_by_its_names(merlon):
    """Against a schema that any object fails: y_ objects and arrays are JSON, n_ are a bad request, i_ never a 500."""
    wrong = []
    rows = sorted((corpora("json") / "test_parsing").glob("*.json"))
    assert len(rows) >= 300
    for path in rows:
        answer = merlon.call("POST", "/api/auth/login", {"Content-Type": "application/json"}, path.read_bytes())
        if answer.status != 400 or (path.name.startswith("n_") and answer.code != "BAD_REQUEST"):
            wrong.append((path.name, answer.status))
        elif path.name.startswith("y_object") and "duplicated" not in path.name and answer.code != "VALIDATION_ERROR":
            wrong.append((path.name, answer.code))
    assert not wrong, wrong
