"""Every attack on tokens that worked somewhere gives 401 here, and no upstream sees the request.

The server shares its HS256 secret with the tests (as a fleet does), so that each forgery is right but for
the one thing its row names. The attacks on public keys are in test_trusted_issuer.py.
"""

import json
import time

import pytest

import client
import jose
from harness import REFRESH_SECRET, SECRET, table

ENV = {"JWT_SECRET": SECRET, "JWT_REFRESH_SECRET": REFRESH_SECRET}
HEAD = {"alg": "HS256", "typ": "JWT"}
SIGN = jose.hs256(SECRET)


def good(**changes):
    return jose.token(HEAD, jose.seed_claims(**changes), SIGN)


def claims_text(**changes):
    """Claims as exact JSON text: each change is a JSON literal."""
    claims = {name: json.dumps(value) for name, value in jose.seed_claims().items()} | changes
    return "{" + ",".join(f'"{name}":{value}' for name, value in claims.items()) + "}"


def head(**changes):
    return jose.token(HEAD | changes, jose.seed_claims(), SIGN)


def unsigned(header):
    return jose.token(header, jose.seed_claims(), lambda _: b"")


def call(server, token, path="/private/x"):
    return server.call("GET", path, [("Authorization", b"Bearer " + (token if isinstance(token, bytes) else token.encode()))])


def assert_refused(server, upstream, token, codes=("INVALID_TOKEN",)):
    before = upstream.count
    answer = call(server, token)
    assert answer.status == 401, answer
    assert answer.code in codes, answer
    if answer.code == "INVALID_TOKEN":
        assert answer.error == {"code": "INVALID_TOKEN", "message": "Invalid token"}
    assert answer.get("WWW-Authenticate").startswith("Bearer")
    assert 'error="invalid_token"' in answer.get("WWW-Authenticate")
    assert upstream.count == before, "the upstream saw a request with a refused token"


def test_a_token_of_the_seeds_own_code_is_accepted(merlon):
    """jsonwebtoken writes no kid, sub, jti, sid or ver; without this every test below would prove nothing."""
    answer = call(merlon, good())
    assert answer.status == 200, answer


def test_tokens_are_hs256_when_the_secret_is_given(merlon):
    account = merlon.register()
    assert jose.decode(account.access)[0]["alg"] == "HS256"
    header, claims = jose.decode(account.access)
    assert jose.token(header, claims, SIGN).count(".") == 2
    signed, _, signature = account.access.rpartition(".")
    assert jose.unb64(signature) == SIGN(signed.encode()), "another service with JWT_SECRET could not verify it"
    signed, _, signature = account.refresh.rpartition(".")
    assert jose.unb64(signature) == jose.hs256(REFRESH_SECRET)(signed.encode())


ALG = {
    "none": "none", "None": "None", "NONE": "NONE", "nOnE": "nOnE", "empty": "", "null": None, "array": [],
    "array of the right one": ["HS256"], "object": {"alg": "HS256"}, "number": 256, "true": True,
    "lower case": "hs256", "with a space": "HS256 ", "with a NUL": "HS256\0", "HS384": "HS384", "HS512": "HS512",
    "RS256": "RS256", "ES256": "ES256", "PS256": "PS256", "EdDSA": "EdDSA", "dir": "dir", "unknown": "HS1",
}


@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed with the secret"])
@table(ALG)
def test_alg_that_is_not_the_keys_own(merlon, upstream, row, signed):
    header = {"alg": row, "typ": "JWT"}
    assert_refused(merlon, upstream, jose.token(header, jose.seed_claims(), SIGN) if signed else unsigned(header))


@table({
    "missing": {"typ": "JWT"},
    "twice, none last": '{"alg":"HS256","typ":"JWT","alg":"none"}',
    "twice, none first": '{"alg":"none","typ":"JWT","alg":"HS256"}',
    "twice the same": '{"alg":"HS256","alg":"HS256","typ":"JWT"}',
    "escaped twice": '{"alg":"HS256","\\u0061lg":"none","typ":"JWT"}',  # the second key is alg too
    "header is an array": "[]", "header is a string": '"HS256"', "header is null": "null", "header is empty": "",
    "header with a BOM": "\ufeff" + json.dumps(HEAD),
    "header with a tail": json.dumps(HEAD) + "x",
    "header with a comment": '{"alg":"HS256"/**/,"typ":"JWT"}',
    "header with a trailing comma": '{"alg":"HS256","typ":"JWT",}',
})
def test_header_that_is_not_one_json_object_with_one_alg(merlon, upstream, row):
    assert_refused(merlon, upstream, jose.token(row, jose.seed_claims(), SIGN))
    assert_refused(merlon, upstream, unsigned(row))


@table({
    "crit exp": {"crit": ["exp"], "exp": 1}, "crit empty": {"crit": []}, "crit null": {"crit": None},
    "crit string": {"crit": "b64"}, "crit unknown": {"crit": ["x"], "x": 1}, "crit duplicate": {"crit": ["b64", "b64"], "b64": True},
    "crit b64": {"crit": ["b64"], "b64": True}, "b64 false": {"b64": False}, "b64 false, crit": {"b64": False, "crit": ["b64"]},
    "crit object": {"crit": {}}, "crit number": {"crit": 1},
    "jku": {"jku": "http://127.0.0.1:1/keys"}, "jku https": {"jku": "https://evil.example/jwks.json"},
    "jwk": {"jwk": {"kty": "oct", "k": jose.b64("attacker")}},
    "x5u": {"x5u": "http://127.0.0.1:1/cert"}, "x5c": {"x5c": ["MIIB"]}, "x5c empty": {"x5c": []},
    "zip": {"zip": "DEF"}, "jwk null": {"jwk": None}, "jku empty": {"jku": ""},
})
def test_header_parameter_that_would_give_the_sender_a_say(merlon, upstream, row):
    assert_refused(merlon, upstream, head(**row))


def test_key_in_the_header_is_not_used(merlon, upstream):
    attacker = jose.ec_key()
    embedded = {"alg": "ES256", "typ": "JWT", "jwk": jose.jwk(attacker, "a", "ES256")}
    assert_refused(merlon, upstream, jose.token(embedded, jose.seed_claims(), jose.es256(attacker)))
    oct_key = {"alg": "HS256", "typ": "JWT", "jwk": {"kty": "oct", "k": jose.b64("attacker" * 4)}}
    assert_refused(merlon, upstream, jose.token(oct_key, jose.seed_claims(), jose.hs256("attacker" * 4)))


@pytest.mark.parametrize("name", ["jku", "x5u"])
def test_an_address_in_the_header_is_never_fetched(merlon, upstream, name):
    before = upstream.connection_count
    attacker = jose.ec_key()
    for url in (upstream.url + "/jwks.json", f"http://localhost:{upstream.port}/jwks.json"):
        header = {"alg": "ES256", "typ": "JWT", "kid": "a", name: url}
        assert_refused(merlon, upstream, jose.token(header, jose.seed_claims(), jose.es256(attacker)))
    time.sleep(0.5)
    assert upstream.connection_count == before, "the token made us connect somewhere"


@table({
    "path": "../../../../dev/null", "absolute path": "/dev/null", "URL": "http://127.0.0.1:1/x", "SQL": "x' UNION SELECT 'a",
    "NUL": "a\0b", "empty": "", "number": 1, "object": {"a": 1}, "array": ["a"], "null": None, "true": True,
    "unknown": "no-such-key", "newline": "a\nb", "shell": "|/usr/bin/id", "long": "k" * 1024, "4 KiB": "k" * 4096,
    "percent s": "%s%n", "unicode": "\u202ekid",
})
def test_kid_that_names_no_key_of_ours(merlon, upstream, row):
    assert_refused(merlon, upstream, head(kid=row))
    assert_refused(merlon, upstream, jose.token(HEAD | {"kid": row}, jose.seed_claims(), jose.hs256(b"")))  # /dev/null's content


def test_kid_of_one_mebibyte(merlon, upstream):
    before = upstream.count
    with merlon.connect() as connection:
        connection.try_send(b"GET /private/x HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
                            + head(kid="k" * (1 << 20)).encode() + b"\r\n\r\n")
        answer = connection.response()
    assert answer.status in (401, 431), answer
    assert upstream.count == before


def now():
    return int(time.time())


@table({
    "exp missing": lambda: good(exp=None),  # missing meant eternal elsewhere
    "exp null": lambda: jose.token(HEAD, claims_text(exp="null"), SIGN),
    "exp string": lambda: jose.token(HEAD, claims_text(exp=f'"{now() + 900}"'), SIGN),
    "exp float": lambda: jose.token(HEAD, claims_text(exp=f"{now() + 900}.5"), SIGN),
    "exp 1e999": lambda: jose.token(HEAD, claims_text(exp="1e999"), SIGN),
    "exp 1e400": lambda: jose.token(HEAD, claims_text(exp="1e400"), SIGN),  # Boost.JSON reads Infinity
    "exp with exponent": lambda: jose.token(HEAD, claims_text(exp="1e11"), SIGN),
    "exp over 64 bits": lambda: jose.token(HEAD, claims_text(exp="99999999999999999999999"), SIGN),
    "exp true": lambda: jose.token(HEAD, claims_text(exp="true"), SIGN),
    "exp array": lambda: jose.token(HEAD, claims_text(exp=f"[{now() + 900}]"), SIGN),
    "exp object": lambda: jose.token(HEAD, claims_text(exp="{}"), SIGN),
    "exp NaN": lambda: jose.token(HEAD, claims_text(exp="NaN"), SIGN),
    "exp Infinity": lambda: jose.token(HEAD, claims_text(exp="Infinity"), SIGN),
    "iat missing": lambda: good(iat=None),
    "iat null": lambda: jose.token(HEAD, claims_text(iat="null"), SIGN),
    "iat string": lambda: jose.token(HEAD, claims_text(iat=f'"{now()}"'), SIGN),
    "iat in an hour": lambda: good(iat=now() + 3600, exp=now() + 4500),
    "nbf in an hour": lambda: good(nbf=now() + 3600),
    "nbf string": lambda: jose.token(HEAD, claims_text(nbf=f'"{now()}"'), SIGN),
    "iss missing": lambda: good(iss=None),
    "iss of another": lambda: good(iss="auth-service2"),
    "iss with case": lambda: good(iss="Auth-Service"),
    "iss array": lambda: good(iss=["auth-service"]),
    "iss null": lambda: jose.token(HEAD, claims_text(iss="null"), SIGN),
    "aud missing": lambda: good(aud=None),
    "aud of another": lambda: good(aud="other-api"),
    "aud empty array": lambda: good(aud=[]),
    "aud number": lambda: good(aud=1),
    "aud prefix": lambda: good(aud="microservices-api.evil.example"),
    "userId missing": lambda: good(userId=None),
    "userId number": lambda: good(userId=1),
    "userId empty": lambda: good(userId=""),
    "sub and userId disagree": lambda: good(sub="6ba7b810-9dad-41d1-80b4-00c04fd430c8"),
    "type refresh": lambda: good(type="refresh"),
    "type id": lambda: good(type="id"),
    "type empty": lambda: good(type=""),
    "type array": lambda: good(type=["access"]),
    "exp twice": lambda: jose.token(HEAD, claims_text()[:-1] + f',"exp":{now() + 9000}' + "}", SIGN),
    "role twice": lambda: jose.token(HEAD, claims_text()[:-1] + ',"role":"admin"}', SIGN),
    "role twice, escaped": lambda: jose.token(HEAD, claims_text()[:-1] + ',"\\u0072ole":"admin"}', SIGN),
    "aud twice": lambda: jose.token(HEAD, claims_text()[:-1] + ',"aud":"other"}', SIGN),
    "claims are an array": lambda: jose.token(HEAD, "[]", SIGN),
    "claims are a string": lambda: jose.token(HEAD, '"x"', SIGN),
    "claims are null": lambda: jose.token(HEAD, "null", SIGN),
    "claims are empty": lambda: jose.token(HEAD, "", SIGN),
    "claims are {}": lambda: jose.token(HEAD, "{}", SIGN),
    "claims with a tail": lambda: jose.token(HEAD, claims_text() + "{}", SIGN),
    "claims with a BOM": lambda: jose.token(HEAD, "\ufeff" + claims_text(), SIGN),
    "claims of invalid UTF-8": lambda: jose.token(HEAD, claims_text(email='"').encode()[:-1] + b'\xff"}', SIGN),
    "claims with a lone surrogate": lambda: jose.token(HEAD, claims_text(role='"\\ud800"'), SIGN),
    "overlong UTF-8": lambda: jose.token(HEAD, claims_text().encode().replace(b"user@", b"\xc0\xaf@"), SIGN),
    "depth 1,000": lambda: jose.token(HEAD, claims_text(x="[" * 1000 + "]" * 1000), SIGN),
    "depth 10,000": lambda: jose.token(HEAD, claims_text(x="[" * 10_000), SIGN),
})
def test_claims_that_are_wrong_in_one_way(merlon, upstream, row):
    assert_refused(merlon, upstream, row())


@table({
    "a second ago": lambda: good(iat=now() - 901, exp=now() - 1),  # no leeway on exp
    "an hour ago": lambda: good(iat=now() - 4500, exp=now() - 3600),
    "epoch": lambda: good(exp=0, iat=0),
})
def test_expired_tokens_say_so(merlon, upstream, row):
    before = upstream.count
    answer = call(merlon, row())
    assert answer.status == 401
    assert answer.error == {"code": "TOKEN_EXPIRED", "message": "Token has expired"}
    assert 'error="invalid_token"' in answer.get("WWW-Authenticate")
    assert upstream.count == before


def test_negative_exp(merlon, upstream):
    assert_refused(merlon, upstream, good(exp=-1), ("TOKEN_EXPIRED", "INVALID_TOKEN"))


def test_an_expired_token_with_a_bad_signature_is_not_called_expired(merlon, upstream):
    claims = jose.seed_claims(iat=now() - 4500, exp=now() - 3600)
    assert_refused(merlon, upstream, jose.token(HEAD, claims, jose.hs256("x" * 32)))  # no claim of it is used


def test_a_cached_token_still_expires(merlon):
    token = good(iat=now() - 10, exp=now() + 6)
    assert call(merlon, token).status == 200
    client.wait_for(lambda: call(merlon, token).status == 401, what="the token's end")
    assert call(merlon, token).code == "TOKEN_EXPIRED"


@table({
    "five seconds of leeway on iat": lambda: good(iat=now() + 2),
    "five seconds of leeway on nbf": lambda: good(nbf=now() + 2),
    "aud array with ours": lambda: good(aud=["other", "microservices-api"]),
    "type access": lambda: good(type="access"),
    "sub that agrees": lambda: good(sub=jose.seed_claims()["userId"]),
    "no typ": lambda: jose.token({"alg": "HS256"}, jose.seed_claims(), SIGN),
})
def test_tokens_that_are_right(merlon, row):
    assert call(merlon, row()).status == 200


def altered(change):
    return lambda: change(*good().split("."))


@table({
    "empty": lambda: ".", "one part": altered(lambda h, c, s: h), "two parts": altered(lambda h, c, s: f"{h}.{c}"),
    "two parts and a dot": altered(lambda h, c, s: f"{h}.{c}."), "four parts": altered(lambda h, c, s: f"{h}.{c}.{s}.{s}"),
    "four parts, last empty": altered(lambda h, c, s: f"{h}.{c}.{s}."),
    "five parts, as a JWE": altered(lambda h, c, s: f"{h}.{c}.{s}.{s}.{s}"), "only dots": lambda: "..",
    "leading dot": altered(lambda h, c, s: f".{h}.{c}.{s}"),
    "no header": altered(lambda h, c, s: f".{c}.{s}"), "no claims": altered(lambda h, c, s: f"{h}..{s}"),
    "JSON serialization": altered(lambda h, c, s: json.dumps({"protected": h, "payload": c, "signature": s})),
    "general JSON serialization": altered(lambda h, c, s: json.dumps(
        {"payload": c, "signatures": [{"protected": h, "signature": s}]})),
    "padding": altered(lambda h, c, s: f"{h}.{c}.{s}="), "padding on all": altered(lambda h, c, s: f"{h}=.{c}==.{s}="),
    "padding in the header": altered(lambda h, c, s: f"{h}=.{c}.{s}"),
    "other letter case": altered(lambda h, c, s: f"{h}.{c}.{s.swapcase()}"),
    "signature cut": altered(lambda h, c, s: f"{h}.{c}.{s[:-1]}"), "signature longer": altered(lambda h, c, s: f"{h}.{c}.{s}A"),
    "signature of zeros": altered(lambda h, c, s: f"{h}.{c}.{'A' * 43}"),
    "space inside": altered(lambda h, c, s: f"{h}. {c}.{s}"), "tab inside": altered(lambda h, c, s: f"{h}.\t{c}.{s}"),
    "two tokens": altered(lambda h, c, s: f"{h}.{c}.{s} {h}.{c}.{s}"), "two tokens, comma": altered(lambda h, c, s: f"{h}.{c}.{s},{h}.{c}.{s}"),
    "quoted": altered(lambda h, c, s: f'"{h}.{c}.{s}"'),
    "percent encoded dots": altered(lambda h, c, s: f"{h}%2E{c}%2E{s}"),
    "another's signature": altered(lambda h, c, s: f"{h}.{c}.{good(userId='x').split('.')[2]}"),
    "other claims, same signature": altered(lambda h, c, s: f"{h}.{jose.b64(json.dumps(jose.seed_claims(role='admin')))}.{s}"),
    "8-bit bytes": altered(lambda h, c, s: f"{h}.{c}.{s}".encode() + b"\xff\xfe"),
})
def test_token_text_that_is_not_three_parts_of_strict_base64url(merlon, upstream, row):
    before = upstream.count
    answer = call(merlon, row())
    # 8-bit bytes in a field are refused before anybody looks for a token; that is fine too.
    assert answer.status == 401 or (answer.status == 400 and isinstance(row(), bytes)), answer
    if answer.status == 401:
        assert answer.code == "INVALID_TOKEN", answer
    assert upstream.count == before


def test_standard_base64_alphabet_instead_of_the_url_one(merlon, upstream):
    for number in range(200):  # until a signature has one of the two letters that differ
        h, c, s = good(jti=str(number)).split(".")
        if "-" in s or "_" in s:
            break
    assert call(merlon, f"{h}.{c}.{s}").status == 200
    assert_refused(merlon, upstream, f"{h}.{c}." + s.replace("-", "+").replace("_", "/"))


def test_non_zero_trailing_bits(merlon, upstream):
    """32 bytes are 43 letters, the last of which has two unused bits: four spellings of one signature."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    signed, _, signature = good().rpartition(".")
    last = alphabet.index(signature[-1])
    assert last % 4 == 0
    for bits in (1, 2, 3):
        assert_refused(merlon, upstream, f"{signed}.{signature[:-1]}{alphabet[last + bits]}")


def test_token_of_eight_mebibytes(merlon, upstream):
    before = upstream.count
    with merlon.connect() as connection:
        connection.try_send(b"GET /private/x HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ")
        for _ in range(128):
            if not connection.try_send(b"A" * 65536):
                break
        connection.try_send(b"\r\n\r\n")
        try:
            answer = connection.response()
            assert answer.status in (401, 431), answer
        except ConnectionError:
            pass  # hung up on it: no answer is also a refusal
    assert upstream.count == before
    assert call(merlon, good()).status == 200


@table({
    "empty": b"", "33 zeros": b"\0" * 33, "known sample": b"your-secret-key", "secret": b"secret",
    "the refresh secret": REFRESH_SECRET.encode(), "the secret in hex": SECRET.encode().hex().encode(),
    "the secret cut": SECRET.encode()[:-1], "the secret with a newline": SECRET.encode() + b"\n",
})
def test_a_signature_under_another_secret(merlon, upstream, row):
    assert_refused(merlon, upstream, jose.token(HEAD, jose.seed_claims(), jose.hs256(row)))


def test_a_refresh_token_is_not_an_access_token(merlon, upstream):
    account = merlon.register()
    assert_refused(merlon, upstream, account.refresh)
    claims = jose.seed_claims(type="refresh", tokenId="00000000-0000-4000-8000-000000000000")
    assert_refused(merlon, upstream, jose.token(HEAD, claims, SIGN))  # whatever the key
    claims = jose.decode(account.refresh)[1]
    assert_refused(merlon, upstream, jose.token(HEAD, claims, SIGN))


def test_an_access_token_is_not_a_refresh_token(merlon):
    account = merlon.register()
    for token in (account.access, good(), jose.token(HEAD, jose.seed_claims(), jose.hs256(REFRESH_SECRET))):
        answer = merlon.try_refresh(token)
        assert (answer.status, answer.code) == (401, "INVALID_REFRESH_TOKEN")


def test_an_id_token_is_not_an_access_token(merlon, upstream):
    assert_refused(merlon, upstream, jose.token(HEAD, {
        "iss": "auth-service", "aud": "client-id", "sub": "1", "iat": now(), "exp": now() + 900, "nonce": "n",
        "email": "user@example.com", "email_verified": True}, SIGN))


@table({
    "access_token": "/private/x?access_token={}", "token": "/private/x?token={}", "jwt": "/private/x?jwt={}",
    "authorization": "/private/x?authorization=Bearer%20{}",
})
def test_a_token_in_the_query_has_no_power(merlon, upstream, row):
    before = upstream.count
    answer = merlon.get(row.format(good()))
    assert (answer.status, answer.code, answer.error["message"]) == (401, "UNAUTHORIZED", "No token provided")
    assert upstream.count == before


@table({
    "cookie": [("Cookie", "token={0}; access_token={0}; jwt={0}")], "X-Access-Token": [("X-Access-Token", "{0}")],
    "Proxy-Authorization": [("Proxy-Authorization", "Bearer {0}")], "X-Authorization": [("X-Authorization", "Bearer {0}")],
    "Basic": [("Authorization", "Basic dXNlcjpwYXNz")], "Bearer alone": [("Authorization", "Bearer")],
    "no scheme": [("Authorization", "{0}")], "Token scheme": [("Authorization", "Token {0}")],
    "glued": [("Authorization", "Bearer{0}")], "empty": [("Authorization", "")],
    "nothing": [],
})
def test_a_token_that_is_not_in_a_bearer_field_is_no_token(merlon, upstream, row):
    before = upstream.count
    answer = merlon.call("GET", "/private/x", [(name, value.format(good())) for name, value in row])
    assert answer.status == 401
    assert answer.error == {"code": "UNAUTHORIZED", "message": "No token provided"}
    assert upstream.count == before


@table({
    "both good": lambda: [("Authorization", "Bearer " + good()), ("Authorization", "Bearer " + good())],
    "good then bad": lambda: [("Authorization", "Bearer " + good()), ("Authorization", "Bearer x")],
    "bad then good": lambda: [("Authorization", "Bearer x"), ("authorization", "Bearer " + good())],
    "Basic then good": lambda: [("Authorization", "Basic eDp5"), ("AUTHORIZATION", "Bearer " + good())],
})
def test_two_authorization_fields(merlon, upstream, row):
    before = upstream.count
    answer = merlon.call("GET", "/private/x", row())
    assert answer.status in (400, 401), answer  # duplicate security headers are 400; as a token attack 401 would do
    assert upstream.count == before


@table({
    "role admin without its permissions": lambda: good(role="admin"),  # permissions decide, never the role's name
    "permission prefix": lambda: good(permissions=["delete:product"]),
    "permission with a star": lambda: good(permissions=["*", "delete:*", "*:*"]),
    "permission in capitals": lambda: good(permissions=["DELETE:PRODUCTS"]),
    "permission with a space": lambda: good(permissions=["delete:products "]),
    "two in one": lambda: good(permissions=["read:products delete:products"]),
    "no permissions": lambda: good(permissions=[]),
})
def test_permissions_are_compared_to_the_letter(merlon, upstream, row):
    before = upstream.count
    answer = merlon.call("DELETE", "/management/1", [("Authorization", "Bearer " + row())])
    assert answer.status in (401, 403), answer  # 401: a permission outside its own grammar spoils the token
    if answer.status == 403:
        assert answer.error["required"] == ["delete:products"]
    assert upstream.count == before


@table({
    "string": "read:products delete:products", "numbers": [1, 2], "object": {"delete:products": True}, "null inside": [None],
    "nested": [["delete:products"]], "true": True,
})
def test_permissions_that_are_no_list_of_strings_give_nothing(merlon, upstream, row):
    before = upstream.count
    answer = merlon.call("DELETE", "/management/1", [("Authorization", "Bearer " + good(permissions=row))])
    assert answer.status in (401, 403), answer
    assert upstream.count == before


def test_verifying_never_writes_to_the_database(merlon):
    tokens = [good(jti=str(number)) for number in range(200)]

    def state():
        return {path: (path.stat().st_mtime_ns, path.stat().st_size)
                for path in merlon.directory.rglob("merlon.db*") if "shm" not in path.name}
    call(merlon, tokens[0])
    time.sleep(1)
    before = state()
    assert before, "the store's files are not where the contract's default puts them"
    assert {call(merlon, token).status for token in tokens} == {200}
    assert state() == before
