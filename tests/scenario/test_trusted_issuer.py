"""Teams that keep their own identity provider: its tokens are good here, its keys are used as they say, forgeries are not.

The issuer's keys are made by the test and given as a file, so every forgery is right but for one thing.
"""

import json
import time

import pytest
from cryptography.hazmat.primitives import hashes

import jose
from harness import merge, service, standard_routes, table
from upstream import header

ISSUER = "https://idp.example"
RSA, EC, ED = jose.rsa_key(), jose.ec_key(), jose.ed_key()
STRANGER = jose.ec_key()
P384 = jose.p384_key()
# Of RSA, one key for each algorithm, and one that names none.
OTHERS = {"RS384": jose.rsa_pkcs1(RSA, hashes.SHA384()), "RS512": jose.rsa_pkcs1(RSA, hashes.SHA512()), "PS256": jose.rsa_pss(RSA, hashes.SHA256()),
          "PS384": jose.rsa_pss(RSA, hashes.SHA384()), "PS512": jose.rsa_pss(RSA, hashes.SHA512())}
KEYS = [jose.jwk(RSA, "rsa-1", "RS256"), jose.jwk(EC, "ec-1", "ES256"), jose.jwk(ED, "ed-1", "EdDSA"), jose.jwk(P384, "p384-1", "ES384"),
        *(jose.jwk(RSA, alg.lower(), alg) for alg in OTHERS), {name: value for name, value in jose.jwk(RSA, "rsa-any", "").items() if name != "alg"}]
FILES = {"idp.json": json.dumps({"keys": KEYS})}


def CONFIG(_):
    return {"tokens": {"trusted": [{"issuer": ISSUER, "jwks": "file:idp.json", "audience": "microservices-api"}]}}


def claims(**changes):
    return jose.seed_claims(**({"iss": ISSUER} | changes))


def head(alg, kid):
    return {"alg": alg, "typ": "JWT", "kid": kid}


SIGNERS = {"RS256": ("RS256", "rsa-1", jose.rs256(RSA)), "ES256": ("ES256", "ec-1", jose.es256(EC)),
           "EdDSA": ("EdDSA", "ed-1", jose.eddsa(ED)), "ES384": ("ES384", "p384-1", jose.es384(P384)),
           "RS256 by a key that names no algorithm": ("RS256", "rsa-any", jose.rs256(RSA))} | {alg: (alg, alg.lower(), sign) for alg, sign in OTHERS.items()}


def call(server, token, path="/private/x"):
    return server.get(path, token=token)


def assert_refused(server, upstream, token):
    before = upstream.count
    answer = call(server, token)
    assert (answer.status, answer.code) == (401, "INVALID_TOKEN"), answer
    assert upstream.count == before


@table(SIGNERS)
def test_a_token_of_the_trusted_issuer_is_accepted(merlon, row):
    alg, kid, sign = row
    answer = call(merlon, jose.token(head(alg, kid), claims(), sign))
    assert answer.status == 200, answer
    assert header(answer.json(), "X-User-Id") == [claims()["userId"]]


def test_our_own_tokens_stay_good_beside_it(merlon, user):
    assert call(merlon, user.access).status == 200


@table({
    "own key, our issuer": ("ES256", "ec-1", jose.es256(EC), {"iss": "auth-service"}),  # a foreign key cannot speak for us
    "issuer unknown": ("ES256", "ec-1", jose.es256(EC), {"iss": "https://other.example"}),
    "issuer with a slash": ("ES256", "ec-1", jose.es256(EC), {"iss": ISSUER + "/"}),
    "issuer in capitals": ("ES256", "ec-1", jose.es256(EC), {"iss": ISSUER.upper()}),
    "issuer missing": ("ES256", "ec-1", jose.es256(EC), {"iss": None}),
    "audience of another": ("ES256", "ec-1", jose.es256(EC), {"aud": "another"}),
    "audience missing": ("ES256", "ec-1", jose.es256(EC), {"aud": None}),
    "exp missing": ("ES256", "ec-1", jose.es256(EC), {"exp": None}),
    "signed by a stranger": ("ES256", "ec-1", jose.es256(STRANGER), {}),
    "unknown kid": ("ES256", "ec-2", jose.es256(EC), {}),
    "kid of another key": ("ES256", "rsa-1", jose.es256(EC), {}),
    "kid of another key, its alg": ("RS256", "rsa-1", jose.es256(EC), {}),
    "DER instead of the raw pair": ("ES256", "ec-1", jose.es256_der(EC), {}),
    "RS256 with an EC key": ("RS256", "ec-1", jose.es256(EC), {}),
    "ES384": ("ES384", "ec-1", jose.es256(EC), {}),
    "RS512": ("RS512", "rsa-1", jose.rs256(RSA), {}),
    "PS256": ("PS256", "rsa-1", jose.rs256(RSA), {}),
    "RS512 as it is, with a key of RS256": ("RS512", "rsa-1", OTHERS["RS512"], {}),
    "PS256 as it is, with a key of RS256": ("PS256", "rsa-1", OTHERS["PS256"], {}),
    "RS512 with a key that names no algorithm": ("RS512", "rsa-any", OTHERS["RS512"], {}),
    "PS256 with a key that names no algorithm": ("PS256", "rsa-any", OTHERS["PS256"], {}),
    "RS256 with a key of PS256": ("RS256", "ps256", jose.rs256(RSA), {}),
    "RS256 with a key of RS512": ("RS256", "rs512", jose.rs256(RSA), {}),
    "PS256 that is RS256": ("PS256", "ps256", jose.rs256(RSA), {}),
    "RS512 that is RS256": ("RS512", "rs512", jose.rs256(RSA), {}),
    "RS384 that is RS512": ("RS384", "rs384", OTHERS["RS512"], {}),
    "PS256 that is PS512": ("PS256", "ps256", OTHERS["PS512"], {}),
    "PS256 without a salt": ("PS256", "ps256", jose.rsa_pss(RSA, hashes.SHA256(), 0), {}),
    "PS256 with the longest salt": ("PS256", "ps256", jose.rsa_pss(RSA, hashes.SHA256(), 222), {}),
    "PS256 by a stranger": ("PS256", "ps256", jose.rsa_pss(jose.rsa_key(), hashes.SHA256()), {}),
    "HS256 with a key of PS256": ("HS256", "ps256", jose.hs256(json.dumps(KEYS[5])), {}),
    "PS256 in small letters": ("ps256", "ps256", OTHERS["PS256"], {}),
    "ES384 with the key of P-256": ("ES384", "ec-1", jose.es384(P384), {}),
    "none": ("none", "ec-1", lambda _: b"", {}),
    "none with a key of PS256": ("none", "ps256", lambda _: b"", {}),
    "our issuer by a key of PS256": ("PS256", "ps256", OTHERS["PS256"], {"iss": "auth-service"}),
    "empty signature": ("ES256", "ec-1", lambda _: b"", {}),
    "r and s zero": ("ES256", "ec-1", lambda _: b"\0" * 64, {}),  # CVE-2022-21449
    "r zero": ("ES256", "ec-1", lambda data: b"\0" * 32 + jose.es256(EC)(data)[32:], {}),
    "s zero": ("ES256", "ec-1", lambda data: jose.es256(EC)(data)[:32] + b"\0" * 32, {}),
    "r and s the order": ("ES256", "ec-1", lambda _: bytes.fromhex(
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551") * 2, {}),
    "63 bytes": ("ES256", "ec-1", lambda data: jose.es256(EC)(data)[:63], {}),
    "65 bytes": ("ES256", "ec-1", lambda data: jose.es256(EC)(data) + b"\0", {}),
    "padded to 66": ("ES256", "ec-1", lambda data: b"\0" + jose.es256(EC)(data)[:32] + b"\0" + jose.es256(EC)(data)[32:], {}),
    "Ed25519 of zeros": ("EdDSA", "ed-1", lambda _: b"\0" * 64, {}),
    "Ed25519 named Ed25519ph": ("Ed25519ph", "ed-1", jose.eddsa(ED), {}),
})
def test_what_is_wrong_in_one_way_is_refused(merlon, upstream, row):
    alg, kid, sign, changes = row
    assert_refused(merlon, upstream, jose.token(head(alg, kid), {k: v for k, v in (claims() | changes).items()
                                                                 if v is not None}, sign))


@pytest.mark.parametrize("kid", ["rsa-1", "ec-1", None], ids=["kid of the RSA key", "kid of the EC key", "no kid"])
@pytest.mark.parametrize("key", [RSA, EC], ids=["RSA key", "EC key"])
@pytest.mark.parametrize("issuer", [ISSUER, "auth-service"], ids=["its issuer", "our issuer"])
def test_public_key_as_hmac_secret_in_every_encoding(merlon, upstream, key, kid, issuer):
    public = jose.jwk(key, "x", "RS256")
    secrets = jose.as_hmac_secrets(key.public_key()) | {
        "JWK JSON": json.dumps(public).encode(), "n or x as published": (public.get("n") or public.get("x")).encode()}
    for name, secret in secrets.items():
        header = {"alg": "HS256", "typ": "JWT"} | ({"kid": kid} if kid else {})
        before = upstream.count
        answer = call(merlon, jose.token(header, claims(iss=issuer), jose.hs256(secret)))
        assert (answer.status, answer.code) == (401, "INVALID_TOKEN"), name
        assert upstream.count == before, name


def test_our_published_key_as_hmac_secret_in_every_encoding(merlon, upstream, user):
    """APISIX CVE-2026-39999."""
    published = merlon.get("/.well-known/jwks.json").json()["keys"][0]
    headers, own = jose.decode(user.access)
    for name, secret in jose.as_hmac_secrets(jose.public_key_from(published)).items():
        for header in (headers | {"alg": "HS256"}, {"alg": "HS256", "typ": "JWT"}):
            before = upstream.count
            answer = call(merlon, jose.token(header, own, jose.hs256(secret)))
            assert (answer.status, answer.code) == (401, "INVALID_TOKEN"), name
            assert upstream.count == before, name


def test_our_token_with_its_claims_changed_is_refused(merlon, upstream, user):
    headers, own = jose.decode(user.access)
    signature = user.access.split(".")[2]
    assert_refused(merlon, upstream, f"{jose.b64(json.dumps(headers))}.{jose.b64(json.dumps(own | {'role': 'admin'}))}.{signature}")
    assert_refused(merlon, upstream, jose.token(headers, own, jose.es256(STRANGER)))
    assert_refused(merlon, upstream, jose.token(headers, own, lambda _: b"\0" * 64))


def test_a_foreign_token_cannot_manage_our_accounts(merlon, user):
    """The issuer vouches for its users; that one of its ids equals one of ours must not open our account's doors."""
    token = jose.token(*[head("ES256", "ec-1"), claims(userId=user.id, sub=user.id)], jose.es256(EC))
    answer = merlon.post("/api/auth/logout-all", token=token)
    assert answer.status in (401, 403, 404), answer
    assert merlon.me(user.access).status == 200


def test_the_key_file_is_read_again_at_a_reload(launch):
    server = launch(CONFIG(None), files=FILES)
    fresh = jose.ec_key()
    token = jose.token(head("ES256", "ec-9"), claims(), jose.es256(fresh))
    old = jose.token(head("ES256", "ec-1"), claims(), jose.es256(EC))
    assert call(server, token).status == 401
    assert call(server, old).status == 200
    (server.directory / "idp.json").write_text(json.dumps({"keys": [jose.jwk(fresh, "ec-9", "ES256")]}))
    server.reload()
    deadline = time.monotonic() + 30
    while call(server, token).status != 200:
        assert time.monotonic() < deadline, "the new key never became good"
        time.sleep(0.1)
    assert call(server, old).status == 401, "a key that was taken away still verifies (the cache was not flushed)"


def test_keys_come_from_a_url_when_it_is_allowed(launch, upstream):
    """`jwks: http://…` on loopback may be refused as a private address; then the configuration says so with exit 78."""
    body = json.dumps({"keys": KEYS}).encode()
    upstream.on("/jwks.json", b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    config = merge({"services": {"echo": service(upstream.url, standard_routes())}},
                   {"tokens": {"trusted": [{"issuer": ISSUER, "jwks": upstream.url + "/jwks.json",
                                            "audience": "microservices-api"}]}})
    server = launch(config, ready=False)
    deadline = time.monotonic() + 60
    while server.is_running() and not server.is_ready():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    if not server.is_running():
        assert server.wait() == 78
        assert "jwks" in server.stderr_text()
        return
    answer = call(server, jose.token(head("ES256", "ec-1"), claims(), jose.es256(EC)))
    assert answer.status in (200, 401), answer
