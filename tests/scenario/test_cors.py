"""CORS: an exact allow-list with credentials; a stranger is stopped before anything happens."""

from client import build
from harness import run, standard_routes, table, to_yaml

SHOP = "https://shop.example.com"
CONFIG = {"cors": {"origins": [SHOP, "https://admin.example.com:8443"], "credentials": True},
          "public_url": "https://api.example.com"}
ALLOWED = {"Content-Type", "Authorization", "X-Request-ID", "Idempotency-Key", "If-Match", "traceparent", "tracestate"}
EXPOSED = {"X-Total-Count", "X-Page-Count", "RateLimit-Policy", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Retry-After",
           "X-Request-ID", "ETag", "Location"}


def listed(answer, name):
    return {one.strip() for one in answer.get(name, "").split(",")}


@table({"first": SHOP, "with a port": "https://admin.example.com:8443"})
def test_a_listed_origin_may_read_answers(merlon, row):
    answer = merlon.get("/open/x", headers={"Origin": row})
    assert answer.status == 200
    assert answer.get("Access-Control-Allow-Origin") == row
    assert answer.get("Access-Control-Allow-Credentials") == "true"
    assert listed(answer, "Access-Control-Expose-Headers") == EXPOSED
    assert answer.all("Vary") == ["Origin"]


def test_errors_are_readable_for_a_listed_origin(merlon):
    for target, status in (("/private/x", 401), ("/nowhere", 404)):
        answer = merlon.get(target, headers={"Origin": SHOP})
        assert (answer.status, answer.get("Access-Control-Allow-Origin")) == (status, SHOP)


@table({"two slashes": "/open//x", "an encoded slash": "/open/a%2Fb", "an encoded zero": "/open/%00", "dots": "/../open"})
def test_a_refusal_of_a_path_is_readable_for_a_listed_origin_and_for_nobody_else(merlon, row):
    refused = merlon.get(row, headers={"Origin": SHOP})
    assert (refused.status, refused.get("Access-Control-Allow-Origin"), refused.all("Vary")) == (400, SHOP, ["Origin"])
    assert refused.get("Access-Control-Allow-Credentials") == "true" and listed(refused, "Access-Control-Expose-Headers") == EXPOSED
    for headers in ({"Origin": "https://evil.example"}, {}):
        answer = merlon.get(row, headers=headers)
        assert (answer.status, answer.code, answer.all("Vary")) == (400, refused.code, ["Origin"])
        assert not [name for name, _ in answer.headers if name.lower().startswith("access-control-")]
    preflight = merlon.call("OPTIONS", row, {"Origin": SHOP, "Access-Control-Request-Method": "PUT"})
    assert preflight.status == 400, "no page may send what would be refused"


BEFORE_A_HUNDRED = [("Origin", SHOP), *((f"X-{number}", "1") for number in range(110))]


@table({
    "a long target": ("/open/" + "a" * 9_000, [("Origin", SHOP)], 414), "too many fields": ("/open/x", BEFORE_A_HUNDRED, 431), "two hosts": ("/open/x", [("Host", "x"), ("Origin", SHOP)], 400),
    "two framings": ("/open/x", [("Origin", SHOP), ("Content-Length", "1"), ("Transfer-Encoding", "chunked")], 400), "a fragment": ("/open/x#y", [("Origin", SHOP)], 400),
    "an expectation": ("/open/x", [("Origin", SHOP), ("Expect", "more")], 417), "no known method": ("/open/x", [("Origin", SHOP)], 501, "BREW"),
})
def test_a_refusal_of_a_head_is_readable_for_a_listed_origin_and_for_nobody_else(merlon, row):
    target, fields, status, *method = row
    answer = merlon.call(*method or ["GET"], target, fields)
    assert (answer.status, answer.get("Access-Control-Allow-Origin"), answer.all("Vary")) == (status, SHOP, ["Origin"])
    assert answer.get("Access-Control-Allow-Credentials") == "true" and listed(answer, "Access-Control-Expose-Headers") == EXPOSED
    strange = [(name, "https://evil.example" if name == "Origin" else value) for name, value in fields]
    for others in (strange, [one for one in fields if one[0] != "Origin"]):
        answer = merlon.call(*method or ["GET"], target, others)
        assert answer.status == status and not readable(answer) and answer.all("Vary") == ["Origin"], answer


def readable(answer):
    return [name for name, _ in answer.headers if name.lower().startswith("access-control-")]


@table({
    "two origins": ("/open/x", [("Origin", SHOP), ("Origin", SHOP)], 400), "behind too many fields": ("/open/x", BEFORE_A_HUNDRED[1:] + BEFORE_A_HUNDRED[:1], 431),
    "in a head that has no end": ("/open/x", [("Origin", SHOP), ("X-Long", "a" * 40_000)], 431), "in a line that is none": ("/open/x", [("Origin ", SHOP)], 400),
})
def test_where_it_cannot_be_known_who_asks_nobody_reads_the_refusal(merlon, row):
    target, fields, status = row
    answer = merlon.call("GET", target, fields)
    assert answer.status == status and not readable(answer) and answer.all("Vary") == ["Origin"], answer


def test_an_earlier_requests_origin_is_not_taken_for_a_later_ones(merlon):
    with merlon.connect() as connection:
        connection.send(build("GET", "/open/x", [("Origin", SHOP)]))
        assert connection.response().get("Access-Control-Allow-Origin") == SHOP
        connection.send(b"GET /open/x HTTP/1.1 \r\nHost: x\r\n\r\n")
        answer = connection.response()
    assert answer.status == 400 and not readable(answer), answer


def test_a_refusal_of_a_head_has_the_form_that_was_asked_for(merlon):
    answer = merlon.call("GET", "/open/" + "a" * 9_000, [("Accept", "application/problem+json")])
    assert answer.status == 414 and answer.get("Content-Type").startswith("application/problem+json") and answer.json()["code"] == "URI_TOO_LONG"


def test_a_preflight_is_answered_without_the_upstream(merlon, upstream):
    before = upstream.count
    answer = merlon.call("OPTIONS", "/private/x", {"Origin": SHOP, "Access-Control-Request-Method": "PUT",
                                                   "Access-Control-Request-Headers": "authorization,content-type"})
    assert answer.status == 204
    assert answer.get("Access-Control-Allow-Origin") == SHOP
    assert answer.get("Access-Control-Allow-Credentials") == "true"
    assert listed(answer, "Access-Control-Allow-Methods") == {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
    assert listed(answer, "Access-Control-Allow-Headers") == ALLOWED
    assert answer.get("Access-Control-Max-Age") == "86400"
    assert "Origin" in ", ".join(answer.all("Vary"))
    assert upstream.count == before


@table({
    "another": "https://evil.example", "null": "null", "http instead of https": "http://shop.example.com", "with a port": SHOP + ":444",
    "default port spelled out": SHOP + ":443", "prefix": SHOP + ".evil.example", "suffix": "https://evilshop.example.com", "subdomain": "https://a.shop.example.com",
    "capitals": "https://SHOP.example.com", "trailing slash": SHOP + "/", "path": SHOP + "/x", "two": f"{SHOP} https://evil.example", "comma": f"{SHOP},https://evil.example",
    "star": "*", "dot": SHOP + ".", "user": "https://shop.example.com@evil.example", "regex dot": "https://shopXexample.com", "host itself": "http://localhost",
    "underscore": SHOP + "_.evil.example", "backtick": SHOP + "`.evil.example", "file": "file://",
})
def test_a_stranger_is_stopped(merlon, upstream, row):
    before = upstream.count
    for method, more in (("GET", {}), ("POST", {}), ("OPTIONS", {"Access-Control-Request-Method": "GET"})):
        answer = merlon.call(method, "/open/x", {"Origin": row} | more)
        assert (answer.status, answer.code, answer.error["message"]) == (403, "FORBIDDEN", "Not allowed by CORS")
        assert not [name for name, _ in answer.headers if name.lower().startswith("access-control-")]
        assert "Origin" in ", ".join(answer.all("Vary"))
    assert upstream.count == before, "a stranger's request had its effect"


def test_two_origins_in_one_request_are_not_a_way_in(merlon, upstream):
    before = upstream.count
    answer = merlon.call("GET", "/open/x", [("Origin", SHOP), ("Origin", "https://evil.example")])
    assert answer.status in (400, 403)
    assert upstream.count == before


def test_our_own_origin_and_no_origin_pass(merlon):
    assert merlon.get("/open/x", headers={"Origin": "https://api.example.com"}).status == 200
    answer = merlon.get("/open/x")
    assert answer.status == 200
    assert not answer.all("Access-Control-Allow-Origin")
    assert "Origin" in ", ".join(answer.all("Vary")), "a cache would mix answers with and without"


def test_an_upstreams_own_cors_fields_do_not_open_the_door(merlon, upstream):
    upstream.on("/open/cors", b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Allow-Credentials: true\r\nContent-Length: 0\r\n\r\n")
    answer = merlon.get("/open/cors", headers={"Origin": SHOP})
    assert answer.all("Access-Control-Allow-Origin") == [SHOP]
    assert "*" not in merlon.get("/open/cors").all("Access-Control-Allow-Origin")


def test_the_seeds_variable_names_the_origins(launch, upstream):
    server = launch({"services": {"echo": {"url": upstream.url, "routes": standard_routes()}}},
                    env={"CORS_ORIGIN": "https://a.example,https://b.example"})
    for origin, status in (("https://a.example", 200), ("https://b.example", 200), ("https://c.example", 403), ("https://a.example,https://b.example", 403)):
        assert server.get("/open/x", headers={"Origin": origin}).status == status, origin


def preflight(server, target, method="GET"):
    return server.call("OPTIONS", target, {"Origin": SHOP, "Access-Control-Request-Method": method})


def test_lists_add_to_the_defaults_and_a_services_to_those(launch, upstream):
    lists = {"headers": ["X-Tenant", "content-type"], "exposed": ["X-Trace"]}
    own = {"headers": ["X-Part"], "exposed": ["Content-Disposition"]}
    server = launch({"cors": {"origins": [SHOP]} | lists, "services": {
        "files": {"url": upstream.url, "cors": own, "routes": [{"path": "/files/**", "methods": ["PUT"], "allow": "authenticated"}]},
        "echo": {"url": upstream.url, "routes": standard_routes()}}})
    for target, method, headers, exposed in (
            ("/open/x", "GET", {"X-Tenant"}, {"X-Trace"}), ("/api/products", "GET", {"X-Tenant"}, {"X-Trace"}), ("/nowhere", "GET", {"X-Tenant"}, {"X-Trace"}),
            ("/files/a", "PUT", {"X-Tenant", "X-Part"}, {"X-Trace", "Content-Disposition"})):
        asked = preflight(server, target, method)
        assert (asked.status, listed(asked, "Access-Control-Allow-Headers")) == (204, ALLOWED | headers), target
        refused = server.call(method, target, {"Origin": SHOP})
        assert listed(refused, "Access-Control-Expose-Headers") == EXPOSED | exposed, target


@table({"no name": "X Tenant", "a list": "X-A, X-B", "star": "*", "empty": "", "a line break": "X-A\r\nX-B"})
def test_a_list_holds_names_only(tmp_path, row):
    for config in ({"cors": {"headers": [row]}}, {"services": {"a": {"url": "http://127.0.0.1:1", "cors": {"exposed": [row]}, "routes": []}}}):
        (tmp_path / "merlon.yaml").write_text(to_yaml(config))
        done = run("config", "check", directory=tmp_path)
        assert done.returncode == 78 and "is no name of a header field" in done.stderr, done


@table({
    "none": (b"", "Origin"), "another": (b"Vary: Accept-Encoding\r\n", "Origin, Accept-Encoding"), "ours": (b"Vary: origin\r\n", "Origin"),
    "both, in lines": (b"Vary: Accept\r\nVary: Origin, Accept-Encoding\r\n", "Origin, Accept, Accept-Encoding"), "everything": (b"Vary: *\r\n", "Origin, *"),
})
def test_one_vary_says_all(merlon, upstream, row):
    """Some caches and CDNs read the first of two lines."""
    lines, vary = row
    upstream.on("/open/vary", b"HTTP/1.1 200 OK\r\n" + lines + b"Content-Length: 0\r\n\r\n")
    for headers in ({}, {"Origin": SHOP}):
        assert merlon.get("/open/vary", headers=headers).all("Vary") == [vary]


def test_without_origins_an_upstreams_vary_stands_as_it_is(launch, upstream):
    upstream.on("/open/vary", b"HTTP/1.1 200 OK\r\nVary: Accept\r\nVary: Origin\r\nContent-Length: 0\r\n\r\n")
    assert launch().get("/open/vary").all("Vary") == ["Accept", "Origin"]
