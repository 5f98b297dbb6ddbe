"""What ordinary clients, services and proxies send, and stricter gateways trip over."""

import client
from harness import service, table


def raw(link, *lines, body=b""):
    link.send("\r\n".join([*lines, "", ""]).encode() + body)


def header(response, name):
    return [value for given, value in response.json()["headers"] if given.lower() == name]


def test_an_answer_with_trailers_arrives_whole_and_without_them(merlon, upstream):
    upstream.on("/open/trailers", lambda _, link: raw(
        link, "HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "Trailer: Digest",
        body=b"5\r\nhello\r\n6\r\n world\r\n0\r\nDigest: sha-256=x\r\nContent-Length: 3\r\n\r\n"))
    with client.Connection(merlon.port) as connection:
        for _ in range(3):
            got = connection.request("GET", "/open/trailers")
            assert (got.status, got.body) == (200, b"hello world")
            assert got.get("Digest") is None and got.get("Trailer") is None
        assert connection.request("GET", "/open/x").status == 200


def test_an_upgrade_that_means_nothing_here_is_ignored_also_with_a_body(merlon):
    """Java's client offers h2c with every request of its own accord."""
    offer = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAMAAABk"}
    got = merlon.call("POST", "/open/x", offer, b"hello")
    assert got.status == 200 and got.json()["length"] == 5
    assert not header(got, "upgrade") and not header(got, "http2-settings") and not header(got, "connection")
    assert merlon.call("POST", "/open/x", {"Connection": "Upgrade", "Upgrade": "websocket"}, b"hello").code == "BAD_REQUEST"


@table({
    "of a body in chunks": (["HTTP/1.1 200 OK", "Transfer-Encoding: chunked"], None), "of a body until the end": (["HTTP/1.1 200 OK", "Connection: close"], None),
    "of a known length": (["HTTP/1.1 200 OK", "Content-Length: 12345"], "12345"),
})
def test_head_gets_the_length_that_there_is_and_none_that_is_made_up(merlon, upstream, row):
    lines, length = row
    upstream.on("/open/head", lambda _, link: raw(link, *lines))
    with client.Connection(merlon.port) as connection:
        got = connection.request("HEAD", "/open/head")
        assert (got.status, got.get("Content-Length"), got.body) == (200, length, b"")
        assert connection.request("GET", "/open/x").status == 200


@table({"without a length": ([], None), "with the length of the whole": (["Content-Length: 12345"], "12345")})
def test_not_modified_gets_no_length_of_its_own(merlon, upstream, row):
    lines, length = row
    upstream.on("/open/cached", lambda _, link: raw(link, "HTTP/1.1 304 Not Modified", 'ETag: "1"', *lines))
    with client.Connection(merlon.port) as connection:
        got = connection.request("GET", "/open/cached", {"If-None-Match": '"1"'})
        assert (got.status, got.get("Content-Length"), got.get("ETag")) == (304, length, '"1"')
        assert connection.request("GET", "/open/x").status == 200


@table({"POST": ["0"], "PUT": ["0"], "PATCH": ["0"], "GET": [], "DELETE": []})
def test_a_request_without_a_body_says_so_where_a_body_is_expected(merlon, row, request):
    method = request.node.callspec.id
    for headers in ({}, {"Content-Length": "0"}):
        assert header(merlon.call(method, "/open/x", headers), "content-length") == row


@table({
    "an address with a port": ("203.0.113.1:5001", "203.0.113.1"), "an IPv6 address with a port": ("[2001:db8::1]:443", "2001:db8::1"),
    "behind another": ("6.6.6.6:1, 203.0.113.1:5001, 127.0.0.1:80", "203.0.113.1"), "no port": ("203.0.113.1:x", "127.0.0.1"),
})
def test_addresses_with_ports_are_the_clients(launch, row):
    """Azure's gateways write them so: without it everybody is the proxy."""
    forwarded, expected = row
    server = launch({"server": {"trusted_proxies": ["127.0.0.1"]}})
    assert header(server.get("/open/x", headers={"X-Forwarded-For": forwarded}), "x-forwarded-for") == [expected]


def test_http_1_0_without_host_gets_health_and_nothing_else(merlon, upstream):
    """As HAProxy's httpchk asks."""
    def ask(port, path, version=b"1.0"):
        (got,), closed = client.exchange(port, b"GET " + path + b" HTTP/" + version + b"\r\n\r\n")
        return got.status, closed
    assert ask(merlon.port, b"/health") == (200, True)
    for path in (b"/livez", b"/readyz", b"/metrics"):
        assert ask(merlon.admin_port, path) == (200, True), path
    before = upstream.count
    for path in (b"/open/x", b"/private/x", b"/api/products", b"/nothing"):
        assert ask(merlon.port, path) == (400, True), path
    assert ask(merlon.port, b"/health", b"1.1") == (400, True)
    assert upstream.count == before


def test_a_route_may_name_head_beside_get(launch, upstream):
    routes = [{"path": "/both", "methods": ["GET", "HEAD"], "allow": "public"}, {"path": "/apart", "methods": ["GET"], "allow": "public"},
              {"path": "/apart", "methods": ["HEAD"], "allow": ["delete:users"]}]
    server = launch({"services": {"echo": service(upstream.url, routes)}})
    assert server.get("/both").status == 200 and server.call("HEAD", "/both").status == 200
    assert server.get("/apart").status == 200 and server.call("HEAD", "/apart").status == 401
