"""Tokens of twelve identity providers, as their documents show them: accepted with their permissions by configuration alone."""

import json

import pytest

import jose
from harness import table
from token_shapes import SHAPES, times
from upstream import header

SIGN = {"RS256": jose.rs256, "ES256": jose.es256, "ES384": jose.es384}


def key_set(shape):
    """The provider's set: its key, and beside it one that is not for signatures."""
    kid = shape["header"].get("kid", shape["header"].get("x5t"))
    key = {name: value for name, value in (jose.jwk(shape["key"], kid, shape["alg"]) | shape["jwk"]).items() if value is not None}
    other = jose.jwk(shape["key"], "for-encryption", "RSA-OAEP") | {"use": "enc"}
    return json.dumps({"keys": [other, key]})


def trusted(shapes):
    """One entry for each issuer: a shape of an issuer that has several brings its own audience."""
    return [{"issuer": shape["issuer"], "jwks": f"file:{number}.json"} | shape["trusted"] for number, shape in enumerate(shapes)]


def signed(shape, **changes):
    claims = {name: value for name, value in (shape["claims"] | changes).items() if value is not None}
    return jose.token(shape["header"], claims, SIGN[shape["alg"]](shape["key"]))


def serving(launch, *shapes):
    return launch({"tokens": {"trusted": trusted(shapes)}}, files={f"{number}.json": key_set(shape) for number, shape in enumerate(shapes)})


@table({name: [name] for name in SHAPES})
def test_a_providers_token_is_accepted_with_its_permissions(launch, row):
    shape = SHAPES[row[0]]
    server = serving(launch, shape)
    answer = server.get("/private/x", token=signed(shape))
    assert answer.status == 200, (answer, server.stderr_text())
    assert header(answer.json(), "X-User-Id") == [shape["user"]]
    assert header(answer.json(), "X-User-Permissions") == [",".join(shape["permissions"])]
    guarded = server.get("/catalog/x", token=signed(shape))
    assert guarded.status == (200 if "read:products" in shape["permissions"] else 403), guarded
    # What is right but for one thing is refused.
    for changes in ({"exp": 1}, {"iss": shape["issuer"] + "x"}, {"sub": None}, {"aud": "another", "client_id": "another"}):
        assert server.get("/private/x", token=signed(shape, **changes)).status == 401, changes
    forged = jose.token(shape["header"], shape["claims"], lambda _: b"\0" * 64)
    assert server.get("/private/x", token=forged).status == 401


def test_what_a_foreign_token_says_of_role_and_address_is_not_ours(launch):
    shape = SHAPES["Supabase"]
    server = serving(launch, shape)
    answer = server.get("/private/x", token=signed(shape, role="admin", email="root@shop.example", type="refresh", ver=[], userId="root"))
    assert answer.status == 200, answer
    assert header(answer.json(), "X-User-Id") == [shape["user"]]
    for name in ("X-User-Role", "X-User-Email"):
        assert "".join(header(answer.json(), name)) == "", name


def test_a_role_counts_where_the_configuration_says_so(launch):
    shape = SHAPES["Keycloak, roles of a client, which are roles of ours"]
    server = serving(launch, shape)
    answer = server.get("/private/x", token=signed(shape))
    assert header(answer.json(), "X-User-Role") == ["moderator"]
    assert server.get("/catalog/x", token=signed(shape, resource_access={})).status == 403


@table({"crit": {"crit": ["exp"]}, "crit that names what is there": {"crit": ["x5t"]}, "jwk": {"jwk": {"kty": "RSA"}}, "jku": {"jku": "https://x.example/"},
        "x5u": {"x5u": "https://x.example/"}, "x5c": {"x5c": ["MIIC"]}, "zip": {"zip": "DEF"}, "b64": {"b64": False},
        "a refresh token": {"typ": "rt+jwt"}, "a logout token": {"typ": "logout+jwt"}})
def test_a_header_that_changes_how_the_token_is_read_is_refused(launch, row):
    shape = SHAPES["PingFederate"]
    server = serving(launch, shape)
    assert server.get("/private/x", token=signed(shape)).status == 200
    answer = server.get("/private/x", token=signed(shape | {"header": shape["header"] | row}))
    assert (answer.status, answer.code) == (401, "INVALID_TOKEN"), answer


def test_a_token_may_be_as_long_as_the_header_limit_lets_it(launch):
    """An Entra user in 200 groups, a Keycloak user with 500 roles: tens of KiB."""
    shape = SHAPES["Entra v1.0, a user's"]
    server = serving(launch, shape)
    groups = [f"{number:08x}-0000-4000-8000-000000000000" for number in range(550)]
    token = signed(shape, groups=groups)
    assert 28_000 < len(token) < 31_000
    assert server.get("/private/x", token=token).status == 200
    beyond = signed(shape, groups=groups * 2)
    assert server.get("/private/x", token=beyond).status == 431


def test_keys_without_a_kid_and_keys_of_one_kid_are_told_apart(launch):
    first, second, third = jose.ec_key(), jose.ec_key(), jose.rsa_key()
    def bare(key, alg):
        return {name: value for name, value in jose.jwk(key, "", alg).items() if name != "kid"}
    sets = {"unnamed": [bare(first, "ES256"), bare(second, "ES256")],
            "one": [jose.jwk(first, "k", "ES256"), jose.jwk(third, "k", "RS256")]}
    server = launch({"tokens": {"trusted": [{"issuer": f"https://{name}.example", "jwks": f"file:{name}.json", "audience": "shop"} for name in sets]}},
                    files={f"{name}.json": json.dumps({"keys": keys}) for name, keys in sets.items()})

    def status(name, header, key):
        claims = times(iss=f"https://{name}.example", aud="shop", sub="ada")
        return server.get("/private/x", token=jose.token(header, claims, SIGN[header["alg"]](key))).status

    assert status("unnamed", {"alg": "ES256"}, first) == 200
    assert status("unnamed", {"alg": "ES256"}, second) == 200
    assert status("unnamed", {"alg": "ES256", "kid": "x"}, second) == 200
    assert status("unnamed", {"alg": "ES256"}, jose.ec_key()) == 401
    assert status("one", {"alg": "ES256", "kid": "k"}, first) == 200
    assert status("one", {"alg": "RS256", "kid": "k"}, third) == 200
    assert status("one", {"alg": "RS256", "kid": "k"}, jose.rsa_key()) == 401


@table({"an unknown key": ({"permission": "scp"}, "permissions"), "an empty path": ({"permissions": [""]}, "must name a claim"),
        "no audience": ({"audience": ""}, "must name a claim")})
def test_a_wrong_entry_says_what_is_wrong(launch, tmp_path, row):
    claims, said = row
    server = launch({"tokens": {"trusted": [{"issuer": "https://idp.example", "jwks": "file:keys.json", "audience": "shop", "claims": claims}]}},
                    files={"keys.json": "{}"}, ready=False)
    assert server.wait() == 78
    assert said in server.stderr_text()
