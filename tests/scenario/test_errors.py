"""Failures: one envelope, one table of codes, nothing of our insides."""

import re

import pytest

import client
from harness import table

JSON = {"Content-Type": "application/json"}
CASES = {
    "400": (("POST", "/api/auth/login", JSON, b"{"), 400, "BAD_REQUEST"), "400 validation": (("POST", "/api/auth/login", JSON, b"{}"), 400, "VALIDATION_ERROR"),
    "401": (("GET", "/private/x"), 401, "UNAUTHORIZED"), "401 token": (("GET", "/private/x", {"Authorization": "Bearer x"}), 401, "INVALID_TOKEN"),
    "404": (("GET", "/nowhere"), 404, "NOT_FOUND"), "405": (("DELETE", "/catalog/x"), 405, "METHOD_NOT_ALLOWED"),
    "405 of our own": (("GET", "/api/auth/login"), 405, "METHOD_NOT_ALLOWED"), "405 of health": (("DELETE", "/health"), 405, "METHOD_NOT_ALLOWED"),
    "413": (("POST", "/api/auth/login", JSON | {"Content-Length": str(2 << 20)}, b""), 413, "PAYLOAD_TOO_LARGE"),
    "414": (("GET", "/open/" + "a" * 8300), 414, "URI_TOO_LONG"), "415": (("POST", "/api/auth/login", {"Content-Type": "application/xml"}, b"<a/>"), 415, "UNSUPPORTED_MEDIA_TYPE"),
    "415 without a type": (("POST", "/api/auth/login", {}, b"{}"), 415, "UNSUPPORTED_MEDIA_TYPE"), "415 form": (("POST", "/api/auth/login", {"Content-Type": "application/x-www-form-urlencoded"}, b"a=b"), 415, "UNSUPPORTED_MEDIA_TYPE"),
    "431 bytes": (("GET", "/open/x", {"X-A": "a" * 33_000}), 431, "HEADERS_TOO_LARGE"), "431 fields": (("GET", "/open/x", {f"X-{n}": "a" for n in range(101)}), 431, "HEADERS_TOO_LARGE"),
}


def send(server, request):
    with server.connect() as connection:
        connection.try_send(client.build(*request))
        return connection.response(request[0])


@table(CASES)
def test_a_failure_is_the_seeds_envelope(merlon, row):
    request, status, code = row
    answer = send(merlon, request)
    assert (answer.status, answer.code) == (status, code), answer
    assert answer.get("Content-Type") == "application/json; charset=utf-8"
    assert set(answer.json()) == {"success", "error"} and answer.json()["success"] is False
    assert {"code", "message"} <= set(answer.error) <= {"code", "message", "details", "required"}
    assert isinstance(answer.error["message"], str) and answer.error["message"]
    assert not re.search(r"(?i)\.cc|\.h:|/src/|sqlite|select |boost|exception|0x[0-9a-f]{6}|stack|std::|errno|terminate", answer.text)


@table({name: CASES[name] for name in ("400 validation", "401", "404", "405", "415")})
def test_problem_json_for_those_who_prefer_it(merlon, row):
    (method, target, *rest), status, code = row
    headers = dict(rest[0]) if rest else {}
    for accept, expected in (("application/problem+json", True), ("application/problem+json, application/json;q=0.5", True), ("application/json, application/problem+json;q=0.5", False), ("*/*", False)):
        answer = send(merlon, (method, target, headers | {"Accept": accept}, *rest[1:]))
        assert answer.status == status
        if expected:
            assert answer.get("Content-Type").startswith("application/problem+json")
            assert answer.json()["code"] == code and answer.json()["status"] == status and answer.json()["title"]
        else:
            assert answer.code == code


@table({"target": b"GET /open/" + b"a" * 8186 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", "fields": b"GET /open/x HTTP/1.1\r\nHost: localhost\r\n" + b"".join(b"X-%d: a\r\n" % n for n in range(99)) + b"\r\n", "header bytes": b"GET /open/x HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 31_000 + b"\r\n\r\n"})
def test_at_the_limit_is_within_it(merlon, row):
    with merlon.connect() as connection:
        connection.send(row)
        assert connection.response().status == 200


@table({"length": {"Content-Length": str((1 << 20) + 1)}, "over 32 bits": {"Content-Length": "4294967297"}})
def test_a_body_over_the_limit_is_refused_by_its_length(merlon, upstream, row):
    before = upstream.count
    with merlon.connect() as connection:
        connection.send(client.build("POST", "/open/x", row, b""))
        assert connection.response().code == "PAYLOAD_TOO_LARGE"
        assert connection.is_closed()
    assert upstream.count == before


def test_a_chunked_body_over_the_limit_is_cut_off(merlon, upstream):
    with merlon.connect() as connection:
        connection.send(client.build("POST", "/open/cutoff", {"Transfer-Encoding": "chunked"}, b""))
        for _ in range(40):
            if not connection.try_send(b"10000\r\n" + b"x" * 65536 + b"\r\n"):
                break
        try:
            assert connection.response().status == 413
        except client.Closed:
            pytest.fail("closed without saying 413")
    assert all(one.length <= (1 << 20) + 65536 for one in upstream.seen("/open/cutoff"))


@table({"/open/x": "/open/x", "/health": "/health", "/api/auth/me": "/api/auth/me", "/.well-known/jwks.json": "/.well-known/jwks.json"})
def test_every_path_answers_head_and_options(merlon, row):
    options = merlon.call("OPTIONS", row)
    assert options.status in (200, 204) and "GET" in options.get("Allow")
    head = merlon.call("HEAD", row)
    assert head.status == merlon.get(row).status and head.body == b""


def test_health_and_description_stand_as_they_are(merlon):
    assert merlon.get("/health").json() == {"status": "ok"}
    document = merlon.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert {"/api/auth/register", "/api/auth/login", "/api/auth/refresh", "/api/auth/logout", "/api/auth/me"} <= set(document["paths"])


@table({
    "no token": (("GET", "/private/x"), 401, "Bearer"),
    "a token that is none": (("GET", "/private/x", {"Authorization": "Bearer x"}), 401, 'Bearer error="invalid_token"'),
    "a wrong password": (("POST", "/api/auth/login", JSON, b'{"email":"nobody@example.com","password":"Horse$Battery9"}'), 401, None),
    "a wrong refresh token": (("POST", "/api/auth/refresh", JSON, b'{"refreshToken":"x"}'), 401, None),
    "a stranger's origin": (("GET", "/open/x", {"Origin": "https://evil.example"}), 403, None),
})
def test_only_a_wrong_token_is_called_one(merlon, row):
    """A client refreshes its token and repeats the request when it is told that the token is wrong."""
    request, status, challenge = row
    answer = send(merlon, request)
    assert answer.status == status, answer
    assert answer.all("WWW-Authenticate") == ([challenge] if challenge else [])


def test_a_missing_permission_says_insufficient_scope(merlon):
    answer = merlon.get("/api/users", token=merlon.register().access)
    assert (answer.status, answer.code) == (403, "FORBIDDEN")
    assert answer.get("WWW-Authenticate") == 'Bearer error="insufficient_scope"'


@table({"402": (402, "Payment Required"), "410": (410, "Gone"), "422": (422, "Unprocessable Content"), "451": (451, "Unavailable For Legal Reasons"), "507": (507, "Insufficient Storage")})
def test_an_upstreams_status_has_its_registered_phrase(merlon, upstream, row):
    status, phrase = row
    upstream.on(f"/open/status/{status}", b"HTTP/1.1 %d Whatever\r\nContent-Length: 0\r\n\r\n" % status)
    answer = merlon.get(f"/open/status/{status}")
    assert (answer.status, answer.reason) == (status, phrase)
