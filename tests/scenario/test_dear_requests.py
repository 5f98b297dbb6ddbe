"""No request costs more than ten plain ones of its size: for every field, list, path, query and body the dearest input that the
limits let in. What is compared is the server's CPU time, in one run."""

import json
import pathlib

import pytest

import client
from harness import service
from upstream import Upstream

PLAIN_TIMES = 10
ROUNDS = 3
REQUESTS = 40
HEAD_BYTES = 31_000
BODY_BYTES = 900_000
SCHEMA = {"type": "object", "properties": {"name": {"type": "string", "pattern": "^(a+)+$", "maxLength": 1_000_000}, "list": {"type": "array", "items": {"type": "integer"}}}}


def fill(piece, total):
    return (piece * (total // len(piece) + 1))[:total]


def many(prefix, piece):
    """As many fields as a request may have, with as much in each as there is room for."""
    names = [f"{prefix}{number}" for number in range(90)]
    return [(name, fill(piece, HEAD_BYTES // 90 - len(name) - 4)) for name in names]


HEADS = {
    "one field with many members": [("Accept", fill("a/b;q=0.1,", HEAD_BYTES))],
    "languages": [("Accept-Language", fill("a,", HEAD_BYTES))],
    "empty members of Connection": [("Connection", fill(",", HEAD_BYTES))],
    "empty members of Connection beside many fields": [("Connection", fill(",", 20_000))] + [(f"A{n}", "b" * 100) for n in range(90)],
    "many members of Connection": [("Connection", fill("a,", HEAD_BYTES))],
    "many fields": many("X-", "y"),
    "many names that fold": many("X.User-", "y"),
    "many claims of a proxy": many("X-Forwarded-A", "y,"),
    "many addresses": [("X-Forwarded-For", fill("203.0.113.1, ", HEAD_BYTES))],
    "many addresses of IPv6": [("X-Forwarded-For", fill("[2001:db8::1]:443,", HEAD_BYTES))],
    "many lines of addresses": many("X-Forwarded-For", "1.1.1.1,")[:1] + [("X-Forwarded-For", fill("::,", 300)) for _ in range(80)],
    "cookies": [("Cookie", fill("a=b; ", HEAD_BYTES))],
    "a token that is none": [("Authorization", "Bearer " + fill("a.", HEAD_BYTES))],
    "a token with a long head": [("Authorization", "Bearer " + fill("e30", HEAD_BYTES) + ".e30.AAAA")],
    "a trace": [("traceparent", fill("00-", HEAD_BYTES))],
    "etags": [("If-None-Match", fill('"a",', HEAD_BYTES)), ("If-Match", '"a"')],
    "an origin": [("Origin", "https://" + fill("a.", HEAD_BYTES))],
    "an expectation of much": [("TE", fill("trailers,", HEAD_BYTES))],
    "a key": [("Idempotency-Key", fill("k", HEAD_BYTES))],
    "a forwarded field": [("Forwarded", fill("for=1.1.1.1;by=2.2.2.2,", HEAD_BYTES))],
    "an upgrade to many": [("Connection", "Upgrade"), ("Upgrade", fill("a,", HEAD_BYTES))],
}
TARGETS = {
    "encoded": "/open/" + fill("%41", 8_000), "encoded letters of more bytes": "/open/" + fill("%F0%9F%92%A9", 7_992), "segments": "/open/" + fill("a/", 8_000),
    "capitals": "/open/" + fill("A", 8_000), "a query": "/open/x?" + fill("a=1&", 8_000), "a query without values": "/open/x?" + fill("&", 8_000),
    "an encoded query": "/open/x?a=" + fill("%26", 8_000), "parameters": "/items/" + fill("a/", 7_990), "no route": "/none/" + fill("a/", 8_000),
}
BODIES = {
    "numbers": '{"list":[' + fill("1,", BODY_BYTES) + "1]}", "nested arrays": '{"any":' + "[" * 60 + fill("[],", BODY_BYTES).rstrip(",[") + "]" * 60 + "}",
    "strings that need a backslash": '{"name":"' + fill("\\u0061", BODY_BYTES) + '"}', "a pattern that others go back in": '{"name":"' + "a" * BODY_BYTES + '!"}',
    "members": "{" + ",".join(f'"m{n}":1' for n in range(60_000)) + "}", "the same member again and again": "{" + fill('"a":1,', BODY_BYTES).rstrip(',"a:1') + '"b":1}',
    "long numbers": '{"any":[' + ",".join(["1" * 400] * 2_000) + "]}",
    "spaces": '{"any":' + " " * BODY_BYTES + "1}", "empty objects": '{"any":[' + fill("{},", BODY_BYTES - 1) + "{}]}",
}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    from harness import Merlon
    with Upstream(keep_raw=False) as upstream:
        routes = [{"path": "/open/**", "methods": ["GET"], "allow": "public", "limit": "none"},
                  {"path": "/items/{a}/{b}/**", "methods": ["GET"], "allow": "public", "limit": "none"},
                  {"path": "/judged", "methods": ["POST"], "allow": "public", "schema": "schema.json", "limit": "none"}]
        upstream.watch = lambda received: None
        server = Merlon(tmp_path_factory.mktemp("dear"), {"server": {"workers": 1, "trusted_proxies": ["127.0.0.1/32"]}, "limits": {"api": {"paths": ["/api/**"], "max": 1_000_000}},
                                                          "cors": {"origins": ["https://shop.example"]}, "services": {"echo": service(upstream.url, routes)}},
                        files={"schema.json": json.dumps(SCHEMA)}).start()
        yield server
        server.stop()


def cpu_ns(server):
    tasks = pathlib.Path(f"/proc/{server.process.pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks)


def cost(server, data, count):
    """CPU time of the server for one of these requests, on connections of their own."""
    began = cpu_ns(server)
    for _ in range(count):
        with server.connect() as connection:
            connection.try_send(data)
            connection.response()
    return (cpu_ns(server) - began) / count


def compare(server, dear, plain, count=REQUESTS):
    cost(server, plain, 5)
    cost(server, dear, 5)
    dear_ns = min(cost(server, dear, count) for _ in range(ROUNDS))
    plain_ns = min(cost(server, plain, count) for _ in range(ROUNDS))
    print(f"{dear_ns / 1000:.0f} µs, plain {plain_ns / 1000:.0f} µs: {dear_ns / plain_ns:.1f} times")
    assert dear_ns <= PLAIN_TIMES * plain_ns, f"{dear_ns / 1000:.0f} µs of CPU, a plain one {plain_ns / 1000:.0f}"


@pytest.mark.parametrize("name", HEADS)
def test_no_head_costs_more_than_ten_plain_ones_of_its_size(served, name):
    fields = "".join(f"{field}: {value}\r\n" for field, value in HEADS[name])
    dear = f"GET /open/x HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n".encode()
    plain = f"GET /open/x HTTP/1.1\r\nHost: localhost\r\nX-Plain: {'y' * (len(fields) - 12)}\r\n\r\n".encode()
    compare(served, dear, plain)


@pytest.mark.parametrize("name", TARGETS)
def test_no_target_costs_more_than_ten_plain_ones_of_its_size(served, name):
    target = TARGETS[name]
    plain = "/open/" + "a" * (len(target) - 6)
    compare(served, client.build("GET", target), client.build("GET", plain))


@pytest.mark.parametrize("name", BODIES)
def test_no_body_costs_more_than_ten_plain_ones_of_its_size(served, name):
    fields = {"Content-Type": "application/json"}
    item = '{"id":4711,"name":"some words of a name"},'
    plain = '{"any":[' + item * (len(BODIES[name]) // len(item)) + "{}]}"
    compare(served, client.build("POST", "/judged", fields, BODIES[name].encode()), client.build("POST", "/judged", fields, plain.encode()), 5)


@pytest.mark.parametrize("name", ["registration", "login", "an address"])
def test_no_form_costs_more_than_ten_plain_ones_of_its_size(served, name):
    forms = {"registration": ("/api/auth/register", {"email": fill("a.", 20_000) + "@b.example", "password": "x" * 100, "firstName": "ﷺ" * 6_000, "lastName": "́" * 10_000}),
             "login": ("/api/auth/login", {"email": fill("a.", 60_000) + "@b.example", "password": "x"}), "an address": ("/api/auth/login", {"email": "a@" + fill("ü.", 40_000), "password": "x"})}
    path, form = forms[name]
    dear = json.dumps(form, ensure_ascii=False).encode()
    plain = json.dumps({"email": "no address", "password": "x" * (len(dear) - 40)}).encode()
    fields = {"Content-Type": "application/json"}
    compare(served, client.build("POST", path, fields, dear), client.build("POST", path, fields, plain))
