"""Verifiers of our tokens find the keys by `/.well-known/openid-configuration`, from any origin."""

import json

import pytest

import client
import jose
from harness import merge, table

DISCOVERY, KEYS = "/.well-known/openid-configuration", "/.well-known/jwks.json"
SHOP = "https://shop.example.com"


def test_a_verifier_that_knows_the_issuer_only_finds_the_keys(launch):
    """What Spring's JwtDecoders.fromIssuerLocation and express-oauth2-jwt-bearer do: fetch, compare, follow jwks_uri, verify."""
    server = launch()
    issuer = f"http://127.0.0.1:{server.port}"
    server.stop()
    server.write({"public_url": issuer, "tokens": {"issuer": issuer}})
    server.start()
    document = server.get(DISCOVERY)
    assert (document.status, document.get("content-type")) == (200, "application/json; charset=utf-8")
    assert document.get("cache-control") == "public, max-age=300"
    found = document.json()
    assert found["issuer"] == issuer
    assert found["id_token_signing_alg_values_supported"] == ["ES256"]
    assert found["jwks_uri"] == issuer + KEYS
    keys = server.get(found["jwks_uri"].removeprefix(issuer)).json()["keys"]
    access = server.register().access
    kid = jose.decode(access)[0]["kid"]
    assert [jose.verifies(access, key) for key in keys if key["kid"] == kid] == [True]
    assert jose.decode(access)[1]["iss"] == found["issuer"]
    assert set(jose.decode(access)[1]) <= set(found["claims_supported"])


@table({"public_url": ({"public_url": "https://api.example.com"}, "https://api.example.com"),
        "public_url with a path": ({"public_url": "https://example.com/api/"}, "https://example.com/api"),
        "an issuer that is a URL": ({"tokens": {"issuer": "https://auth.example.com/"}}, "https://auth.example.com"),
        "both": ({"public_url": "https://api.example.com", "tokens": {"issuer": "https://auth.example.com"}}, "https://api.example.com"),
        "neither": ({}, "http://127.0.0.1:{port}")})
def test_the_keys_are_where_the_configuration_says_and_never_where_host_says(launch, row):
    config, base = row
    server = launch(config)
    for headers in ([], [("X-Forwarded-Host", "evil.example")], [("Forwarded", "host=evil.example")]):
        found = client.fetch(server.port, "GET", DISCOVERY, headers, host="evil.example").json()
        assert found["jwks_uri"] == base.format(port=server.port) + KEYS
        assert found["issuer"] == config.get("tokens", {}).get("issuer", "auth-service")


def test_another_issuer_is_told_after_a_reload(launch):
    server = launch()
    server.write({"tokens": {"issuer": "https://new.example"}})
    server.reload()
    client.wait_for(lambda: server.get(DISCOVERY).json()["issuer"] == "https://new.example", what="the new issuer")


def test_a_shared_secret_publishes_no_key(launch):
    server = launch(env={"JWT_SECRET": "k7Qd2x9VbR4mT8wZp3LsN6yHc1JfGa5E"})
    assert server.get(DISCOVERY).status == 200
    assert server.get(KEYS).json() == {"keys": []}


@pytest.fixture(scope="module")
def listing(tmp_path_factory, upstream):
    from harness import Merlon
    server = Merlon(tmp_path_factory.mktemp("listing"), {"cors": {"origins": [SHOP]}}).start()
    yield server
    server.stop()


@pytest.mark.parametrize("path", [DISCOVERY, KEYS])
@table({"no origin": (None, "*"), "a stranger": ("https://stranger.example", "*"), "null": ("null", "*"), "a listed one": (SHOP, SHOP)})
def test_any_origin_may_read_the_keys_and_where_they_are(listing, path, row):
    origin, allowed = row
    answer = listing.get(path, headers=[("Origin", origin)] if origin else [])
    assert (answer.status, answer.get("access-control-allow-origin")) == (200, allowed)
    assert (answer.get("access-control-allow-credentials") is not None) == (allowed != "*")
    assert answer.get("vary") == "Origin"
    if origin:
        preflight = listing.call("OPTIONS", path, headers=[("Origin", origin), ("Access-Control-Request-Method", "GET")])
        assert (preflight.status, preflight.get("access-control-allow-origin")) == (204, allowed)


@pytest.mark.parametrize("path", ["/api/auth/me", "/health", "/openapi.json", "/nothing", "/.well-known/other"])
def test_no_other_path_is_read_by_a_stranger(listing, path):
    answer = listing.get(path, headers=[("Origin", "https://stranger.example")])
    assert (answer.status, answer.code) == (403, "FORBIDDEN")
    assert answer.get("access-control-allow-origin") is None
