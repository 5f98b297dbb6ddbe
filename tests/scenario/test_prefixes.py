"""A service behind a prefix, or below a base path: what it gets is its own path, and what it says of its paths, hosts and cookies
is true for the client. What was judged is what it gets."""

import pytest

import client
from harness import EVERY_METHOD, run, service, table, to_yaml
from upstream import answer, header

OPEN = {"methods": EVERY_METHOD, "allow": "public"}


def CONFIG(upstream):
    return {"services": {
        "shop": service(upstream.url, [{"path": "/shop/**", **OPEN}, {"path": "/shop/admin/**", "methods": ["GET"], "allow": ["delete:products"]}],
                        strip_prefix="/shop"),
        "based": service(upstream.url + "/v2/", [{"path": "/based/**", **OPEN}]),
        "both": service(upstream.url + "/v2/x", [{"path": "/a/b/**", **OPEN}], strip_prefix="/a/b"),
        "kept": service(upstream.url, [{"path": "/kept/**", **OPEN}], preserve_host=True, host=["shop.example.com", "*.example.net", "localhost"]),
        "dav": service(upstream.url, [{"path": "/dav/**", "methods": ["GET", "PUT", "PROPFIND", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH", "OPTIONS"],
                                       "allow": "public"},
                                      {"path": "/dav/admin/**", "methods": ["GET", "PUT", "COPY", "MOVE"], "allow": ["delete:products"]},
                                      {"path": "/dav/inbox/**", "methods": ["PUT"], "allow": ["delete:products"]}], strip_prefix="/dav"),
        "echo": None}}


def says(upstream, path, *headers, status=302):
    upstream.on(path, lambda received, link: answer(link, status, b"", headers))


@table({
    "below the prefix": ("/shop/items/7?a=%2Fshop#".rstrip("#"), "/items/7?a=%2Fshop"), "the prefix alone": ("/shop", "/"), "a slash": ("/shop/", "/"),
    "an escape": ("/%73hop/caf%c3%a9", "/caf%C3%A9"), "below a base": ("/based/x?y", "/v2/based/x?y"), "both": ("/a/b/c/", "/v2/x/c/"), "both alone": ("/a/b", "/v2/x"),
    "the prefix twice": ("/shop/shop/x", "/shop/x"), "a prefix's look-alike inside": ("/shop/based", "/based"),
})
def test_a_service_gets_its_own_path(merlon, row):
    target, path = row
    got = merlon.get(target).json()
    assert got["target"] == path
    assert header(got, "X-Forwarded-Prefix") == (["/a/b"] if "/a/b" in target else ["/shop"] if "based" not in target or "/shop" in target else [])


def test_a_client_says_no_prefix(merlon):
    for target in ("/shop/x", "/based/x"):
        assert header(merlon.get(target, headers={"X-Forwarded-Prefix": "/evil"}).json(), "X-Forwarded-Prefix") in (["/shop"], [])


@table({
    "dots": "/shop/../based/x", "encoded dots": "/shop/%2e%2e/based/x", "an encoded slash": "/shop/..%2fbased", "two slashes": "/shop//evil.example", "a backslash": "/shop/\\evil.example",
    "an encoded backslash": "/shop/%5cevil.example", "twice encoded": "/shop/%252e%252e/x", "a parameter": "/shop/..;/x",
})
def test_no_path_leaves_the_prefix_or_the_base(merlon, upstream, row):
    before = upstream.count
    for start in ("/shop", "/based", "/a/b"):
        assert merlon.get(row.replace("/shop", start, 1)).status == 400
    assert upstream.count == before


def test_what_is_judged_is_the_clients_path(merlon, admin):
    for target in ("/shop/admin/x", "/shop/ADMIN/x", "/shop/admin/", "/%73hop/admin"):
        assert merlon.get(target).status == 401, target
    assert merlon.get("/shop/admin/x", token=admin.access).json()["target"] == "/admin/x"
    assert merlon.get("/Shop/admin/x").status == 404, "a prefix has its case"


@table({
    "a path": ("/items", "/shop/items"), "its own host": ("http://{host}/items?a=1#f", "/shop/items?a=1#f"), "the root": ("http://{host}", "/shop/"), "public already": ("/shop/items", "/shop/items"),
    "relative": ("items", "items"), "another host": ("https://idp.example/x", "https://idp.example/x"), "another host without a scheme": ("//evil.example/x", "//evil.example/x"),
})
def test_where_a_service_sends_is_where_the_client_can_go(merlon, upstream, row):
    said, told = row
    said = said.replace("{host}", f"127.0.0.1:{upstream.port}")
    says(upstream, "/go", ("Location", said), ("Content-Location", said), ("Refresh", f"0; url={said}"))
    got = merlon.get("/shop/go")
    assert (got.get("Location"), got.get("Content-Location"), got.get("Refresh")) == (told, told, f"0; url={told}")


def test_a_base_is_taken_off_again(merlon, upstream):
    says(upstream, "/v2/based/go", ("Location", "/v2/based/next"))
    assert merlon.get("/based/go").get("Location") == "/based/next"
    says(upstream, "/v2/x/go", ("Location", f"http://127.0.0.1:{upstream.port}/v2/x/next"))
    assert merlon.get("/a/b/go").get("Location") == "/a/b/next"


@table({"two slashes": "http://{host}//evil.example/x", "a backslash": "http://{host}/\\evil.example/x", "with a base": "/v2//evil.example/x"})
def test_no_redirect_becomes_another_host(merlon, upstream, row):
    for path, target in (("/v2/based/open", "/based/open"), ("/kept/open", "/kept/open")):
        says(upstream, path, ("Location", row.replace("{host}", f"127.0.0.1:{upstream.port}")))
        told = merlon.get(target).get("Location")
        assert not told.startswith(("//", "/\\")), told


def test_cookies_have_the_path_and_domain_that_the_client_knows(merlon, upstream):
    says(upstream, "/cookies", ("Set-Cookie", "a=1; Path=/; HttpOnly"), ("Set-Cookie", "b=2; Path=/items; SameSite=Lax"), ("Set-Cookie", "__Host-c=3; Path=/; Secure"),
         ("Set-Cookie", "d=/; Domain=127.0.0.1"), ("Set-Cookie", "e=5"))
    got = merlon.get("/shop/cookies", host="shop.example.com")
    assert got.all("Set-Cookie") == ["a=1; Path=/shop; HttpOnly", "b=2; Path=/shop/items; SameSite=Lax", "__Host-c=3; Path=/; Secure", "d=/", "e=5"]


def test_the_clients_host_reaches_a_service_that_asked_for_it_and_no_other(merlon, upstream):
    for host in ("shop.example.com", "a.b.example.net:8443", "SHOP.example.com"):
        got = merlon.get("/kept/x", host=host).json()
        assert header(got, "Host") == [host] and header(got, "X-Forwarded-Host") == [host]
        assert header(merlon.get("/shop/x", host=host).json(), "Host") == [f"127.0.0.1:{upstream.port}"]
    before = upstream.count
    for host in ("evil.example", "example.net", "shop.example.com.evil.example"):
        assert merlon.get("/kept/x", host=host).status == 404
    assert merlon.get("/kept/x", host="shop.example.com/../x").status == 400
    assert upstream.count == before


def test_a_service_learns_the_address_and_the_port(merlon):
    with merlon.connect() as connection:
        got = connection.request("GET", "/shop/x", {"X-Real-IP": "192.0.2.1", "X-Forwarded-Port": "1"}, host="shop.example.com:8443").json()
    assert header(got, "X-Real-IP") == header(got, "X-Forwarded-For") == ["127.0.0.1"] and header(got, "X-Forwarded-Port") == ["8443"]
    assert header(merlon.get("/shop/x", host="shop.example.com").json(), "X-Forwarded-Port") == ["80"]
    assert header(merlon.get("/shop/x", host="[::1]").json(), "X-Forwarded-Port") == ["80"]


def test_a_trusted_proxy_says_the_address_and_the_port(launch, upstream):
    server = launch({"server": {"trusted_proxies": ["127.0.0.1/32"]}})
    sent = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Port": "8443", "X-Forwarded-Proto": "https", "X-Real-IP": "192.0.2.1"}
    got = server.get("/open/x", headers=sent).json()
    assert header(got, "X-Real-IP") == ["203.0.113.9"] and header(got, "X-Forwarded-Port") == ["8443"]
    for port in ("0", "65536", "8443, 1", "x"):
        assert header(server.get("/open/x", headers=sent | {"X-Forwarded-Port": port}).json(), "X-Forwarded-Port") == ["443"]


# ---- WebDAV

@pytest.mark.parametrize("method", ["PROPFIND", "MKCOL", "LOCK", "UNLOCK", "REPORT", "SEARCH", "OPTIONS"])
def test_a_registered_method_that_is_declared_passes(merlon, method):
    got = merlon.call(method, "/dav/x", {"Depth": "1"}).json()
    assert (got["method"], got["target"], header(got, "Depth")) == (method, "/x", ["1"])


def test_one_that_is_not_declared_is_405_and_one_that_is_none_501(merlon, upstream):
    before = upstream.count
    refused = merlon.call("PROPFIND", "/shop/x")
    assert refused.status == 405 and "PROPFIND" not in refused.get("Allow") and "GET" in refused.get("Allow")
    assert "PROPFIND" in merlon.call("DELETE", "/dav/x").get("Allow")
    for method in ("BREW", "TRACE", "CONNECT", "propfind", "PRI"):
        answers, closed = client.exchange(merlon.port, f"{method} /dav/x HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert [one.status for one in answers] == [501] and closed, method
    assert upstream.count == before


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
def test_a_destination_is_judged_and_is_the_services_own(merlon, upstream, admin, method):
    def send(destination, token=None):
        return merlon.call(method, "/dav/a", {"Destination": destination}, token=token)

    for there in ("/dav/b%2Dc", "http://localhost/dav/b-c"):
        got = send(there).json()
        assert header(got, "Destination") == [f"http://127.0.0.1:{upstream.port}/b-c"]
    before = upstream.count
    for there in ("/dav/admin/b", "http://localhost/dav/admin/b", "/dav/ADMIN/b", "/dav/admin/b/", "/dav/%61dmin/b", "/dav/inbox/b", "/dav/INBOX/b"):
        assert send(there).status == 401, there  # also where only PUT is guarded: it writes
    for there in ("/shop/x", "/api/products", "/nowhere", "/health"):
        assert send(there).status == 403, there
    for there in ("http://evil.example/dav/b", "/dav/../shop/x", "/dav/%2e%2e/x", "//evil.example/x", "dav/b", "ftp://localhost/dav/b", "", "/dav/b#c"):
        assert send(there).status == 400, there
    twice = merlon.call(method, "/dav/a", [("Destination", "/dav/b"), ("Destination", "/dav/admin/b")])
    assert twice.status == 400 and upstream.count == before
    assert send("/dav/admin/b", admin.access).status == 200
    assert header(merlon.call("PUT", "/dav/a", {"Destination": "as it is"}, body=b"x").json(), "Destination") == ["as it is"], "a field like others elsewhere"


def test_a_method_that_names_paths_in_its_body_is_a_warning_beside_a_stricter_route(tmp_path):
    def routes(methods, allow):
        return [{"path": "/dav/**", "methods": methods, "allow": "public"}, {"path": "/dav/admin", "methods": ["GET"], "allow": allow}]

    assert "REPORT names other paths in its body" in check(tmp_path, routes(["GET", "REPORT"], ["read:products"]), paths="exact").stderr
    for same in (routes(["GET", "REPORT"], "public"), routes(["GET", "PROPFIND", "COPY"], ["read:products"])):
        assert check(tmp_path, same, paths="exact").stderr == "the configuration is sound\n"


# ---- what browsers send

@table({"brackets": ("/shop/a[1]", "/a%5B1%5D"), "a bar": ("/shop/a|b", "/a%7Cb"), "a caret": ("/shop/a^b", "/a%5Eb")})
def test_what_browsers_send_raw_is_encoded(merlon, row):
    raw, sent = row
    assert merlon.get(raw).json()["target"] == sent


@pytest.mark.parametrize("byte", ['"', "<", ">", "`", "{", "}", "\\"])
def test_what_browsers_encode_is_400_raw(merlon, byte):
    assert merlon.get(f"/shop/a{byte}b").status == 400


# ---- what config check says

def check(directory, routes=("/shop/x",), url="http://127.0.0.1:9", **more):
    declared = service(url, [{"path": path, "methods": ["GET"], "allow": "public"} if isinstance(path, str) else path for path in routes], **more)
    (directory / "merlon.yaml").write_text(to_yaml({"version": 1, "services": {"shop": declared}}))
    return run("config", "check", directory=directory)


@table({
    "a route beside the prefix": ({"routes": ["/shop/x", "/shopping"], "strip_prefix": "/shop"}, "/shopping is not below /shop"),
    "a slash at the end": ({"strip_prefix": "/shop/"}, "no path such as"), "the root": ({"strip_prefix": "/"}, "no path such as"), "no slash": ({"strip_prefix": "shop"}, "no path such as"),
    "a parameter": ({"routes": ["/{a}/x"], "strip_prefix": "/{a}"}, "no path such as"), "dots": ({"url": "http://127.0.0.1:9/../x"}, "host, port and a path"),
    "a query": ({"url": "http://127.0.0.1:9/x?y"}, "host, port and a path"), "two bases": ({"url": ["http://127.0.0.1:9/a", "http://127.0.0.1:8/b"]}, "the same path"),
    "one path to the service": ({"routes": [{"path": "/shop", "methods": ["GET"], "allow": ["read:products"]}, "/shop/**"], "strip_prefix": "/shop", "paths": "exact"},
                                "both / to the service"),
    "a host with a port": ({"host": "a.example:80"}, "without a port"), "a URL": ({"host": "https://a.example"}, "not a URL"), "a star alone": ({"host": "*"}, "every host"),
})
def test_what_a_declaration_may_not_say(tmp_path, row):
    settings, words = row
    done = check(tmp_path, **settings)
    assert done.returncode == 78 and words in done.stderr, done


def test_a_host_that_anybody_may_name_is_a_warning(tmp_path):
    assert "clients may name any host" in check(tmp_path, preserve_host=True).stderr
    assert check(tmp_path, preserve_host=True, host="a.example").stderr == "the configuration is sound\n"
