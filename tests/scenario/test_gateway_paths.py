"""One canonical path for matching and for forwarding: no spelling reaches a route that was judged as another."""

import pytest

import client
from harness import EVERY_METHOD, service, table


def CONFIG(upstream):
    return {"services": {"echo": service(upstream.url, [
        {"path": "/public/**", "methods": EVERY_METHOD, "allow": "public"},
        {"path": "/admin/**", "methods": EVERY_METHOD, "allow": ["delete:users"]},
        {"path": "/public/locked", "methods": ["GET"], "allow": ["delete:users"]},          # literal before **
        {"path": "/things/{id}", "methods": ["GET"], "allow": "public"},
        {"path": "/things/mine", "methods": ["GET"], "allow": ["delete:users"]},            # literal before {parameter}
        {"path": "/things/{id}/parts/**", "methods": ["GET"], "allow": "public"},
        {"path": "/things/{id}/parts/secret", "methods": ["GET"], "allow": ["delete:users"]},
        {"path": "/exact", "methods": ["GET", "POST"], "allow": "public"},
    ])}}


def raw(server, target, method="GET", headers=()):
    with server.connect() as connection:
        return connection.request(method, target, headers)


BAD = {
    "encoded slash": "/public%2Fadmin", "encoded slash, lower case": "/public%2fadmin", "encoded backslash": "/public/%5C..%5Cadmin",
    "encoded backslash, lower case": "/public/%5cadmin", "encoded NUL": "/public/x%00", "NUL then suffix": "/admin%00/../public",
    "backslash": "/public/..\\admin", "backslash first": "\\admin", "fragment": "/public/x#/admin", "empty fragment": "/public/x#",
    "encoded dot segment": "/public/%2e%2e/admin", "half encoded": "/public/.%2e/admin", "half encoded, other half": "/public/%2e./admin",
    "encoded, upper case": "/public/%2E%2E/admin", "encoded single dot": "/public/%2e/admin", "dot dot encoded slash": "/public/..%2fadmin",
    "double encoded dots with a slash": "/public/%2e%2e%2fadmin", "cut escape": "/public/x%", "cut escape of one": "/public/x%2",
    "escape of no hex": "/public/x%zz", "percent u": "/public/%u002e%u002e/admin",
    "overlong slash": "/public/%c0%af../admin", "overlong dot": "/public/%c0%ae%c0%ae/admin", "invalid UTF-8": "/public/%ff%fe",
    "8-bit bytes": b"/public/\xff\xfe", "raw UTF-8": "/public/é", "space": "/public/a b", "tab": "/public/a\tb", "DEL": "/public/\x7f",
    "no leading slash": "public/x", "empty": "", "star with GET": "*", "other scheme": "ftp://localhost/public/x",
    "encoded CR LF": "/public/x%0d%0aX-User-Id:%20admin", "raw vertical tab": "/public/\x0b",
}


@table(BAD)
def test_a_spelling_that_hides_its_meaning_is_400(merlon, upstream, row):
    before = upstream.count
    answer = raw(merlon, row)
    if row == "/public/x%0d%0aX-User-Id:%20admin":
        # Forwarded re-encoded, or refused: never as a line break.
        assert answer.status == 400 or answer.json()["target"].lower() == row.lower(), answer
        return
    assert answer.status == 400, answer
    assert upstream.count == before, "the upstream saw it"


@table({
    "dot dot": "/public/../admin/x", "two of them": "/public/a/../../admin/x", "dot dot at the end": "/public/..",
    "double slash": "//admin/x", "double slash inside": "/public//../admin/x", "dot": "/public/./../admin/x",
    "dot first": "/./admin/x", "triple slash": "///admin/x", "many slashes": "/public////x",
    "above the root": "/../../admin/x", "dot dot dot": "/public/.../x",
    "matrix parameter": "/public/..;/admin/x", "matrix parameter with a value": "/public/..;x=1/admin/x", "matrix at the name": "/admin;x=1/x",
    "trailing dot": "/admin./x", "trailing encoded space": "/admin%20/x", "double encoding": "/public/%252e%252e/admin/x",
    "double encoded slash": "/public%252fadmin", "capitals": "/ADMIN/x", "encoded letter": "/%61dmin/x", "full width": "/%EF%BD%81dmin/x",
    "absolute form": "http://localhost/admin/x", "absolute form with dots": "http://localhost/public/../admin/x",
    "trailing slash": "/admin/", "query with dots": "/public/x?/../admin", "nested locked": "/public/./locked",
    "locked encoded": "/public/%6cocked", "locked double slash": "/public//locked", "locked trailing slash": "/public/locked/",
    "mine encoded": "/things/m%69ne", "mine dot": "/things/./mine", "secret encoded": "/things/1/parts/secre%74",
})
def test_no_spelling_reaches_what_needs_a_permission(merlon, upstream, row):
    """Judged as what is forwarded, or refused: whatever the upstream sees must be a public path in canonical form."""
    upstream.clear()
    answer = raw(merlon, row)
    assert answer.status in (200, 400, 401, 403, 404), answer
    for received in upstream.received:
        path = received.path
        segments = path.split("/")
        assert not path.startswith("/admin") and "/../" not in path + "/" and "/./" not in path + "/" and "//" not in path, path
        assert path not in ("/public/locked", "/things/mine", "/things/1/parts/secret"), path
        assert ".." not in segments and "." not in segments
        assert "%2e" not in path.lower() and "%2f" not in path.lower() and "%5c" not in path.lower(), path
    if answer.status == 200:
        assert upstream.count == 1


@table({
    "plain": ("/public/a", "/public/a"), "escaped letter is decoded once": ("/public/%61bc", "/public/abc"),
    "double encoding stays once encoded": ("/public/%2561", "/public/%2561"), "query as it came": ("/public/a?b=%2F&c=/../d&e", "/public/a?b=%2F&c=/../d&e"),
    "empty query value": ("/public/a?b=", "/public/a?b="), "space stays escaped": ("/public/a%20b", "/public/a%20b"),
    "UTF-8 stays escaped": ("/public/%C3%A9", "/public/%C3%A9"), "sub-delimiters": ("/public/a,b=c!$&'()*+@:", "/public/a,b=c!$&'()*+@:"),
    "tilde": ("/public/~a", "/public/~a"), "absolute form": ("http://localhost/public/a", "/public/a"),
    "parameter": ("/things/7", "/things/7"), "rest of the path": ("/things/7/parts/a/b/c", "/things/7/parts/a/b/c"),
    "literal": ("/exact", "/exact"),
})
def test_the_upstream_gets_the_canonical_form(merlon, row):
    sent, forwarded = row
    answer = raw(merlon, sent)
    assert answer.status == 200, answer
    assert answer.json()["target"] == forwarded


@table({
    "nothing": "/", "prefix of a route": "/publi", "longer than a literal": "/exact/more", "name that continues": "/publicly/x",
    "parameter is one segment": "/things/1/2", "empty parameter": "/things/", "well-known of nobody": "/.well-known/security.txt",
    "internal": "/internal/v1/users", "metrics": "/metrics", "readyz": "/readyz", "livez": "/livez", "debug": "/debug/pprof", "git": "/.git/config",
})
def test_a_path_that_no_route_names_is_404(merlon, upstream, row):
    before = upstream.count
    answer = raw(merlon, row)
    assert (answer.status, answer.code) == (404, "NOT_FOUND"), answer
    assert upstream.count == before


@table({
    "X-Original-URL": "X-Original-URL", "X-Rewrite-URL": "X-Rewrite-URL", "X-Forwarded-Path": "X-Forwarded-Path",
    "X-HTTP-Method-Override": "X-HTTP-Method-Override", "X-HTTP-Method": "X-HTTP-Method", "X-Method-Override": "X-Method-Override",
    "x-middleware-subrequest": "x-middleware-subrequest", "X-Forwarded-Uri": "X-Forwarded-Uri",
})
def test_a_field_that_rewrites_requests_has_no_power(merlon, upstream, row):
    value = "DELETE" if "method" in row.lower() else "/admin/x"
    answer = raw(merlon, "/public/x", headers=[(row, value)])
    assert answer.status == 200
    assert (answer.json()["method"], answer.json()["target"]) == ("GET", "/public/x")
    if row in ("X-Original-URL", "X-Rewrite-URL", "X-HTTP-Method-Override"):
        assert row.lower() not in [name.lower() for name, _ in answer.json()["headers"]], "it passed"
    assert raw(merlon, "/admin/x", headers=[(row, "/public/x" if value != "DELETE" else "GET")]).status == 401


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "TRACK", "PROPFIND", "LINK", "PURGE", "FOO", "get"])
def test_a_method_that_no_route_names_never_reaches_the_upstream(merlon, upstream, method):
    before = upstream.count
    with merlon.connect() as connection:
        answer = connection.request(method, "/public/x" if method != "CONNECT" else "localhost:80")
    assert answer.status in (400, 405, 501), answer
    assert upstream.count == before


def test_wrong_method_names_the_right_ones(merlon):
    answer = raw(merlon, "/exact", "DELETE")
    assert (answer.status, answer.code) == (405, "METHOD_NOT_ALLOWED")
    assert {"GET", "POST"} <= {one.strip() for one in answer.get("Allow").split(",")}
    assert "DELETE" not in answer.get("Allow")


@table({
    "none": b"", "two": b"Host: localhost\r\nHost: localhost\r\n", "two that differ": b"Host: localhost\r\nHost: evil\r\n",
    "with a path": b"Host: localhost/admin\r\n", "with a user": b"Host: a@localhost\r\n", "with a space": b"Host: local host\r\n",
    "with a bad port": b"Host: localhost:99999\r\n", "with letters as port": b"Host: localhost:x\r\n", "list": b"Host: localhost, evil\r\n",
    "with a backslash": b"Host: localhost\\x\r\n",
})
def test_host_is_one_and_well_formed(merlon, upstream, row):
    before = upstream.count
    answers, closed = client.exchange(merlon.port, b"GET /public/x HTTP/1.1\r\n" + row + b"\r\n")
    assert [answer.status for answer in answers] == [400]
    assert closed
    assert upstream.count == before


def test_absolute_form_that_disagrees_with_host_is_not_ambiguous(merlon, upstream):
    """RFC 9112 section 3.2.2: the target's authority wins over Host; refusing the disagreement is as good."""
    upstream.clear()
    answer = raw(merlon, "http://evil.example/public/x")
    assert answer.status in (200, 400)
    if answer.status == 200:
        seen = upstream.received[-1]
        assert seen.get("X-Forwarded-Host") == "evil.example"
