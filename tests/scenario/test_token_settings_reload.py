"""A reload reaches both sides of a token: who makes it and who verifies it agree at every moment, or nothing changes."""

import time

import client
import jose
from harness import REFRESH_SECRET, SECRET, table

OTHER_SECRET = "Zq4Wn9xTb2Lk7Rv5Hm8Pc3Jd6Gs1Yf0A"


def reload(server, **tokens):
    """Writes the settings and waits until the server says what came of them: whether they are in force."""
    server.write({"tokens": tokens})
    said = len(server.stderr_text())
    server.reload()
    client.wait_for(lambda: "reloaded" in server.stderr_text()[said:], what="word of the reload")
    return "not reloaded" not in server.stderr_text()[said:]


@table({
    "issuer": ({"issuer": "https://auth.example"}, "iss", "https://auth.example"),
    "audience": ({"audience": "shop"}, "aud", "shop"),
})
def test_a_new_name_is_in_new_tokens_and_asked_for(launch, row):
    settings, claim, value = row
    server = launch()
    account = server.register()
    assert reload(server, **settings)
    answer = server.try_refresh(account.refresh)
    assert answer.status == 200, answer
    fresh = answer.data["accessToken"]
    assert jose.decode(fresh)[1][claim] == value
    assert server.me(fresh).status == 200 and server.get("/private/x", token=fresh).status == 200
    assert server.me(account.access).code == "INVALID_TOKEN", "the old name is asked for no more"


def test_new_lives_are_given_at_once(launch):
    server = launch()
    account = server.register()
    assert reload(server, access_ttl="2m", refresh_ttl="1h")
    answer = server.login(account.email)
    claims, refresh = jose.decode(answer.access)[1], jose.decode(answer.refresh)[1]
    assert claims["exp"] - claims["iat"] == 120 and refresh["exp"] - refresh["iat"] == 3600
    assert server.post("/api/auth/login", {"email": account.email, "password": account.password}).data["expiresIn"] == 120
    assert server.me(account.access).status == 200, "a token of before keeps its life"


def test_a_shorter_life_does_not_shorten_a_revocation(launch):
    server = launch()
    account = server.register()
    assert reload(server, access_ttl="1s")
    server.logout(account.access)
    time.sleep(3)  # over the new life, and over a sweep of the set
    assert server.me(account.access).code == "TOKEN_REVOKED"


def test_a_shorter_life_after_a_restart_does_not_either(launch):
    server = launch()
    account = server.register()
    server.write({"tokens": {"access_ttl": "1s"}})
    server.restart()
    server.logout(account.access)
    time.sleep(3)
    assert server.me(account.access).code == "TOKEN_REVOKED"


def test_another_algorithm_is_a_rotation(launch):
    server = launch()
    account = server.register()
    assert reload(server, algorithm="EdDSA")
    assert {key["alg"] for key in server.get("/.well-known/jwks.json").json()["keys"]} == {"ES256", "EdDSA"}
    assert server.me(account.access).status == 200
    assert server.try_refresh(account.refresh).status == 200
    assert server.run("key", "rotate", "--now").returncode == 0
    fresh = server.login(account.email).access
    assert jose.decode(fresh)[0]["alg"] == "EdDSA" and server.me(fresh).status == 200
    server.restart()
    assert server.me(account.access).status == 200 and server.me(fresh).status == 200


def test_another_secret_ends_every_token_of_the_old_one(launch):
    server = launch({"tokens": {"secret": "file:secret", "refresh_secret": "file:refresh"}},
                    files={"secret": SECRET, "refresh": REFRESH_SECRET})
    account = server.register()
    forged = jose.token({"alg": "HS256", "typ": "JWT"}, jose.seed_claims(), jose.hs256(SECRET))
    assert server.get("/private/x", token=forged).status == 200
    (server.directory / "secret").write_text(OTHER_SECRET)
    assert reload(server, secret="file:secret", refresh_secret="file:refresh")
    assert server.get("/private/x", token=forged).code == "INVALID_TOKEN"
    assert server.me(account.access).code == "INVALID_TOKEN"
    answer = server.try_refresh(account.refresh)  # the refresh secret is as before
    assert answer.status == 200 and server.me(answer.data["accessToken"]).status == 200


@table({
    "short secret": {"algorithm": "HS256", "secret": "short"},
    "one secret for both": {"algorithm": "HS256", "secret": OTHER_SECRET, "refresh_secret": OTHER_SECRET},
    "key set that is not there": {"issuer": "https://auth.example", "trusted": [
        {"issuer": "https://idp.example", "jwks": "file:absent.json", "audience": "microservices-api"}]},
    "certificate that is not there": {"issuer": "https://auth.example"},
})
def test_what_cannot_be_had_changes_nothing(launch, row):
    server = launch()
    account = server.register()
    if row == {"issuer": "https://auth.example"}:
        server.overrides = {**server.overrides, "server": {"tls": {"certificate": "absent.crt", "key": "absent.key"}}}
    assert not reload(server, **row)
    fresh = server.login(account.email).access
    assert jose.decode(fresh)[1]["iss"] == "auth-service"
    assert server.me(fresh).status == 200 and server.me(account.access).status == 200
    assert server.try_refresh(account.refresh).status == 200
