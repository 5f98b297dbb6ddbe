"""Roles in processes of their own answer as they do together, and take calls from nobody but those who may."""

import json
import socket
import ssl
import subprocess

import pytest

import client
import jose
from apart import ROLES, Apart, make_certificates
from harness import PASSWORD, binary, environment, table


@pytest.fixture(scope="module")
def apart(tmp_path_factory, upstream, postgres):
    fleet = Apart(tmp_path_factory.mktemp("apart"), upstream, postgres, counts={"gateway": 2}).start()
    yield fleet
    fleet.stop()


@pytest.fixture(scope="module")
def root(apart):
    """An admin, made by an operator on auth's machine."""
    done = apart.auth.run("user", "create", "--email", "root@example.com", "--first-name", "Grace", "--last-name", "Hopper",
                          "--role", "admin", "--password-stdin", stdin=PASSWORD + "\n")
    assert done.returncode == 0, done
    return apart.gateway.login("root@example.com")


def test_a_gateway_alone_has_neither_a_database_nor_a_key(apart):
    assert not (apart.gateway.directory / "data").exists()
    assert apart.gateway.metric("merlon_store_up", store="data") == 0  # there is none


def test_a_person_can_do_everything_through_the_gateway(apart, root):
    gateway = apart.gateway
    account = gateway.register()
    assert gateway.login(account.email).id == account.id
    refreshed = gateway.try_refresh(account.refresh)
    assert refreshed.status == 200
    token = refreshed.data["accessToken"]
    assert gateway.me(token).data["email"] == account.email
    changed = gateway.call("PATCH", "/api/profile", json_body={"phone": "+49 30 901820", "firstName": "Augusta"}, token=token)
    assert changed.status == 200, changed
    assert gateway.get("/api/profile", token=token).data["firstName"] == "Augusta"
    made = gateway.post("/api/products", {"name": "Lamp", "description": "It glows", "price": 500, "currency": "EUR", "stock": 3}, token=root.access)
    assert made.status == 201, made
    order = gateway.post("/api/orders", {"items": [{"productId": made.data["id"], "quantity": 2}]}, token=token)
    assert order.status == 201, order
    assert gateway.get("/api/products/" + made.data["id"], token=token).data["stock"] == 1
    assert gateway.post(f"/api/orders/{order.data['id']}/cancel", token=token).status == 200
    assert gateway.get("/api/products/" + made.data["id"], token=token).data["stock"] == 3
    listed = gateway.get("/api/users?limit=100", token=root.access)
    assert account.email in [one["email"] for one in listed.data]
    assert gateway.get("/private/x", token=token).status == 200  # a declared service


REFUSALS = {
    "no token": (lambda g, a: g.get("/api/auth/me"), 401, "UNAUTHORIZED"),
    "a sign-out without a token": (lambda g, a: g.post("/api/auth/logout", {}), 401, "UNAUTHORIZED"),
    "a sign-out with none of ours": (lambda g, a: g.post("/api/auth/logout", {}, token="x.y.z"), 401, "INVALID_TOKEN"),
    "another's order": (lambda g, a: g.get("/api/orders/0192f0c8-2f5e-7a52-9c1d-0a3f5f6e7d21", token=a.access), 404, "NOT_FOUND"),
    "an admin's route": (lambda g, a: g.get("/api/users", token=a.access), 403, "FORBIDDEN"),
    "wrong password": (lambda g, a: g.try_login(a.email, "Wrong$Horse9"), 401, "INVALID_CREDENTIALS"),
    "taken address": (lambda g, a: g.post("/api/auth/register", {"email": a.email, "password": PASSWORD, "firstName": "Ada", "lastName": "Byron"}),
                      409, "CONFLICT"),
    "a body that breaks its schema": (lambda g, a: g.post("/api/auth/register", {"email": "x"}), 400, "VALIDATION_ERROR"),
    "no stock": (lambda g, a: g.post("/api/orders", {"items": [{"productId": "0192f0c8-2f5e-7a52-9c1d-0a3f5f6e7d21", "quantity": 1}]}, token=a.access),
                 409, "CONFLICT"),
    "no such path": (lambda g, a: g.get("/internal/v1/feed", token=a.access), 404, "NOT_FOUND"),
    "a path of the inside, spelled otherwise": (lambda g, a: g.get("/%69nternal/v1/feed", token=a.access), 404, "NOT_FOUND"),
}


@table(REFUSALS)
def test_refusals_are_those_of_one_process(apart, row):
    ask, status, code = row
    answer = ask(apart.gateway, apart.gateway.register())
    assert (answer.status, answer.code) == (status, code), answer
    assert "Merlon-Assertion" not in answer.text


def test_a_sign_out_at_one_gateway_is_heard_by_the_other(apart):
    one, other = apart.servers["gateway"]
    account = one.register()
    assert other.get("/private/x", token=account.access).status == 200
    one.logout(account.access)

    def is_refused():
        answer = other.get("/private/x", token=account.access)
        return answer.status == 401 and answer.code == "TOKEN_REVOKED"

    client.wait_for(is_refused, what="the other gateway to hear of it")


def sign_out(connection, account):
    return connection.request("POST", "/api/auth/logout", [("Authorization", "Bearer " + account.access),
                                                           ("Content-Type", "application/json")], b"{}")


def sign_out_by_refresh_token(connection, account):
    return connection.request("POST", "/api/auth/logout", [("Authorization", "Bearer x.y.z"), ("Content-Type", "application/json")],
                              json.dumps({"refreshToken": account.refresh}).encode())


def refresh_again(connection, account):
    """The last but one: of the last, a second use is a repeat of a lost answer. It ends the session, and is a refusal."""
    token = account.refresh
    for _ in range(2):
        token = redeem(connection, token).data["refreshToken"]
    return redeem(connection, account.refresh)


def redeem(connection, token):
    return connection.request("POST", "/api/auth/refresh", [("Content-Type", "application/json")],
                              json.dumps({"refreshToken": token}).encode())


ENDINGS = {"a sign-out": (sign_out, 204), "one by the refresh token": (sign_out_by_refresh_token, 204),
           "a refresh token used again": (refresh_again, 401)}


@table(ENDINGS)
def test_what_a_gateway_answered_is_refused_there_from_then_on(apart, row):
    """The answer tells the gateway that carries it, before the client: it need not wait for the feed from auth, which is elsewhere."""
    end, status = row
    for _ in range(20):
        account = apart.gateway.register()
        with apart.gateway.connect() as connection:
            fields = [("Authorization", "Bearer " + account.access)]
            assert connection.request("GET", "/private/x", fields).status == 200
            answer = end(connection, account)
            assert answer.status == status and not [name for name, _ in answer.headers if name.lower() == "merlon-revoked"]
            assert connection.request("GET", "/private/x", fields).status == 401


def test_a_transaction_that_is_long_under_way_makes_nobody_ask_in_vain(apart, postgres):
    """It holds back the horizon behind which all is told: what was told already is no news all the same."""
    name = apart.config["store"]["url"].rsplit("/", 1)[1]
    account = apart.gateway.register()
    holding = postgres.hold_transaction(name)
    try:
        apart.gateway.logout(account.access)
        other = apart.servers["gateway"][1]
        client.wait_for(lambda: other.get("/private/x", token=account.access).status == 401, what="the other gateway to hear of it")

        def asked():
            return other.metric("merlon_port_calls_total", role="auth")

        before = asked()
        client.wait_for(lambda: asked() > before + 2, what="the feed to go on")
        assert holding.poll() is None, "the transaction was over too early to show anything"
        assert asked() < before + 50, "the feed tells the same again and again"
    finally:
        holding.kill()
        holding.wait()


def test_a_refusal_at_a_gateway_is_stored_by_auth(apart):
    account = apart.gateway.register()
    assert apart.gateway.call("DELETE", "/management/x", token=account.access).status == 403
    stored = client.wait_for(lambda: account.id in (done := apart.auth.run("audit", "tail", "--type", "UNAUTHORIZED_ACCESS")).stdout and done,
                             what="the refusal to be stored")
    assert stored.returncode == 0


def test_a_rotated_key_reaches_the_gateways(apart):
    account = apart.gateway.register()
    assert apart.auth.run("key", "rotate", "--now").returncode == 0
    old = jose.decode(account.access)[0]["kid"]
    fresh = client.wait_for(lambda: (one := apart.gateway.login(account.email)) and jose.decode(one.access)[0]["kid"] != old and one,
                            what="the new key to sign")
    for gateway in apart.servers["gateway"]:
        assert gateway.get("/private/x", token=fresh.access).status == 200
        assert gateway.get("/private/x", token=account.access).status == 200


class Stranger:
    """A caller of a role's listener with a certificate of its own."""

    def __init__(self, apart, folder, name):
        self.apart, self.folder, self.name = apart, folder, name

    def ask(self, role, method, target, fields=(), body=None):
        context = ssl.create_default_context(cafile=str(self.apart.directory / "pki/ca.crt"))
        context.check_hostname = False
        if self.name:
            context.load_cert_chain(str(self.folder / f"{self.name}.crt"), str(self.folder / f"{self.name}.key"))
        return client.fetch(self.apart.ports[role][0], method, target, list(fields), body, tls=context)


def issue(directory, *arguments):
    subprocess.run([binary(), "pki", "issue", *arguments], cwd=directory, env=environment(), check=True, capture_output=True)


def refused_in_the_handshake(ask):
    with pytest.raises((OSError, client.Malformed)):
        ask()


def test_a_role_speaks_to_nobody_without_a_certificate_of_its_authority(apart, tmp_path):
    make_certificates(tmp_path, ["gateway"])  # another authority's gateway, by the same name
    for name, folder in ((None, None), ("gateway", tmp_path / "pki")):
        for role in ROLES:
            refused_in_the_handshake(lambda: Stranger(apart, folder, name).ask(role, "GET", "/api/products"))


def test_a_role_speaks_to_nobody_that_its_rules_do_not_name(apart):
    issue(apart.directory, "reporting")
    stranger = Stranger(apart, apart.directory / "pki", "reporting")
    for role in ROLES:
        refused_in_the_handshake(lambda: stranger.ask(role, "GET", "/.well-known/jwks.json"))


def test_plain_text_gets_nothing_from_a_role(apart):
    for role in ROLES:
        refused_in_the_handshake(lambda: client.fetch(apart.ports[role][0], "GET", "/.well-known/jwks.json"))


# Who may call what of whom: everything else is 403, for who gets through the handshake at all.
def test_a_role_may_call_its_own_ports_only(apart):
    pki = apart.directory / "pki"
    json_field = [("Content-Type", "application/json")]
    users, orders, gateway = (Stranger(apart, pki, name) for name in ("users", "orders", "gateway"))
    mine = users.ask("auth", "POST", "/internal/v1/accounts.list", json_field, b'{"limit":1,"after":""}')
    assert mine.status == 200, mine
    assert users.ask("auth", "POST", "/internal/v1/feed", json_field, b'{"after":""}').status == 200, "each role verifies tokens"
    for stranger, role, operation in ((orders, "auth", "accounts.list"), (users, "auth", "events.keep"), (gateway, "auth", "accounts.list"),
                                      (gateway, "auth", "accounts.create"), (gateway, "products", "stock.take")):
        answer = stranger.ask(role, "POST", "/internal/v1/" + operation, json_field, b"{}")
        assert answer.status == 403, (role, operation, answer)
    # A role may not act for users: only a gateway, which has judged their tokens, may.
    assert users.ask("auth", "GET", "/.well-known/jwks.json").status == 403
    assert orders.ask("products", "GET", "/api/products").status == 403
    assert gateway.ask("auth", "GET", "/.well-known/jwks.json").status == 200


def test_a_gateways_token_alone_is_no_user(apart):
    """Whoever could open a connection as the gateway, but not sign with its key, gets nothing."""
    account = apart.gateway.register()
    gateway = Stranger(apart, apart.directory / "pki", "gateway")
    bearer = ("Authorization", "Bearer " + account.access)
    for fields in ([bearer], [bearer, ("X-User-Id", account.id), ("X-User-Role", "admin")], [bearer, ("Merlon-Assertion", "x.y.z")],
                   [bearer, ("Merlon-Assertion", account.access)]):
        answer = gateway.ask("auth", "GET", "/api/auth/me", fields)
        assert answer.status == 401, answer


def test_a_clients_own_assertion_goes_nowhere(apart):
    account = apart.gateway.register()
    answer = apart.gateway.get("/private/x", token=account.access, headers=[("Merlon-Assertion", "x.y.z"), ("merlon-assertion", "a.b.c")])
    assert answer.status == 200
    assert not [name for name, _ in json.loads(answer.text)["headers"] if name.lower() == "merlon-assertion"]
    assert apart.gateway.me(account.access, headers=[("Merlon-Assertion", "x.y.z")]).status == 200


UGLY = {"no JSON": b"{", "a list": b"[]", "nothing": b"", "another type": b'{"limit":"1","after":""}', "too many": b'{"limit":1000000,"after":""}',
        "negative": b'{"limit":-1,"after":""}', "deep": b'{"limit":' + b"[" * 500 + b"]" * 500 + b"}", "twice": b'{"limit":1,"limit":2,"after":""}'}


@table(UGLY)
def test_a_port_takes_no_message_of_another_shape(apart, row):
    users = Stranger(apart, apart.directory / "pki", "users")
    answer = users.ask("auth", "POST", "/internal/v1/accounts.list", [("Content-Type", "application/json")], row)
    assert answer.status == 400, answer
    assert apart.auth.is_running()


def serial_of(apart, role):
    """Of the certificate that the role's listener shows to a gateway."""
    context = ssl.create_default_context(cafile=str(apart.directory / "pki/ca.crt"))
    context.check_hostname = False
    context.load_cert_chain(str(apart.directory / "pki/gateway.crt"), str(apart.directory / "pki/gateway.key"))
    with socket.create_connection(("127.0.0.1", apart.ports[role][0]), 10) as plain, context.wrap_socket(plain) as connection:
        return connection.getpeercert()["serialNumber"]


def test_renewed_certificates_are_used_without_a_restart(apart):
    account = apart.gateway.register()
    before = {role: serial_of(apart, role) for role in ROLES}
    (apart.directory / "pki/auth.crt").write_text("half a file")  # nobody can use it: the old one stays
    client.wait_for(lambda: "auth.crt" in apart.auth.stderr_text(), what="a line about the file")
    assert serial_of(apart, "auth") == before["auth"]
    for name in ("gateway", *ROLES):
        issue(apart.directory, name)
    for role in ROLES:
        client.wait_for(lambda role=role: serial_of(apart, role) != before[role], what=f"{role} to show its new certificate")
    for gateway in apart.servers["gateway"]:
        client.wait_for(lambda gateway=gateway: "certificates read again" in gateway.stderr_text(), what="the gateway to read its own")
        assert gateway.me(account.access).status == 200
        assert gateway.get("/api/profile", token=account.access).status == 200  # users asks auth


@pytest.mark.parametrize("flags, says", [(["--role", "payment"], "no role"), (["--role", "auth", "--demo"], "--demo")], ids=["unknown", "demo"])
def test_a_role_that_is_none_is_a_usage_error(tmp_path, flags, says):
    done = subprocess.run([binary(), "serve", *flags], cwd=tmp_path, env=environment(), capture_output=True, text=True)
    assert done.returncode == 2 and says in done.stderr


def test_a_role_without_certificates_says_which_file_is_missing(tmp_path):
    done = subprocess.run([binary(), "serve", "--role", "products"], cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 78 and "pki/ca.crt" in done.stderr, done


def test_one_auth_on_sqlite_tells_its_gateways_too(tmp_path, upstream):
    """For who tries it out: no PostgreSQL, one process of each role, a store in each one's own folder."""
    fleet = Apart(tmp_path / "sqlite", upstream, None, config={"keys": {"url": "sqlite:data/keys.db"}}).start()
    try:
        account = fleet.gateway.register()
        for _ in range(3):  # a user's revocation takes the place of the one before
            again = account.login()
            assert fleet.gateway.get("/private/x", token=again.access).status == 200
            assert fleet.gateway.post("/api/auth/logout-all", token=again.access).status == 204
            client.wait_for(lambda again=again: fleet.gateway.get("/private/x", token=again.access).status == 401,
                            what="the gateway to hear of it")
    finally:
        fleet.stop()


WRONG = {"a listener that is no address": ("auth.listen", "x"), "a listener by a Unix socket": ("auth.listen", "unix:/tmp/x"),
         "a place in the clear": ("auth.url", "http://h:1"), "no such port": ("auth.url", "https://h:99999"),
         "a place with a path": ("auth.url", "https://h:1/x"), "a place with a user": ("auth.url", "https://u@h:1"), "no host": ("auth.url", "https://"),
         "a caller that is no name": ("auth.callers", "a/../b"),
         "another domain's letters": ("domain", "UPPER"), "no name space": ("namespace", ""), "no folder": ("certificates", ""),
         "a role that is none": ("payment.url", "https://x")}


@table(WRONG)
def test_a_fleet_that_cannot_be_is_no_configuration(tmp_path, row):
    key, value = row
    done = subprocess.run([binary(), "config", "check", "--set", f"fleet.{key}={value}"], cwd=tmp_path, env=environment(), capture_output=True, text=True)
    assert done.returncode == 78 and "error: fleet." in done.stderr, done
