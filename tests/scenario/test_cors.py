"""CORS: an exact allow-list with credentials; a stranger is stopped before anything happens."""

from harness import standard_routes, table

SHOP = "https://shop.example.com"
CONFIG = {"cors": {"origins": [SHOP, "https://admin.example.com:8443"], "credentials": True},
          "public_url": "https://api.example.com"}


def listed(answer, name):
    return {one.strip() for one in answer.get(name, "").split(",")}


@table({"first": SHOP, "with a port": "https://admin.example.com:8443"})
def test_a_listed_origin_may_read_answers(merlon, row):
    answer = merlon.get("/open/x", headers={"Origin": row})
    assert answer.status == 200
    assert answer.get("Access-Control-Allow-Origin") == row
    assert answer.get("Access-Control-Allow-Credentials") == "true"
    assert {"X-Total-Count", "X-Page-Count"} <= listed(answer, "Access-Control-Expose-Headers")
    assert "Origin" in ", ".join(answer.all("Vary"))


def test_errors_are_readable_for_a_listed_origin(merlon):
    for target, status in (("/private/x", 401), ("/nowhere", 404)):
        answer = merlon.get(target, headers={"Origin": SHOP})
        assert (answer.status, answer.get("Access-Control-Allow-Origin")) == (status, SHOP)


def test_a_preflight_is_answered_without_the_upstream(merlon, upstream):
    before = upstream.count
    answer = merlon.call("OPTIONS", "/private/x", {"Origin": SHOP, "Access-Control-Request-Method": "PUT",
                                                   "Access-Control-Request-Headers": "authorization,content-type"})
    assert answer.status == 204
    assert answer.get("Access-Control-Allow-Origin") == SHOP
    assert answer.get("Access-Control-Allow-Credentials") == "true"
    assert listed(answer, "Access-Control-Allow-Methods") == {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
    assert listed(answer, "Access-Control-Allow-Headers") == {"Content-Type", "Authorization", "X-Request-ID"}
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
