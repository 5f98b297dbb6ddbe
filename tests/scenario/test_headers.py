"""`headers` and `request_headers`: fields set, removed and left to a service, for all, a service and a route. None of them gives a
client or a service a power that it must not have."""

from harness import run, service, table, to_yaml
from upstream import answer, header

CSP = "script-src 'nonce-7f3'"
ROUTES = [{"path": "/open/**", "methods": ["GET", "POST"], "allow": "public"},
          {"path": "/open/own", "methods": ["GET"], "allow": "public", "headers": {"set": {"X-Frame-Options": "SAMEORIGIN"}, "remove": ["X-Team"]}},
          {"path": "/private/**", "methods": ["GET"], "allow": ["read:profile"]}]
OTHER = [{"path": "/other/**", "methods": ["GET"], "allow": "public"}]
ENV = {"CATALOG_KEY": "key-of-the-catalogue"}


def CONFIG(upstream):
    return {
        "headers": {"set": {"Referrer-Policy": "no-referrer", "Permissions-Policy": "camera=()"}, "remove": ["X-AspNet-Version"]},
        "services": {
            "echo": service(upstream.url, ROUTES,
                            headers={"set": {"X-Team": "catalogue", "Cache-Control": "public, max-age=60"}, "remove": ["X-Powered-By", "X-Debug"],
                                     "keep": ["Content-Security-Policy"]},
                            request_headers={"set": {"X-Api-Key": "env:CATALOG_KEY", "X-Env": "test"}, "remove": ["Cookie", "Authorization"]}),
            "other": service(upstream.url, OTHER)}}


def says(upstream, path, *headers):
    upstream.on(path, lambda received, link: answer(link, 200, b"ok", headers))


def test_a_request_gets_what_is_set_and_loses_what_is_removed(merlon, user):
    sent = {"X-Api-Key": "a client's", "x-api-key": "once more", "Cookie": "a=1", "X-Env": "prod", "X-Kept": "1"}
    got = merlon.get("/private/x", headers=sent, token=user.access).json()
    assert header(got, "X-Api-Key") == ["key-of-the-catalogue"] and header(got, "X-Env") == ["test"]
    assert not header(got, "Cookie") and not header(got, "Authorization") and header(got, "X-Kept") == ["1"]
    assert header(got, "X-User-Id") == [user.id], "who asks is still said"
    other = merlon.get("/other/x", headers=sent).json()
    assert not header(other, "X-Env") == ["test"] and header(other, "Cookie") == ["a=1"], "another service has none of it"


def test_a_response_gets_what_is_set_and_loses_what_is_removed(merlon, upstream):
    said = [("X-Team", "its own"), ("X-Debug", "trace"), ("X-AspNet-Version", "4"), ("Referrer-Policy", "unsafe-url"), ("X-Kept", "1")]
    says(upstream, "/open/said", *said)
    says(upstream, "/other/said", *said)
    got = merlon.get("/open/said")
    assert got.all("X-Team") == ["catalogue"] and got.all("Referrer-Policy") == ["no-referrer"] and got.all("X-Kept") == ["1"]
    assert not got.all("X-Debug") and not got.all("X-AspNet-Version") and got.all("Cache-Control") == ["public, max-age=60"]
    other = merlon.get("/other/said")
    assert other.all("X-Team") == ["its own"] and other.all("X-Debug") == ["trace"] and not other.all("X-AspNet-Version")
    for answered in (got, other, merlon.get("/health"), merlon.get("/nowhere"), merlon.get("/open//x")):
        assert answered.all("Permissions-Policy") == ["camera=()"] and answered.all("Referrer-Policy") == ["no-referrer"]


def test_a_route_has_the_last_word(merlon, upstream):
    says(upstream, "/open/own")
    own, other = merlon.get("/open/own"), merlon.get("/open/else")
    assert own.all("X-Frame-Options") == ["SAMEORIGIN"] and not own.all("X-Team")
    assert other.all("X-Frame-Options") == ["DENY"] and other.all("X-Team") == ["catalogue"]


def test_a_services_own_policy_stands_where_it_is_kept_and_ours_where_it_says_none(merlon, upstream):
    for path in ("/open/page", "/other/page"):
        says(upstream, path, ("Content-Security-Policy", CSP), ("X-Frame-Options", "ALLOWALL"))
    kept = merlon.get("/open/page")
    assert kept.all("Content-Security-Policy") == [CSP] and kept.all("X-Frame-Options") == ["DENY"]
    assert "default-src 'self'" in merlon.get("/open/none").get("Content-Security-Policy")
    assert "default-src 'self'" in merlon.get("/other/page").get("Content-Security-Policy"), "not of another service"


def test_a_policy_that_connection_takes_away_is_ours(merlon, upstream):
    says(upstream, "/open/hop", ("Content-Security-Policy", "script-src *"), ("Connection", "Content-Security-Policy"))
    assert "default-src 'self'" in merlon.get("/open/hop").get("Content-Security-Policy")


def test_a_refusal_has_the_policy_of_its_route_and_no_field_of_a_body(merlon):
    refused = merlon.get("/private/x")
    assert refused.status == 401 and refused.all("X-Team") == ["catalogue"] and len(refused.all("Content-Security-Policy")) == 1
    assert refused.all("Cache-Control") != ["public, max-age=60"], "a cache would keep the refusal"


def check(directory, services=None, **more):
    config = {"version": 1, **more}
    if services:
        config["services"] = {"echo": service("http://127.0.0.1:9", OTHER, **services)}
    (directory / "merlon.yaml").write_text(to_yaml(config))
    return run("config", "check", directory=directory)


@table({
    "a line of its own": ({"X-A": "1\r\nX-User-Id: root"}, "one line"), "a line feed": ({"X-A": "1\n2"}, "one line"), "nothing": ({"X-A": ""}, "remove"),
    "Content-Length": ({"Content-Length": "0"}, "frames"), "Transfer-Encoding": ({"Transfer-Encoding": "chunked"}, "frames"),
    "Connection": ({"Connection": "close"}, "frames"), "Merlon-Revoked": ({"Merlon-Revoked": "x"}, "frames"), "CORS": ({"Access-Control-Allow-Origin": "*"}, "cors"),
    "a name that is none": ({"X A": "1"}, "no name"), "an injected name": ({"X-A: 1\r\nX-B": "1"}, "no name"), "Content-Type": ({"Content-Type": "text/html"}, "body"),
})
def test_what_a_response_rule_may_not_set(tmp_path, row):
    fields, word = row
    for where in ({"headers": {"set": fields}}, {"services": {"headers": {"set": fields}}}):
        done = check(tmp_path, **where)
        assert done.returncode == 78 and word in done.stderr, done


@table({
    "an identity": ({"X-User-Id": "root"}, "Merlon"), "in capitals": ({"X-USER-ROLE": "admin"}, "Merlon"), "as CGI folds it": ({"X.User.Id": "root"}, "no name"),
    "with an underscore": ({"X_User_Id": "root"}, "CGI"), "an assertion": ({"Merlon-Assertion": "x"}, "frames"), "Host": ({"Host": "internal"}, "preserve_host"),
    "Content-Length": ({"Content-Length": "0"}, "frames"), "Expect": ({"Expect": "100-continue"}, "frames"), "a hop": ({"TE": "trailers"}, "frames"),
    "an address": ({"X-Forwarded-For": "127.0.0.1"}, "Merlon"), "a method": ({"X-HTTP-Method-Override": "DELETE"}, "power"),
    "a line of its own": ({"X-A": "1\r\nX-User-Id: root"}, "one line"),
})
def test_what_a_request_rule_may_not_set(tmp_path, row):
    fields, word = row
    done = check(tmp_path, {"request_headers": {"set": fields}})
    assert done.returncode == 78 and word in done.stderr, done


@table({
    "keep": ({"headers": {"keep": ["Content-Security-Policy"]}}, "however weak"), "remove": ({"headers": {"remove": ["X-Frame-Options"]}}, "protects browsers"),
})
def test_what_is_wider_is_a_warning(tmp_path, row):
    settings, words = row
    done = check(tmp_path, settings)
    assert done.returncode == 0 and words in done.stderr, done


def test_a_field_is_named_once(tmp_path):
    for settings in ({"set": {"X-A": "1", "x-a": "2"}}, {"set": {"X-A": "1"}, "remove": ["x-a"]}, {"remove": ["Content-Security-Policy"], "keep": ["content-security-policy"]}):
        done = check(tmp_path, headers=settings)
        assert done.returncode == 78 and "named twice" in done.stderr, done
    done = check(tmp_path, headers={"keep": ["X-Custom"]})
    assert done.returncode == 78 and "no security header" in done.stderr


def test_values_that_a_service_gets_are_not_shown(merlon):
    shown = merlon.run("config", "show")
    assert "key-of-the-catalogue" not in shown.stdout and "services.echo.request_headers.set.X-Api-Key" in shown.stdout
    assert "services.echo.headers.set.X-Team: \"catalogue\"" in shown.stdout
