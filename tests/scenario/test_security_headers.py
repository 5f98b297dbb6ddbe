"""Every answer of the public listener carries the seed's security headers, whoever made it and whatever it says."""

import pytest

import client
from harness import PASSWORD, free_port, service, table

EXPECTED = {
    "Content-Security-Policy": "default-src 'self';base-uri 'self';font-src 'self' https: data:;form-action 'self';frame-ancestors 'self';"
                               "img-src 'self' data: https:;object-src 'none';script-src 'self';script-src-attr 'none';"
                               "style-src 'self' 'unsafe-inline';upgrade-insecure-requests",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-XSS-Protection": "1; mode=block",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Origin-Agent-Cluster": "?1",
    "X-DNS-Prefetch-Control": "off",
    "X-Download-Options": "noopen",
    "X-Permitted-Cross-Domain-Policies": "none",
}


def CONFIG(upstream):
    return {"services": {"dead": service(f"http://127.0.0.1:{free_port()}",
                                                   [{"path": "/dead/**", "methods": ["GET"], "allow": "public"}])}}


def get(target, **headers):
    return client.build("GET", target, headers)


HOST = b"Host: localhost\r\n"


@table({
    "200 of an upstream": (get("/open/x"), 200), "200 of our own": (get("/health"), 200), "200 of the keys": (get("/.well-known/jwks.json"), 200),
    "200 of the description": (get("/openapi.json"), 200), "401": (get("/private/x"), 401), "401 of a bad token": (get("/private/x", Authorization="Bearer x"), 401),
    "404": (get("/nowhere"), 404), "405": (client.build("DELETE", "/catalog/x"), 405), "400 of framing": (b"GET /open/x HTTP/1.1\r\n" + HOST + b"X : y\r\n\r\n", 400),
    "400 of a path": (get("/open/%2f"), 400), "400 of JSON": (client.build("POST", "/api/auth/login", {"Content-Type": "application/json"}, b"{"), 400),
    "403 of CORS": (get("/open/x", Origin="https://evil.example"), 403), "413": (b"POST /open/x HTTP/1.1\r\n" + HOST + b"Content-Length: 99999999\r\n\r\n", 413),
    "414": (get("/open/" + "a" * 9000), 414), "415": (client.build("POST", "/api/auth/login", {"Content-Type": "text/plain"}, b"x"), 415),
    "431": (get("/open/x", **{"X-Big": "a" * 40000}), 431), "502": (get("/dead/x"), (502, 503)), "no HTTP at all": (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", 400),
    "204 of OPTIONS": (client.build("OPTIONS", "/open/x"), (200, 204)),
})
def test_every_answer_carries_them_once(merlon, row):
    data, status = row
    with merlon.connect() as connection:
        connection.try_send(data)
        answer = connection.response()
    assert answer.status in (status if isinstance(status, tuple) else (status,)), answer
    for name, value in EXPECTED.items():
        assert answer.all(name) == [value], name
    assert not answer.all("X-Powered-By")
    assert not any(letter.isdigit() for letter in answer.get("Server", "")), "a version in Server"
    assert len(answer.all("X-Request-ID")) == 1


def test_head_and_limited_answers_carry_them_too(launch):
    server = launch({"limits": {"api": {"max": 2}}})
    server.get("/open/1")
    head = server.call("HEAD", "/open/1")
    limited = server.get("/open/1")
    assert (head.status, limited.status) == (200, 429)
    for answer in (head, limited):
        assert {name: answer.all(name) for name in EXPECTED} == {name: [value] for name, value in EXPECTED.items()}


def test_an_upstreams_own_copy_is_replaced_never_doubled(merlon, upstream):
    fields = "".join(f"{name.lower()}: upstreams-own\r\n" * 2 for name in EXPECTED)
    upstream.on("/open/own", ("HTTP/1.1 200 OK\r\nServer: Apache/2.4.1\r\nX-Powered-By: PHP/5\r\nX-Own: 1\r\n" + fields
                              + "Content-Length: 2\r\n\r\nok").encode())
    answer = merlon.get("/open/own")
    assert answer.body == b"ok" and answer.get("X-Own") == "1"
    for name, value in EXPECTED.items():
        assert answer.all(name) == [value], name
    assert "Apache/2.4.1" not in str(answer.headers) and not answer.all("X-Powered-By")


def test_personal_data_and_tokens_are_not_cached(merlon, user):
    for answer in (merlon.me(user.access), merlon.get("/api/auth/sessions", token=user.access), merlon.try_login(user.email, PASSWORD),
                   merlon.try_refresh(merlon.login(user.email).refresh)):
        assert answer.status == 200
        assert "no-store" in answer.get("Cache-Control")


@pytest.mark.parametrize("name", ["Location", "Set-Cookie", "ETag"])
def test_what_an_upstream_says_otherwise_passes(merlon, upstream, name):
    upstream.on("/open/more", f"HTTP/1.1 200 OK\r\n{name}: \"a\"; b\r\nContent-Length: 0\r\n\r\n".encode())
    assert merlon.get("/open/more").get(name) == '"a"; b'


def test_two_cookies_of_an_upstream_stay_two(merlon, upstream):
    upstream.on("/open/cookies", b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n")
    assert merlon.get("/open/cookies").all("Set-Cookie") == ["a=1", "b=2"]
