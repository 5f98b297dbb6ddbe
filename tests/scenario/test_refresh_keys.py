"""A refresh token verifies under no key that is published, and is no access token wherever it is shown."""

import json
import time

import jose
from harness import REFRESH_SECRET, SECRET, table

ALGORITHMS = {"ES256": {}, "EdDSA": {"tokens": {"algorithm": "EdDSA"}}, "RS256": {"tokens": {"algorithm": "RS256"}}}


@table(ALGORITHMS)
def test_a_refresh_token_names_no_published_key(launch, row):
    server = launch(row)
    account = server.register()
    header, claims = jose.decode(account.refresh)
    published = server.get("/.well-known/jwks.json").json()["keys"]
    assert header["typ"] == "rt+jwt" and header["alg"] == "HS256"
    assert header["kid"] not in [key["kid"] for key in published]
    assert (claims["aud"], claims["type"]) == ("auth-service/refresh", "refresh")
    assert jose.decode(account.access)[0]["kid"] in [key["kid"] for key in published]
    assert server.get("/private/x", token=account.refresh).status == 401
    assert server.get("/api/auth/me", token=account.refresh).code == "INVALID_TOKEN"
    assert server.try_refresh(account.access).status == 401
    again = server.try_refresh(account.refresh)
    assert again.status == 200 and jose.decode(again.data["refreshToken"])[0]["kid"] == header["kid"]


def test_no_published_key_verifies_a_refresh_token(launch):
    server = launch()
    refresh = server.register().refresh
    for key in server.get("/.well-known/jwks.json").json()["keys"]:
        assert not jose.verifies(refresh, key)
        for name, secret in jose.as_hmac_secrets(jose.public_key_from(key)).items():
            header, claims = jose.decode(refresh)
            assert server.try_refresh(jose.token(header, claims, jose.hs256(secret))).status == 401, name


def test_a_restart_a_rotation_and_another_issuer_sign_nobody_out(launch):
    server = launch()
    account = server.register()
    server.restart()
    refresh = server.try_refresh(account.refresh).data["refreshToken"]
    assert server.run("key", "rotate", "--now").returncode == 0
    rotated = server.try_refresh(refresh).data["refreshToken"]
    assert jose.decode(rotated)[0]["kid"] != jose.decode(refresh)[0]["kid"], "the new key's own"
    server.write({"tokens": {"issuer": "https://new.example"}})
    server.restart()
    renewed = server.try_refresh(rotated)
    assert renewed.status == 200
    assert jose.decode(renewed.data["refreshToken"])[1]["aud"] == "https://new.example/refresh"


def test_a_retired_key_takes_its_refresh_tokens_with_it(launch):
    server = launch()
    account = server.register()
    old = json.loads(server.run("key", "list", "--json").stdout)[0]["kid"]
    assert server.run("key", "rotate", "--now").returncode == 0
    newer = server.register()
    assert server.run("key", "retire", old).returncode == 0
    assert server.try_refresh(account.refresh).code == "INVALID_REFRESH_TOKEN"
    assert server.try_refresh(newer.refresh).status == 200


def test_refresh_tokens_of_before_are_taken_until_they_expire(launch):
    """With a shared secret the old form can be made here; that of published keys is made in src/tokens/issuer_test.cc."""
    server = launch(env={"JWT_SECRET": SECRET, "JWT_REFRESH_SECRET": REFRESH_SECRET})
    account = server.register()
    header, claims = jose.decode(account.refresh)
    assert (header["typ"], claims["aud"]) == ("rt+jwt", "auth-service/refresh")
    former = {name: value for name, value in claims.items() if name != "aud"}
    sign = jose.hs256(REFRESH_SECRET)

    def answer(header, claims):
        return server.try_refresh(jose.token(header, claims, sign)).status

    assert answer({"alg": "HS256", "typ": "JWT"}, former | {"exp": int(time.time()) - 1}) == 401
    assert answer({"alg": "HS256", "typ": "rt+jwt"}, former) == 401, "the new type without its audience"
    assert answer({"alg": "HS256", "typ": "rt+jwt"}, claims | {"aud": "microservices-api"}) == 401
    assert answer({"alg": "HS256", "typ": "JWT"}, former | {"type": "access"}) == 401
    assert answer({"alg": "HS256", "typ": "JWT"}, former) == 200
