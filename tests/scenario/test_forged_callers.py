"""Somebody who holds a role's certificate and its key is not every user: a role verifies the token that it acts on."""

import hashlib
import json
import time

import pytest
from cryptography.hazmat.primitives import serialization

import client
import jose
from apart import Apart
from harness import PASSWORD, table
from test_roles_apart import Stranger

SECRETS = {"secret": "k7Qd2x9VbR4mT8wZp3LsN6yHc1JfGa5E", "refresh_secret": "p9Xw4rTbV2nKs7ZyQ3mLd8HfGc6JaE1U"}


def shared_secrets(directory):
    """Only the gateway and auth have them: the other roles ask auth."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, secret in SECRETS.items():
        (directory / name).write_text(secret)
    held = {"tokens": {name: f"file:{directory / name}" for name in SECRETS}}
    return {"config": {"tokens": {"algorithm": "HS256"}}, "of_roles": {"gateway": held, "auth": held}}


@pytest.fixture(scope="module", params=["ES256", "HS256"])
def apart(request, tmp_path_factory, upstream, postgres):
    directory = tmp_path_factory.mktemp("forged")
    secrets = shared_secrets(directory / "secrets") if request.param == "HS256" else {}
    fleet = Apart(directory / "apart", upstream, postgres, **secrets).start()
    yield fleet
    fleet.stop()


@pytest.fixture(scope="module")
def root(apart):
    done = apart.auth.run("user", "create", "--email", "forged-root@example.com", "--first-name", "Grace", "--last-name", "Hopper",
                          "--role", "admin", "--password-stdin", stdin=PASSWORD + "\n")
    assert done.returncode == 0, done
    return apart.gateway.login("forged-root@example.com")


def spiffe(role):
    return f"spiffe://cluster.local/ns/default/sa/{role}"


def assertion(apart, receiver, token, user, role="admin", permissions=("read:users", "write:users")):
    """What the gateway's key signs for any user and any token: all that a thief of the key needs."""
    key = serialization.load_pem_private_key((apart.directory / "pki/gateway.key").read_bytes(), None)
    now = int(time.time())
    digest = jose.b64(hashlib.sha256(token.encode()).digest())
    claims = {"iss": spiffe("gateway"), "aud": spiffe(receiver), "sub": user, "role": role, "permissions": list(permissions),
              "ath": digest, "iat": now, "exp": now + 60}
    return jose.token({"alg": "ES256", "typ": "merlon-assertion+jwt"}, claims, jose.es256(key))


def ask_as_gateway(apart, token, user, method="GET", target="/api/users", body=None):
    thief = Stranger(apart, apart.directory / "pki", "gateway")
    fields = [("Authorization", "Bearer " + token), ("Merlon-Assertion", assertion(apart, "users", token, user))]
    if body is not None:
        fields.append(("Content-Type", "application/json"))
    return thief.ask("users", method, target, fields, body)


def with_claims(token, **changes):
    header, claims = jose.decode(token)
    return header, claims | changes


def signed_by_a_stranger(apart, root):
    header, claims = with_claims(root.access)
    return jose.token(header, claims, jose.es256(jose.ec.generate_private_key(jose.ec.SECP256R1())))


def signed_by_the_gateway(apart, root):
    key = serialization.load_pem_private_key((apart.directory / "pki/gateway.key").read_bytes(), None)
    header, claims = with_claims(root.access)
    return jose.token(header, claims, jose.es256(key))


def signed_out(apart, root):
    account = apart.gateway.register()
    assert apart.gateway.call("POST", "/api/auth/logout", token=account.access).status == 204
    return account.access


FORGED = {"any text": lambda apart, root: "x", "three parts": lambda apart, root: "x.y.z", "a refresh token": lambda apart, root: root.refresh,
          "another key's": signed_by_a_stranger, "the gateway's own": signed_by_the_gateway, "a token that was signed out": signed_out}


def test_a_gateways_own_call_is_answered(apart, root):
    assert ask_as_gateway(apart, root.access, root.id).status == 200, "else the refusals below say nothing"


@table(FORGED)
def test_a_gateways_certificate_with_a_bad_token_makes_nobody_an_admin(apart, root, row):
    token = row(apart, root)
    body = json.dumps({"email": "mallory@example.com", "password": PASSWORD, "firstName": "Mal", "lastName": "Lory", "role": "admin"}).encode()
    for method, target, sent in (("GET", "/api/users", None), ("POST", "/api/users", body)):
        answer = client.wait_for(lambda: (got := ask_as_gateway(apart, token, root.id, method, target, sent)) and got.status == 401 and got, 10,
                                 what="the refusal, once the role has heard of a sign-out")
        assert answer.status == 401, answer
    assert client.wait_for(lambda: "INVALID_TOKEN" in str(apart.users.events()), 30, what="the event of the refusals")


def test_an_assertion_gives_a_token_no_power_that_it_does_not_have(apart, root):
    account = apart.gateway.register()
    assert ask_as_gateway(apart, account.access, account.id).status == 403, "the assertion says admin, the token says user"
    assert ask_as_gateway(apart, account.access, root.id).status == 401, "the assertion names another user"


def test_a_role_without_an_actor_is_no_operator(apart):
    users = Stranger(apart, apart.directory / "pki", "users")
    form = json.dumps({"email": "eve@example.com", "password": PASSWORD, "firstName": "Eve", "lastName": "Lyn", "role": "admin"})
    call = {"body": form, "role": "admin", "byId": "", "byRole": "", "byClient": "127.0.0.1"}
    answer = users.ask("auth", "POST", "/internal/v1/accounts.create", [("Content-Type", "application/json")], json.dumps(call).encode())
    assert answer.status == 400, answer
    assert apart.gateway.try_login("eve@example.com", PASSWORD).status == 401
    assert client.wait_for(lambda: "UNAUTHORIZED_ACCESS" in str(apart.auth.events()), 30, what="the event of the forged call")
