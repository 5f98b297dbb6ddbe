"""Upstreams may believe the identity fields: only the gateway can have written them."""

import re

import client
import jose
import pytest
from harness import run, standard_routes, table, to_yaml
from upstream import header

CONFIG = {}
IDENTITY = ("X-User-Id", "X-User-Email", "X-User-Role", "X-User-Permissions")


def names(echo):
    return {name.lower() for name, _ in echo["headers"]}


def test_the_upstream_learns_who_calls(merlon, user):
    echo = merlon.get("/private/x", token=user.access).json()
    assert header(echo, "X-User-Id") == [user.id]
    assert header(echo, "X-User-Email") == [user.email]
    assert header(echo, "X-User-Role") == ["user"]
    listed = header(echo, "X-User-Permissions")
    assert len(listed) == 1 and set(re.split(r"[ ,]+", listed[0])) == set(user.user["permissions"])


@table({
    "as written": lambda name: name, "capitals": str.upper, "small": str.lower, "underscores": lambda name: name.replace("-", "_"),
    "one underscore": lambda name: name.replace("-", "_", 1), "last underscore": lambda name: "_".join(name.rsplit("-", 1)),
    "mixed case": str.swapcase,
} | {f"with {mark}": (lambda mark: lambda name: name.replace("-", mark))(mark) for mark in "!#$%&'*+.^_`|~"} | {
    "dots and underscores": lambda name: name.replace("-", ".", 1).replace("-", "_"), "last dot": lambda name: ".".join(name.rsplit("-", 1)),
})
def test_every_spelling_that_a_client_sends_is_gone(merlon, user, row):
    sent = [(row(name), "attacker-was-here") for name in IDENTITY]
    for target, token in (("/open/x", None), ("/private/x", user.access)):
        answer = merlon.call("GET", target, sent, token=token)
        assert answer.status in (200, 400), answer
        if answer.status == 200:
            assert "attacker-was-here" not in answer.text
            assert header(answer.json(), "X-User-Id") == ([user.id] if token else [])


PROXY_FIELDS = (
    "X-Forwarded-Port", "X-Forwarded-Prefix", "X-Forwarded-User", "X-Forwarded-Client-Cert", "Forwarded", "X-Original-URL", "X-Original-URI", "X-Original-Host",
    "X-Rewrite-URL", "X-Real-IP", "True-Client-IP", "CF-Connecting-IP", "X-Client-IP", "X-Cluster-Client-IP", "X-SSL-Client-Verify", "X-SSL-Client-Cert",
    "SSL-Client-Cert", "Client-Cert", "Remote-User", "X-Remote-User", "X-WEBAUTH-USER", "X-Auth-Request-Email", "X-Amzn-Oidc-Data", "X-MS-CLIENT-PRINCIPAL-ID",
    "Proxy", "X-HTTP-Method-Override", "X-Middleware-Subrequest",
)


def test_what_only_a_proxy_may_say_does_not_pass(merlon):
    """Also of a client on a public route: httpoxy, Grafana's and Authelia's sign-ins, nginx's certificates."""
    for spelled in (str, str.lower, str.upper, lambda name: name.replace("-", ".")):
        sent = [(spelled(name), "attacker-was-here") for name in PROXY_FIELDS] + [("Via", "1.1 mine"), ("X-Correlation-ID", "7")]
        answer = merlon.call("GET", "/open/x", sent)
        assert answer.status == 200
        passed = [name for name, value in answer.json()["headers"] if value == "attacker-was-here"]
        assert not [name for name in passed if "-" in name or name.lower() in ("proxy", "forwarded")], passed
        assert passed == [], passed
        assert header(answer.json(), "Via") == ["1.1 mine"] and header(answer.json(), "X-Correlation-ID") == ["7"]


def test_a_service_names_what_passes_from_the_proxies_that_are_named(launch, upstream):
    server = launch({"server": {"trusted_proxies": ["127.0.0.1/32"]}, "services": {
        "echo": {"url": upstream.url, "forward_fields": ["CF-Connecting-IP", "x-ssl-client-verify"], "routes": standard_routes()}}})
    sent = {"CF-Connecting-IP": "198.51.100.7", "X-SSL-Client-Verify": "SUCCESS", "True-Client-IP": "198.51.100.8", "X.SSL.Client.Verify": "SUCCESS"}
    echo = server.get("/open/x", headers=sent).json()
    assert header(echo, "CF-Connecting-IP") == ["198.51.100.7"] and header(echo, "X-SSL-Client-Verify") == ["SUCCESS"]
    assert not names(echo) & {"true-client-ip", "x.ssl.client.verify"}
    echo = server.get("/open/x", headers=sent, source="127.0.0.2").json()
    assert not names(echo) & {name.lower() for name in sent}, "a stranger came past the proxy"


@pytest.mark.parametrize("proxies, warns", [([], True), (["10.0.0.0/8"], False), (["unix"], False)])
def test_a_field_that_anybody_may_make_up_is_warned_of(tmp_path, proxies, warns):
    (tmp_path / "merlon.yaml").write_text(to_yaml({"server": {"trusted_proxies": proxies}, "services": {
        "plain": {"url": "http://127.0.0.1:1", "routes": []},
        "a": {"url": "http://127.0.0.1:1", "forward_fields": ["CF-Connecting-IP"], "routes": []}}}))
    done = run("config", "check", directory=tmp_path)
    assert done.returncode == 0, done
    warnings = [line for line in done.stderr.splitlines() if "forward_fields pass from every client" in line]
    assert len(warnings) == warns and all("services.a" in line for line in warnings), done


@table({
    "one that never passes": ("Proxy", "never passes"), "one of ours": ("X-User-Id", "never passes"), "one of ours, too": ("X-Forwarded-For", "never passes"),
    "one that passes anyway": ("X-Correlation-ID", "passes without being named"), "with an underscore": ("X_Real_IP", "no name that passes"), "with a dot": ("X.Real.IP", "no name that passes"),
    "with a star": ("X-SSL-*", "no name that passes"),
})
def test_a_service_cannot_name_just_any_field(tmp_path, row):
    name, why = row
    (tmp_path / "merlon.yaml").write_text(to_yaml({"services": {"a": {"url": "http://127.0.0.1:1", "forward_fields": [name], "routes": []}}}))
    done = run("config", "check", directory=tmp_path)
    assert done.returncode == 78 and f'"{name}" ' in done.stderr and why in done.stderr, done


@table({"space before the colon": b"X-User-Id : admin", "tab before the colon": b"X-User-Id\t: admin", "folded": b"X:\r\n X-User-Id: admin"})
def test_spellings_outside_the_grammar_are_refused(merlon, upstream, row):
    before = upstream.count
    with merlon.connect() as connection:
        connection.send(b"GET /open/x HTTP/1.1\r\nHost: localhost\r\n" + row + b"\r\n\r\n")
        assert connection.response().status == 400
    assert upstream.count == before


def test_no_field_with_an_underscore_passes(merlon):
    answer = merlon.get("/open/x", headers={"X_Custom_Field": "1", "a_b": "2", "X-Fine": "3"})
    assert answer.status in (200, 400)
    if answer.status == 200:
        assert not [name for name in names(answer.json()) if "_" in name]
        assert header(answer.json(), "X-Fine") == ["3"]


@table({name: name for name in (*IDENTITY, "X-Request-ID", "X-Forwarded-For", "X-Forwarded-Proto", "traceparent", "Host", "Authorization")})
def test_connection_cannot_remove_what_the_gateway_adds(merlon, user, row):
    """Traefik CVE-2024-45410, Apache CVE-2022-31813."""
    answer = merlon.get("/private/x", headers={"Connection": f"keep-alive, {row}, {row.lower()}"}, token=user.access)
    assert answer.status in (200, 400, 401), answer  # naming Authorization may take the token away: then nothing passes
    if answer.status == 200:
        echo = answer.json()
        assert header(echo, "X-User-Id") == [user.id]
        assert all(len(header(echo, name)) == 1 for name in IDENTITY + ("X-Request-ID", "X-Forwarded-For", "X-Forwarded-Proto", "Host"))


def test_what_connection_names_and_hop_by_hop_fields_do_not_pass(merlon):
    sent = {"Connection": "keep-alive, X-Hop", "X-Hop": "1", "Keep-Alive": "timeout=5", "TE": "trailers", "Proxy-Connection": "keep-alive",
            "Proxy-Authorization": "Basic eA==", "Upgrade": "h2c", "X-End": "1"}
    echo = merlon.get("/open/x", headers=sent).json()
    assert header(echo, "X-End") == ["1"]
    assert not names(echo) & {"x-hop", "keep-alive", "te", "proxy-connection", "proxy-authorization", "upgrade"}


def test_a_stranger_cannot_name_the_client_or_the_request(merlon):
    echo = merlon.get("/open/x", headers={"X-Forwarded-For": "203.0.113.66", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example",
                                          "X-Request-ID": "mine", "Forwarded": "for=203.0.113.66"}, source="127.0.0.2")
    assert echo.status == 200
    request_id = echo.get("X-Request-ID")
    echo = echo.json()
    assert header(echo, "X-Forwarded-For") == ["127.0.0.2"]
    assert header(echo, "X-Forwarded-Proto") == ["http"]
    assert header(echo, "X-Forwarded-Host") == ["localhost"]
    assert header(echo, "X-Request-ID") == [request_id]
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", request_id), "no UUIDv7"
    assert "203.0.113.66" not in str(header(echo, "Forwarded"))


def test_a_trusted_proxy_names_client_and_request(launch):
    server = launch({"server": {"trusted_proxies": ["127.0.0.1/32", "10.0.0.0/8"], "behind_tls_proxy": True}})
    answer = server.get("/open/x", headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.9, 10.1.2.3", "X-Forwarded-Proto": "https",
                                            "X-Request-ID": "from.proxy_1-a"})
    assert answer.get("X-Request-ID") == "from.proxy_1-a"
    assert header(answer.json(), "X-Request-ID") == ["from.proxy_1-a"]
    assert header(answer.json(), "X-Forwarded-Proto") == ["https"]
    for bad in ("a b", "a/b", "x" * 129, "", "{}", "a\tb", "é"):
        got = server.get("/open/x", headers=[("X-Request-ID", bad)])
        if got.status == 200:
            assert re.fullmatch(r"[0-9a-f-]{36}", got.get("X-Request-ID")), bad
    # the session's address is the last one that is not a proxy
    account = server.register(headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.9, 10.1.2.3"})
    assert server.get("/api/auth/sessions", token=account.access).data[0]["ip"] == "203.0.113.9"


def test_traceparent_is_passed_on_within_its_trace_or_made(merlon):
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    shape = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
    made = header(merlon.get("/open/x").json(), "traceparent")
    assert len(made) == 1 and shape.fullmatch(made[0])
    kept = header(merlon.get("/open/x", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}).json(), "traceparent")
    assert len(kept) == 1 and shape.fullmatch(kept[0])
    for bad in ("junk", "00-" + "0" * 32 + "-00f067aa0ba902b7-01", "ff-" + trace + "-00f067aa0ba902b7-01"):
        got = header(merlon.get("/open/x", headers={"traceparent": bad}).json(), "traceparent")
        assert len(got) == 1 and shape.fullmatch(got[0]) and bad[3:35] != "0" * 32 or got[0][3:35] != "0" * 32, bad


def test_claims_cannot_break_out_of_a_header(launch):
    from harness import REFRESH_SECRET, SECRET
    server = launch(env={"JWT_SECRET": SECRET, "JWT_REFRESH_SECRET": REFRESH_SECRET})
    for claim, value in (("email", "a@example.com\r\nX-User-Role: admin"), ("role", "user\r\n\r\nGET /open/smuggled HTTP/1.1"),
                         ("userId", "x\nX-User-Role: admin"), ("email", "a\0b@example.com"), ("role", "\u010d\u010a")):
        token = jose.token({"alg": "HS256", "typ": "JWT"}, jose.seed_claims(**{claim: value}), jose.hs256(SECRET))
        answer = server.get("/private/x", token=token)
        assert answer.status in (200, 401), answer
        if answer.status == 200:
            assert len(header(answer.json(), "X-User-Role")) == 1


@table({
    "Authorization": ("Authorization", "Bearer a.b.c"), "Host": ("Host", "localhost"), "Origin": ("Origin", "http://localhost"),
    "Content-Length": ("Content-Length", "0"), "Transfer-Encoding": ("Transfer-Encoding", "chunked"), "Content-Type": ("Content-Type", "application/json"),
})
def test_security_fields_that_come_twice_are_400(merlon, upstream, row):
    """Of two, one reader takes the first and another the last."""
    before = upstream.count
    name, value = row
    for first, second in ((name, name), (name, name.lower()), (name.upper(), name)):
        with merlon.connect() as connection:
            fields = [(first, value), ("X-Between", "1"), (second, value)] + ([] if name == "Host" else [("Host", "localhost")])
            connection.send(client.build("POST", "/private/x", fields, None, host=None))
            answer = connection.response()
        assert (answer.status, answer.code) == (400, "BAD_REQUEST"), answer
    assert upstream.count == before
