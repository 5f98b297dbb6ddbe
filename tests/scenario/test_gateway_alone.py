"""`identity: {enabled: false}`: the gateway alone, before services that sign people in themselves. It keeps no store, it verifies
the tokens that others made, and the paths of the built-in roles belong to whoever declares them.
"""

import json
import time

import client
import jose
from harness import SECRET, run, service, standard_routes, table, to_yaml
from upstream import answer

OTHER_SECRET = "Zq4Wn9xTb2Lk7Rv5Hm8Pc3Jd6Gs1Yf0A"
OFF = {"identity": {"enabled": False}}
ENV = {"JWT_SECRET": SECRET}
AUTH_ROUTES = [{"path": "/api/auth/**", "methods": ["GET", "POST"], "allow": "public"}]
USERS_ROUTES = [{"path": "/api/users/**", "methods": ["GET"], "allow": ["read:profile"]},
                {"path": "/api/orders", "methods": ["GET", "POST"], "allow": ["read:orders"]}]


def signed(secret=SECRET, **changes):
    return jose.token({"alg": "HS256", "typ": "JWT"}, jose.seed_claims(**changes), jose.hs256(secret))


def alone(upstream, **more):
    return {**OFF, "services": {"echo": service(upstream.url, standard_routes()), "accounts": service(upstream.url, AUTH_ROUTES),
                                "users": service(upstream.url, USERS_ROUTES)}} | more


def header(response, name):
    return [value for given, value in response.json()["headers"] if given.lower() == name]


def test_a_token_that_an_express_service_signed_is_admitted_with_its_permissions(launch, upstream):
    server = launch(alone(upstream), ENV)
    response = server.get("/private/x", token=signed())
    assert response.status == 200, response
    assert header(response, "x-user-id") == ["550e8400-e29b-41d4-a716-446655440000"] and header(response, "x-user-role") == ["user"]
    assert server.get("/catalog/x", token=signed()).status == 200
    assert server.get("/management/x", token=signed()).code == "FORBIDDEN"
    assert server.get("/open/x").status == 200


@table({
    "none": None, "of another secret": signed(OTHER_SECRET), "expired": signed(exp=1), "of another issuer": signed(iss="others"),
    "for others": signed(aud="others"), "without a signature": signed().rsplit(".", 1)[0] + ".",
})
def test_no_other_token_is(launch, upstream, row):
    server = launch(alone(upstream), ENV)
    before = upstream.count
    assert server.get("/private/x", token=row).status == 401
    assert upstream.count == before


def test_the_paths_of_the_built_in_roles_belong_to_whoever_declares_them(launch, upstream):
    server = launch(alone(upstream), ENV)
    assert server.post("/api/auth/login", {"email": "a@b.example"}).json()["target"] == "/api/auth/login"
    assert server.get("/api/users/me", token=signed()).json()["target"] == "/api/users/me"
    assert server.get("/api/users/me").status == 401
    assert server.get("/api/orders", token=signed()).status == 200
    for path in ("/api/products", "/.well-known/jwks.json", "/.well-known/openid-configuration"):
        assert server.get(path, token=signed()).status == 404, path
    document = server.get("/openapi.json").json()
    assert not [path for path in document["paths"] if path.startswith("/api/")]


def test_the_limits_of_sign_ins_hold_for_a_service_that_owns_them(launch, upstream):
    server = launch(alone(upstream, limits={"auth": {"max": 5}}), ENV)
    upstream.on("/api/auth/login", lambda _, link: answer(link, 401))
    try:
        statuses = [server.post("/api/auth/login", {"email": "a@b.example"}).status for _ in range(6)]
    finally:
        upstream.clear()
    assert statuses == [401] * 5 + [429]


def test_it_makes_no_store_no_key_and_no_socket(launch, upstream):
    server = launch(alone(upstream), ENV)
    assert server.get("/private/x", token=signed(OTHER_SECRET)).status == 401
    assert server.admin("/readyz").status == 200 and server.admin("/readyz?verbose").status == 200
    assert server.run("healthcheck").returncode == 0
    server.stop()
    assert not (server.directory / "data").exists()
    assert server.events("INVALID_TOKEN"), "what is refused is in the log"
    assert "admin" not in server.stderr_text(), "nobody is made"


def test_a_route_that_closes_when_sign_outs_are_stale_is_open(launch, upstream):
    """Nobody tells a gateway alone of sign-outs, so that it misses none."""
    server = launch(alone(upstream, revocation={"when_stale": "closed", "stale_after": "2s"}), ENV)
    time.sleep(3)  # over stale_after
    assert server.get("/private/x", token=signed()).status == 200


def test_it_may_trust_others_and_have_no_secret(launch, upstream):
    key = jose.ec_key()
    trusted = [{"issuer": "https://idp.example", "jwks": "file:idp.json", "audience": "microservices-api"}]
    files = {"idp.json": json.dumps({"keys": [jose.jwk(key, "k", "ES256")]})}
    server = launch(alone(upstream, tokens={"trusted": trusted}), files=files)
    token = jose.token({"alg": "ES256", "typ": "JWT", "kid": "k"}, jose.seed_claims(iss="https://idp.example"), jose.es256(key))
    assert server.get("/private/x", token=token).status == 200
    assert server.get("/private/x", token=signed()).status == 401


def test_a_reload_brings_another_secret(launch, upstream):
    server = launch(alone(upstream, tokens={"secret": "file:secret"}), files={"secret": SECRET})
    assert server.get("/private/x", token=signed()).status == 200
    (server.directory / "secret").write_text(OTHER_SECRET)
    server.reload()
    client.wait_for(lambda: server.get("/private/x", token=signed(OTHER_SECRET)).status == 200, what="the new secret")
    assert server.get("/private/x", token=signed()).status == 401


def test_the_role_gateway_needs_no_certificates_when_it_is_alone(launch, upstream):
    server = launch(alone(upstream), ENV, flags=["--role", "gateway"])
    assert server.get("/private/x", token=signed()).status == 200


@table({
    "user list": ["user", "list"], "session list": ["session", "list", "a@b.example"], "key list": ["key", "list"],
    "audit tail": ["audit", "tail"], "serve --demo": ["serve", "--demo"], "serve --role auth": ["serve", "--role", "auth"],
    "migrate up": ["migrate", "up"], "migrate status": ["migrate", "status"], "render postgres": ["render", "postgres"],
    "store copy": ["store", "copy", "--from", "sqlite:other.db"], "store backup": ["store", "backup", "--data", "d", "--keys", "k"],
})
def test_a_command_for_what_is_not_there_says_so(tmp_path, upstream, row):
    (tmp_path / "merlon.yaml").write_text(to_yaml({"version": 1} | alone(upstream)))
    done = run(*row, directory=tmp_path, env=ENV)
    assert done.returncode == 78, done
    assert "identity.enabled" in done.stderr, done.stderr
    assert row[1] != "backup" or "nothing to back up" in done.stderr, done.stderr
    assert not (tmp_path / "data").exists() and not (tmp_path / "d").exists()


def problem(directory, config, env=None):
    (directory / "merlon.yaml").write_text(to_yaml({"version": 1} | config))
    return run("config", "check", directory=directory, env=env)


def test_nobody_who_could_verify_a_token_is_a_fault_where_a_route_asks_for_one(tmp_path, upstream):
    done = problem(tmp_path, alone(upstream))
    assert done.returncode == 78 and "JWT_SECRET" in done.stderr and "tokens.trusted" in done.stderr, done
    public = {**OFF, "services": {"accounts": service(upstream.url, AUTH_ROUTES)}}
    assert problem(tmp_path, public).returncode == 0


@table({
    "a role that is named": ({**OFF, "services": {"orders": {}}}, ["services.orders", "url"]),
    "a role that is enabled": ({**OFF, "services": {"orders": {"enabled": True}}}, ["services.orders", "url"]),
    "an algorithm without the secret": ({**OFF, "tokens": {"algorithm": "HS256"}}, ["tokens.algorithm"]),
    "an algorithm whose keys are auth's": ({**OFF, "tokens": {"algorithm": "ES256"}}, ["tokens.algorithm"]),
})
def test_what_cannot_be_without_identity_is_a_fault_of_the_configuration(tmp_path, row):
    config, words = row
    done = problem(tmp_path, config)
    assert done.returncode == 78, done
    for word in words:
        assert word in done.stderr, done.stderr


def test_a_service_beside_the_built_in_auth_may_not_take_its_paths(tmp_path, upstream):
    done = problem(tmp_path, {"services": {"accounts": service(upstream.url, AUTH_ROUTES)}})
    assert done.returncode == 0, "/api/auth/** is what is left of it"
    routes = [{"path": "/api/auth/login", "methods": ["POST"], "allow": "public"}]
    done = problem(tmp_path, {"services": {"accounts": service(upstream.url, routes)}})
    assert done.returncode == 78 and "/api/auth/login" in done.stderr and "merlon.yaml:" in done.stderr, done
    assert "identity" in done.stderr, "it says how the path can be had"
