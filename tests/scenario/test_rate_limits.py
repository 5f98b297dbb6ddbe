"""The general limit: per client, fixed window, the seed's numbers and headers, the same for every route."""

import itertools

import pytest

from client import wait_for
from harness import service, table, to_yaml, together


def CONFIG(upstream):
    return {"server": {"trusted_proxies": ["127.0.0.1/32"]}, "limits": {"api": {"max": 10, "window": "15m"}},
            "services": {"free": service(upstream.url, [{"path": "/free/**", "methods": ["GET"], "allow": "public", "limit": "none"}])}}


numbers = itertools.count(1)


def client():
    return {"X-Forwarded-For": f"192.0.2.{next(numbers)}"}


def hit(server, who, target="/open/x", method="GET"):
    return server.call(method, target, who)


def test_headers_count_down_and_the_eleventh_is_refused(merlon, upstream):
    who = client()
    for left in range(9, -1, -1):
        answer = hit(merlon, who)
        assert answer.status == 200
        assert (answer.get("RateLimit-Policy"), answer.get("RateLimit-Limit"), answer.get("RateLimit-Remaining")) == ("10;w=900", "10", str(left))
        assert 0 < int(answer.get("RateLimit-Reset")) <= 900
        assert not answer.all("X-RateLimit-Limit") and not answer.all("Retry-After")
    before = upstream.count
    answer = hit(merlon, who)
    assert answer.status == 429
    assert answer.error == {"code": "RATE_LIMIT_EXCEEDED", "message": "Too many requests, please try again later"}
    assert answer.get("RateLimit-Remaining") == "0"
    assert 0 < int(answer.get("Retry-After")) <= 900
    assert upstream.count == before


@table({"of /api": ("/api/auth/me", 401, 100, "100;w=900"), "of what does not exist": ("/nowhere", 404, 100, "100;w=900"),
        "of a service's routes, with room for pages and their parts": ("/open/x", 200, 600, "600;w=60")})
def test_the_defaults(launch, row):
    target, status, most, policy = row
    server = launch()  # first as the harness writes it, then without the section
    server.config.pop("limits")
    (server.directory / "merlon.yaml").write_text(to_yaml(server.config))
    server.restart()
    with server.connect() as connection:
        first = connection.request("GET", target)
        assert first.get("RateLimit-Policy") == policy
        assert {connection.request("GET", target).status for _ in range(most - 1)} | {first.status} == {status}
        assert connection.request("GET", target).status == 429


def test_a_services_routes_do_not_use_up_what_the_api_has(launch):
    server = launch({"limits": {"api": {"paths": ["/api/**"], "max": 2}, "services": {"max": 3}}})
    assert [server.get("/open/x").status for _ in range(4)] == [200, 200, 200, 429]
    assert [server.get("/api/auth/me").status for _ in range(3)] == [401, 401, 429]


@table({"404": ("/nowhere", "GET", 404), "405": ("/catalog/x", "DELETE", 405), "401": ("/private/x", "GET", 401), "built-in": ("/api/auth/me", "GET", 401), "HEAD": ("/open/x", "HEAD", 200)})
def test_refusals_count_too(merlon, row):
    target, method, status = row
    who = client()
    assert [hit(merlon, who, target, method).status for _ in range(11)] == [status] * 10 + [429]
    assert hit(merlon, who).status == 429, "one count for every route"


def test_a_route_without_limit_does_not_count(merlon):
    who = client()
    assert {hit(merlon, who, "/free/x").status for _ in range(30)} == {200}
    assert hit(merlon, who).status == 200


def test_clients_have_counts_of_their_own(merlon):
    first, second = client(), client()
    assert [hit(merlon, first).status for _ in range(11)][-1] == 429
    assert hit(merlon, second).status == 200


def test_parallel_requests_pass_exactly_the_limit(merlon):
    who = client()
    statuses = together(40, lambda _: hit(merlon, who).status)
    assert statuses.count(200) == 10 and statuses.count(429) == 30, statuses


@table({
    "mapped IPv4 is IPv4": ("203.0.113.5", "::ffff:203.0.113.5", True), "mapped in hex": ("203.0.113.6", "::ffff:cb00:7106", True),
    "same /56": ("2001:db8:1:100::1", "2001:db8:1:1ff:ffff::2", True), "another /56": ("2001:db8:2:100::1", "2001:db8:2:200::1", False),
    "another spelling": ("2001:db8:3:0:0:0:0:1", "2001:DB8:3::1", True), "another address": ("203.0.113.7", "203.0.113.8", False),
})
def test_addresses_of_one_client_share_a_count(merlon, row):
    first, second, same = row
    assert [hit(merlon, {"X-Forwarded-For": first}).status for _ in range(11)][-1] == 429
    assert hit(merlon, {"X-Forwarded-For": second}).status == (429 if same else 200)


@table({
    "the last stranger counts": "198.51.100.{}, 203.0.113.20", "spoofed list": "{0}.{0}.{0}.{0}, 127.0.0.1, 203.0.113.21",
    "junk in front": "<script>{}, 203.0.113.22", "own proxy behind": "198.51.100.{}, 203.0.113.23, 127.0.0.1",
})
def test_only_the_last_address_that_is_no_proxy_counts(merlon, row):
    assert [hit(merlon, {"X-Forwarded-For": row.format(number)}).status for number in range(1, 12)][-1] == 429


@table({"X-Forwarded-For": "X-Forwarded-For", "Forwarded": "Forwarded", "X-Real-IP": "X-Real-IP", "True-Client-IP": "True-Client-IP", "CF-Connecting-IP": "CF-Connecting-IP"})
def test_a_stranger_cannot_choose_the_count(merlon, row):
    source = f"127.0.1.{next(numbers)}"  # not the trusted 127.0.0.1
    statuses = [merlon.get("/open/x", headers={row: f"203.0.113.{number}"}, source=source).status for number in range(11)]
    assert statuses[-1] == 429, statuses


def test_the_window_ends(launch):
    server = launch({"limits": {"api": {"max": 2, "window": "5s"}}})
    assert [server.get("/open/x").status for _ in range(3)] == [200, 200, 429]
    wait_for(lambda: server.get("/open/x").status == 200, what="the next window")


def test_the_headers_show_the_limit_nearest_its_end(launch):
    server = launch({"limits": {"api": {"max": 100}, "auth": {"max": 3}}})
    answer = server.try_login("nobody@example.com", "Wrong$Guess1")
    assert (answer.status, answer.get("RateLimit-Limit"), answer.get("RateLimit-Remaining")) == (401, "3", "2")
    assert server.get("/api/auth/me").get("RateLimit-Limit") == "100"


def test_the_limited_are_counted(merlon):
    who = client()
    before = merlon.metric("merlon_rate_limited_total", limit="api")
    for _ in range(12):
        hit(merlon, who)
    assert merlon.metric("merlon_rate_limited_total", limit="api") - before == pytest.approx(2)
