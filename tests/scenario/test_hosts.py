"""Routes of hosts: the most specific host wins, then the path; the paths of Merlon's own are on all of them. Certificates are chosen
by the host. A listener in the clear sends to https, and only to hosts that were declared."""

import ssl

import client
from harness import certificate, free_port, run, service, table, to_yaml

ANY = {"methods": ["GET", "POST"], "allow": "public"}


def of(upstream, name, host, *routes):
    return service(upstream.url, list(routes) or [{"path": "/**", **ANY, "headers": {"set": {"X-Service": name}}}], **({"host": host} if host else {}))


def CONFIG(upstream):
    return {"cors": {"origins": ["https://partner.example"]}, "services": {
        "echo": None,
        "shop": of(upstream, "shop", "shop.example.com"),
        "blog": of(upstream, "blog", ["blog.example.com", "Blog.Example.NET."],
                   {"path": "/**", **ANY, "headers": {"set": {"X-Service": "blog"}}}, {"path": "/admin/**", "methods": ["GET"], "allow": ["delete:products"]},
                   {"path": "/elsewhere", **ANY, "host": "other.example.com", "headers": {"set": {"X-Service": "elsewhere"}}}),
        "wild": of(upstream, "wild", "*.example.com"),
        "all": of(upstream, "all", None, {"path": "/plain", **ANY, "headers": {"set": {"X-Service": "all"}}},
                  {"path": "/admin/**", "methods": ["GET"], "allow": "public", "headers": {"set": {"X-Service": "all"}}})}}


def who(merlon, host, target="/x", **more):
    answer = merlon.get(target, host=host, **more)
    return answer.get("X-Service") or answer.status


@table({
    "a name": ("shop.example.com", "shop"), "capitals": ("SHOP.Example.com", "shop"), "a port": ("shop.example.com:8443", "shop"), "the root's dot": ("shop.example.com.", "shop"),
    "one of two": ("blog.example.net", "blog"), "below a wildcard": ("api.example.com", "wild"), "deep below": ("a.b.c.example.com", "wild"), "the wildcard itself": ("example.com", 404),
    "a part of a label": ("badexample.com", 404), "a beginning": ("shop.example.com.evil.example", 404), "an address": ("127.0.0.1", 404), "unknown": ("evil.example", 404),
})
def test_the_most_specific_host_wins(merlon, row):
    host, service_name = row
    assert who(merlon, host) == service_name


def test_routes_of_all_hosts_are_there_where_a_host_has_none(merlon):
    assert who(merlon, "evil.example", "/plain") == "all"
    assert who(merlon, "shop.example.com", "/plain") == "shop", "the host comes first"
    assert who(merlon, "other.example.com", "/elsewhere") == "elsewhere" and who(merlon, "blog.example.com", "/elsewhere") == "blog"


def test_merlons_own_paths_are_on_every_host(merlon):
    for host in ("shop.example.com", "api.example.com", "evil.example", "127.0.0.1"):
        assert merlon.get("/health", host=host).json() == {"status": "ok"}
        assert merlon.post("/api/auth/login", {}, host=host).code == "VALIDATION_ERROR"
        assert merlon.get("/api/products", host=host).status == 401


def test_a_guard_of_one_host_is_none_of_another_and_holds_in_every_spelling(merlon):
    for target in ("/admin/x", "/ADMIN/x", "/admin/x/"):
        assert merlon.get(target, host="blog.example.com").status == 401, target
        assert who(merlon, "shop.example.com", target) == "shop" and merlon.get(target, host="shop.example.com").status == 200
    assert who(merlon, "evil.example", "/admin/x") == "all"


def test_a_host_that_hides_in_the_target_or_a_field_is_not_believed(merlon):
    for name in ("X-Forwarded-Host", "X-Host", "Forwarded", "X-Original-Host"):
        assert who(merlon, "evil.example", headers={name: "shop.example.com"}) == 404, name
    assert who(merlon, "shop.example.com", "http://shop.example.com/x") == "shop"
    assert merlon.get("http://blog.example.com/x", host="shop.example.com").status == 400


def test_a_page_of_a_declared_host_is_at_home_and_no_other(merlon, upstream):
    def post(host, origin, **headers):
        return merlon.call("POST", "/x", {"Origin": origin} | headers, host=host)

    for host in ("shop.example.com", "api.example.com", "blog.example.net:8080"):
        answer = post(host, f"http://{host}")
        assert answer.status == 200 and not answer.all("Access-Control-Allow-Origin")
    before = upstream.count
    for host, origin in (("shop.example.com", "http://blog.example.com"), ("shop.example.com", "https://shop.example.com"), ("shop.example.com", "http://shop.example.com:8080"),
                         ("shop.example.com", "null"), ("shop.example.com", "http://shop.example.com.evil.example")):
        assert (post(host, origin).status, upstream.count) == (403, before), origin


def test_a_page_of_the_gateway_is_at_home_without_public_url(launch):
    server = launch()
    at = f"127.0.0.1:{server.port}"
    post = {"Origin": f"http://{at}"}
    assert server.call("POST", "/open/x", post, host=at).status == 200
    assert server.call("POST", "/open/x", {"Origin": "http://localhost"}, host="LOCALHOST:80").status == 200
    for origin in ("https://" + at, "http://127.0.0.1", "http://evil.example", "null"):
        assert server.call("POST", "/open/x", {"Origin": origin}, host=at).status == 403, origin
    assert server.call("POST", "/open/x", {"Origin": "https://app.example", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "app.example"}, host=at).status == 403


def test_a_trusted_proxy_says_where_a_page_is_from(launch):
    server = launch({"server": {"trusted_proxies": ["127.0.0.1/32"]}})
    said = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
    assert server.call("POST", "/open/x", said | {"Origin": "https://app.example"}, host="app.example").status == 200
    assert server.call("POST", "/open/x", said | {"Origin": "https://app.example", "X-Forwarded-Host": "app.example"}, host="10.0.0.7:3000").status == 200
    assert server.call("POST", "/open/x", said | {"Origin": "http://app.example"}, host="app.example").status == 403


def test_with_public_url_a_name_that_nobody_declared_is_no_home(launch):
    """DNS rebinding: the stranger's own name leads here."""
    server = launch({"public_url": "https://api.example.com"})
    assert server.call("POST", "/open/x", {"Origin": "http://evil.example"}, host="evil.example").status == 403
    assert server.call("POST", "/open/x", {"Origin": "https://api.example.com"}, host="10.0.0.7").status == 200


# ---- config check

def check(directory, services, files=None, **more):
    for name, content in (files or {}).items():
        (directory / name).write_bytes(content)
    (directory / "merlon.yaml").write_text(to_yaml({"version": 1, "services": services} | more))
    return run("config", "check", directory=directory)


def routes(*paths, allow="public"):
    return [{"path": path, "methods": ["GET"], "allow": allow} for path in paths]


def test_routes_of_different_hosts_are_no_conflict_and_of_one_host_are(tmp_path):
    at = "http://127.0.0.1:9"
    fine = check(tmp_path, {"a": service(at, routes("/x"), host="a.example"), "b": service(at, routes("/x"), host="b.example"), "c": service(at, routes("/x")),
                            "d": service(at, routes("/X", allow="authenticated"), host="d.example")})
    assert fine.returncode == 0 and fine.stderr == "the configuration is sound\n", fine
    twice = check(tmp_path, {"a": service(at, routes("/x"), host=["a.example", "b.example"]), "b": service(at, routes("/x"), host="B.example.")})
    assert twice.returncode == 78 and "two routes for GET /x on b.example" in twice.stderr, twice
    own = check(tmp_path, {"a": service(at, routes("/health"), host="a.example")})
    assert own.returncode == 78 and "the gateway's own" in own.stderr, own
    spelled = check(tmp_path, {"a": service(at, routes("/x") + routes("/X", allow="authenticated"), host="a.example")})
    assert spelled.returncode == 78 and "ignores case" in spelled.stderr, spelled


def test_a_limit_of_a_host_counts_its_requests_alone(launch, upstream):
    limits = {"shop": {"paths": ["/x"], "host": ["shop.example.com", "*.shop.example.com"], "max": 2}}
    server = launch({"limits": limits | {"api": {"max": 1_000}}, "services": {"echo": of(upstream, "all", None)}})
    for host in ("shop.example.com", "SHOP.example.com:80"):
        assert server.get("/x", host=host).get("RateLimit-Policy") == "2;w=900"
    assert server.get("/x", host="shop.example.com.").status == 429 and server.get("/x", host="a.shop.example.com").status == 429
    for host in ("example.com", "notshop.example.com", "evil.example"):
        assert server.get("/x", host=host).status == 200


def test_a_limit_of_sign_ins_on_one_host_alone_is_a_warning(tmp_path):
    done = check(tmp_path, {"a": service("http://127.0.0.1:9", routes("/x"))}, limits={"auth": {"host": "a.example"}})
    assert done.returncode == 0 and "are not counted" in done.stderr, done


# ---- certificates

def pair(made, name):
    return {f"{name}.crt": made[3], f"{name}.key": made[2]}


def server_with(launch, names, more=None, redirect=None):
    """A server with one certificate for each of `names`, all of one authority; (server, the authority's file)."""
    authority = certificate(names=("authority",), ca=True)
    files = {"ca.pem": authority[3]}
    for number, name in enumerate(names):
        files |= pair(certificate(names=(name,), addresses=(), issuer=authority), f"tls{number}")
    tls = {"certificate": "tls0.crt", "key": "tls0.key",
           "certificates": [{"certificate": f"tls{number}.crt", "key": f"tls{number}.key"} for number in range(1, len(names))]}
    config = {"server": {"tls": tls} | ({"redirect": redirect} if redirect else {})} | (more or {})
    return launch(config, files=files), authority


def presented(server, name):
    """The names in the certificate that a client gets which asks for `name`."""
    context = ssl.create_default_context(cadata=(server.directory / "ca.pem").read_text())
    context.check_hostname = False
    with client.Connection(server.port, tls=context, server_name=name) as connection:
        return {value for kind, value in connection.socket.getpeercert()["subjectAltName"] if kind == "DNS"}


def test_a_client_gets_the_certificate_of_the_host_that_it_asks_for(launch):
    server, _ = server_with(launch, ["a.example", "b.example", "*.c.example"])
    assert presented(server, "a.example") == {"a.example"}
    assert presented(server, "b.example") == {"b.example"} and presented(server, "B.EXAMPLE") == {"b.example"}
    assert presented(server, "x.c.example") == {"*.c.example"}
    assert presented(server, "x.y.c.example") == {"a.example"}, "a certificate's star is one label"
    assert presented(server, "unknown.example") == {"a.example"} and presented(server, None) == {"a.example"}


def test_a_reload_reads_every_certificate_again(launch):
    server, authority = server_with(launch, ["a.example", "b.example"])
    for name, content in pair(certificate(names=("b.example", "new.example"), addresses=(), issuer=authority), "tls1").items():
        (server.directory / name).write_bytes(content)
    server.reload()
    client.wait_for(lambda: presented(server, "new.example") == {"b.example", "new.example"}, what="the new certificate")
    assert presented(server, "a.example") == {"a.example"}


def test_a_host_that_no_certificate_names_is_a_warning(tmp_path):
    first, second = certificate(names=("a.example",)), certificate(names=("*.b.example",))
    tls = {"server": {"tls": {"certificate": "a.crt", "key": "a.key", "certificates": [{"certificate": "b.crt", "key": "b.key"}]}}}
    files = pair(first, "a") | pair(second, "b")
    at = "http://127.0.0.1:9"
    fine = check(tmp_path, {"s": service(at, routes("/x"), host=["a.example", "x.b.example", "*.z.example"])}, files, public_url="https://y.b.example", **tls)
    assert fine.returncode == 0 and fine.stderr == "the configuration is sound\n", fine
    warned = check(tmp_path, {"s": service(at, routes("/x"), host=["c.example"])}, files, public_url="https://d.example", **tls)
    assert warned.returncode == 0 and "does not name c.example, which routes have in host" in warned.stderr and "d.example, which is in public_url" in warned.stderr, warned
    broken = check(tmp_path, {"s": service(at, routes("/x"))}, files | {"b.key": first[2]}, **tls)
    assert broken.returncode == 78 and "b.key is not the key of b.crt" in broken.stderr, broken


# ---- the listener that redirects

def redirecting(launch, upstream, public="https://api.example.com:8443", host="shop.example.com"):
    port = free_port()
    services = {"services": {"echo": of(upstream, "shop", host)}} | ({"public_url": public} if public else {})
    server, _ = server_with(launch, ["api.example.com", "shop.example.com"], services, redirect=f"127.0.0.1:{port}")
    return server, port


def test_a_listener_in_the_clear_sends_to_https_and_keeps_method_path_and_query(launch, upstream):
    server, port = redirecting(launch, upstream)
    for method in ("GET", "POST", "HEAD", "PROPFIND"):
        got = client.fetch(port, method, "/a/b?c=%2F&d", host="shop.example.com:80")
        assert (got.status, got.get("Location")) == (308, "https://shop.example.com:8443/a/b?c=%2F&d")
        assert not got.all("Strict-Transport-Security") and got.all("X-Content-Type-Options") == ["nosniff"]
    assert client.fetch(port, "GET", "/", host="api.example.com").get("Location") == "https://api.example.com:8443/"


@table({"unknown": "evil.example", "a beginning": "shop.example.com.evil.example", "an address": "127.0.0.1", "public_url's": "api.example.com"})
def test_no_client_sends_another_to_a_host_of_its_own(launch, upstream, row):
    server, port = redirecting(launch, upstream)
    assert client.fetch(port, "GET", "/x", host=row).get("Location") == "https://api.example.com:8443/x"
    assert client.fetch(port, "GET", "/x", {"X-Forwarded-Host": "evil.example"}, host=row).get("Location") == "https://api.example.com:8443/x"


def test_no_path_becomes_a_host_and_without_public_url_a_stranger_is_404(launch, upstream):
    server, port = redirecting(launch, upstream, public=None, host="*.example.com")
    assert client.fetch(port, "GET", "/x", host="a.example.com").get("Location") == "https://a.example.com/x"
    assert client.fetch(port, "GET", "/x", host="evil.example").status == 404
    for target in ("//evil.example", "/\\evil.example", "/%2f/evil.example", "/x%0d%0aSet-Cookie:a=1", "/%5cevil.example"):
        assert client.fetch(port, "GET", target, host="a.example.com").status == 400, target
    before = upstream.count
    assert client.fetch(port, "GET", "http://a.example.com/y", host="a.example.com").get("Location") == "https://a.example.com/y"
    assert upstream.count == before


def test_what_redirects_needs_https_and_a_host(tmp_path):
    tls = {"certificate": "a.crt", "key": "a.key"}
    files = pair(certificate(names=("a.example",)), "a")
    at = "http://127.0.0.1:9"

    def done(server, **more):
        return check(tmp_path, {"s": service(at, routes("/x"))}, files, server={"redirect": "127.0.0.1:8080"} | server, **more)

    assert "nothing speaks it" in done({}, public_url="https://a.example").stderr
    assert "to where?" in done({"tls": tls}).stderr
    assert "public_url is not https" in done({"tls": tls}, public_url="http://a.example").stderr
    assert done({"tls": tls}, public_url="https://a.example").returncode == 0
