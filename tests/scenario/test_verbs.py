"""Verbs, for every path that the description tells of: only those of the route table do anything, however one asks for another."""

import pytest

from harness import table

UNKNOWN = "0192f0c8-2f5e-7a52-9c1d-0a3f5f6e7d21"
VERBS = {"GET", "PUT", "POST", "PATCH", "DELETE"}
EXAMPLE = {"name": "Desk", "description": "", "price": 1, "currency": "EUR", "stock": 5}


@pytest.fixture(scope="module")
def paths(merlon):
    """Path → the verbs it has."""
    described = merlon.get("/openapi.json").json()["paths"]
    return {path.replace("{id}", UNKNOWN): {verb.upper() for verb in verbs} for path, verbs in described.items()}


def allowed(answer):
    return {verb.strip() for verb in answer.get("Allow").split(",")}


def test_every_other_verb_is_405_and_names_those_that_are_there(merlon, paths, admin):
    tried = 0
    for path, verbs in paths.items():
        for verb in VERBS - verbs:
            for token in (None, admin.access):
                answer = merlon.call(verb, path, token=token)
                assert (answer.status, answer.code) == (405, "METHOD_NOT_ALLOWED"), (verb, path, answer)
                assert allowed(answer) & VERBS == verbs, (verb, path, answer)
                tried += 1
    assert tried > 60, tried


def test_head_is_get_without_its_body(merlon, paths, admin):
    tried = 0
    for path, verbs in paths.items():
        if "GET" not in verbs:
            continue
        for token in (None, admin.access):
            get, head = merlon.get(path, token=token), merlon.call("HEAD", path, token=token)
            assert (head.status, head.body) == (get.status, b""), (path, head, get)
            assert head.get("Content-Type") == get.get("Content-Type") and head.get("Cache-Control") == get.get("Cache-Control"), (path, head, get)
            tried += 1
    assert tried > 16, tried


def test_options_needs_no_token_tells_what_is_there_and_does_nothing(merlon, paths):
    for path, verbs in paths.items():
        answer = merlon.call("OPTIONS", path)
        assert answer.status == 204 and not answer.body, (path, answer)
        assert allowed(answer) & VERBS == verbs, (path, answer)


@table({"X-HTTP-Method-Override": ("X-HTTP-Method-Override", ""), "X-HTTP-Method": ("X-HTTP-Method", ""), "X-Method-Override": ("X-Method-Override", ""), "a query": (None, "?_method=DELETE")})
def test_nothing_in_a_request_turns_its_verb_into_another(merlon, user, admin, row):
    name, query = row
    product = merlon.post("/api/products", EXAMPLE, token=admin.access).data
    headers = [(name, "DELETE")] if name else []
    for token in (user.access, admin.access):
        merlon.call("GET", f"/api/products/{product['id']}{query}", headers, token=token)
        merlon.call("POST", f"/api/products/{product['id']}{query}", headers, token=token)
        assert merlon.get(f"/api/products/{product['id']}", token=token).data == product


@table({"lower": "delete", "mixed": "Delete", "with a space behind": "DELETE ", "with a tab": "DELETE\t", "of another protocol": "PROPFIND", "longer": "DELETED"})
def test_a_verb_spelt_otherwise_does_nothing(merlon, admin, row):
    product = merlon.post("/api/products", EXAMPLE, token=admin.access).data
    with merlon.connect() as connection:
        connection.send(f"{row} /api/products/{product['id']} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {admin.access}\r\n\r\n".encode())
        answer = connection.response()
    assert answer.status in (400, 405, 501), answer
    assert merlon.get(f"/api/products/{product['id']}", token=admin.access).data == product
