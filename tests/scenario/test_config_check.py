"""`config check` finds what `serve` would fail with: all but the ports and the stores is built and thrown away. And certificates
say in time that they end."""

import json
import os

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

import client
from harness import REFRESH_SECRET, SECRET, certificate, run, service, table, to_yaml

AUTHORITY = certificate(names=("authority",), ca=True)
BETWEEN = certificate(names=("between",), issuer=AUTHORITY, ca=True)
LEAF = certificate(issuer=BETWEEN)
OTHER = certificate()
RSA = rsa.generate_private_key(65537, 2048)
RSA_KEY = RSA.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
ENCRYPTED_KEY = LEAF[0].private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"words"))
TLS = {"server": {"listen": "127.0.0.1:3000", "tls": {"certificate": "tls.crt", "key": "tls.key"}}}


def pair(made, *chain):
    return {"tls.crt": made[3] + b"".join(one[3] for one in chain), "tls.key": made[2]}


def catalog(*routes, **more):
    return {"services": {"catalog": service("http://127.0.0.1:9", list(routes), **more)}}


def check(directory, config, files=None, env=None, flags=()):
    for name, content in (files or {}).items():
        (directory / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    (directory / "merlon.yaml").write_text(to_yaml({"version": 1} | config))
    done = run("config", "check", *flags, directory=directory, env=env)
    assert not (directory / "data/merlon.db").exists() and not (directory / "data/keys.db").exists(), "it looks, and makes nothing"
    return done


@table({
    "a certificate and key that fit": (TLS, pair(OTHER)), "a whole chain": (TLS, pair(LEAF, BETWEEN)),
    "a chain with its root": (TLS, pair(LEAF, BETWEEN, AUTHORITY)), "a leaf of a private authority": (TLS, pair(certificate(issuer=AUTHORITY))),
    "a name that public_url has": (TLS | {"public_url": "https://localhost:3000/shop"}, pair(OTHER)),
    "an address that public_url has": (TLS | {"public_url": "https://127.0.0.1:3000"}, pair(OTHER)),
    "a permission that a role has": (catalog({"path": "/x", "methods": ["GET"], "allow": ["read:products"]}), {}),
    "a route beside built-in ones": (catalog({"path": "/api/auth/consents", "methods": ["GET"], "allow": "public"}), {}),
})
def test_what_is_sound_passes_without_a_word(tmp_path, row):
    config, files = row
    done = check(tmp_path, config, files)
    assert done.returncode == 0 and done.stderr == "the configuration is sound\n", done


@table({
    "the key of another certificate": (TLS, {"tls.crt": LEAF[3], "tls.key": OTHER[2]}, ["merlon.yaml:5", "tls.key is not the key of tls.crt"]),
    "a key of another type": (TLS, {"tls.crt": LEAF[3], "tls.key": RSA_KEY}, ["merlon.yaml:5", "tls.key is not the key of tls.crt"]),
    "an RSA certificate with a key of another type": (TLS, {"tls.crt": certificate(key=RSA)[3], "tls.key": LEAF[2]}, ["tls.key is not the key of tls.crt"]),
    "an encrypted key": (TLS, {"tls.crt": LEAF[3], "tls.key": ENCRYPTED_KEY}, ["tls.key", "not encrypted"]),
    "a key that is none": (TLS, {"tls.crt": LEAF[3], "tls.key": "hello"}, ["tls.key: no private key"]),
    "a service's key of another type": (
        {"services": {"catalog": {"url": "https://127.0.0.1:9", "certificate": "tls.crt", "key": "tls.key", "routes": []}}}, {"tls.crt": LEAF[3], "tls.key": RSA_KEY},
        ["tls.key is not the key of tls.crt"]),
    "no certificate": (TLS, {"tls.crt": "hello", "tls.key": OTHER[2]}, ["merlon.yaml:5", "tls.crt", "no certificate"]),
    "no file": (TLS, {}, ["tls.crt"]),
    "a route of the built-in auth": (catalog({"path": "/api/auth/login", "methods": ["POST"], "allow": "public"}), {},
                                     ["merlon.yaml:6", "POST /api/auth/login", "built-in auth", "identity: {enabled: false}"]),
    "a route of the built-in orders": (catalog({"path": "/api/orders/{id}", "methods": ["GET"], "allow": "public"}), {},
                                       ["merlon.yaml:6", "built-in orders", "orders: {enabled: false}"]),
    "the gateway's own": (catalog({"path": "/health", "methods": ["GET"], "allow": "public"}), {}, ["merlon.yaml:6", "the gateway's own"]),
    "a master key of the wrong length": ({"keys": {"master": "file:master"}}, {"master": "abc"}, ["merlon.yaml:3", "32 bytes"]),
    "one secret twice": ({"tokens": {"secret": SECRET, "refresh_secret": SECRET}}, {}, ["refresh_secret", "the same"]),
    "keys of a trusted issuer that are none": (
        {"tokens": {"trusted": [{"issuer": "https://idp.example", "jwks": "file:idp.json", "audience": "a"}]}}, {"idp.json": "{}"}, ["idp.json"]),
    "a service that asks who calls, and no certificate to say it": (
        {"services": {"catalog": {"url": "https://127.0.0.1:9", "identity": "spiffe://cluster.local/ns/default/sa/catalog", "routes": []}}}, {},
        ["gateway.key"]),
})
def test_what_serve_would_fail_with_is_found(tmp_path, row):
    config, files, words = row
    done = check(tmp_path, config, files)
    assert done.returncode == 78, done
    for word in words:
        assert word in done.stderr, done.stderr
    assert "sound" not in done.stderr
    flags = ["--set", "server.listen=127.0.0.1:0"]
    assert run("serve", *flags, directory=tmp_path).returncode == 78


def test_certificates_of_roles_that_are_here_are_judged(tmp_path):
    fleet = {"fleet": {"certificates": "pki"}}
    for arguments in (("init",), ("issue", "orders"), ("issue", "gateway")):
        assert run("pki", *arguments, directory=tmp_path).returncode == 0
    assert check(tmp_path, fleet).returncode == 0
    (tmp_path / "pki/orders.key").write_bytes((tmp_path / "pki/gateway.key").read_bytes())
    done = check(tmp_path, fleet)
    assert done.returncode == 78 and "fleet.orders" in done.stderr and "is not the key of" in done.stderr, done


def fleet_of(directory, *roles):
    for arguments in (("init",), *(("issue", role) for role in roles)):
        assert run("pki", *arguments, directory=directory).returncode == 0


@table({
    "another's key": ("orders", lambda pki: (pki / "orders.key").write_bytes((pki / "gateway.key").read_bytes()), ["fleet.orders", "is not the key of"]),
    "no certificate": ("orders", lambda pki: (pki / "orders.crt").unlink(), ["fleet.orders", "orders.crt"]),
    "no authority": ("auth,users", lambda pki: (pki / "ca.crt").unlink(), ["fleet.auth", "fleet.users", "ca.crt"]),
    "no key of the gateway": ("gateway", lambda pki: (pki / "gateway.key").unlink(), ["fleet.gateway", "gateway.key"]),
})
def test_the_certificates_of_a_role_are_judged_as_its_process_needs_them(tmp_path, row):
    roles, damage, words = row
    fleet_of(tmp_path, "auth", "users", "orders", "gateway")
    fleet = {"fleet": {"certificates": "pki"}}
    for one in ("auth,users", "orders", "gateway"):
        done = check(tmp_path, fleet, flags=["--role", one])
        assert done.returncode == 0 and done.stderr == "the configuration is sound\n", done
    damage(tmp_path / "pki")
    done = check(tmp_path, fleet, flags=["--role", roles])
    assert done.returncode == 78, done
    for word in words:
        assert word in done.stderr, done.stderr
    assert run("serve", "--role", roles, "--set", "server.listen=127.0.0.1:0", directory=tmp_path).returncode == 78


@table({"no such role": ({}, "king", 2, "king is no role"), "left out": ({"services": {"orders": {"enabled": False}}}, "orders", 78, "services.orders leaves it out"),
        "of a gateway alone": ({"identity": {"enabled": False}}, "auth", 78, "identity.enabled: false")})
def test_a_role_that_serve_refuses_check_refuses_too(tmp_path, row):
    config, role, code, words = row
    for done in (check(tmp_path, config, flags=["--role", role]), run("serve", "--role", role, directory=tmp_path)):
        assert done.returncode == code and words in done.stderr, done


def test_of_a_role_apart_only_what_it_needs_is_judged(tmp_path):
    """Its machine has neither the gateway's certificate nor the secret of the tokens, which auth checks for it."""
    fleet_of(tmp_path, "orders")
    done = check(tmp_path, TLS | {"fleet": {"certificates": "pki"}, "tokens": {"algorithm": "HS256"}}, flags=["--role", "orders"])
    assert done.returncode == 0 and done.stderr == "the configuration is sound\n", done
    assert check(tmp_path, {"identity": {"enabled": False}}, flags=["--role", "gateway"]).returncode == 0, "a gateway alone calls nobody"


@table({"the certificate": "tls.crt", "the key": "tls.key"})
def test_a_pipe_in_a_certificates_place_holds_nothing_up(tmp_path, row):
    for name, content in pair(OTHER).items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / row).unlink()
    os.mkfifo(tmp_path / row)
    done = check(tmp_path, TLS)
    assert done.returncode == 78 and f"{row}: is no regular file" in done.stderr, done


def test_a_reload_with_a_key_of_another_type_changes_nothing(launch):
    server = launch({"server": {"tls": {"certificate": "tls.crt", "key": "tls.key"}}}, files=pair(OTHER))
    (server.directory / "tls.key").write_bytes(RSA_KEY)
    server.reload()
    client.wait_for(lambda: "not reloaded" in server.stderr_text(), what="word of the reload")
    assert server.is_ready() and "is not the key of" in server.stderr_text()


def test_a_gateway_alone_has_no_use_for_a_refresh_secret(tmp_path):
    config = {"identity": {"enabled": False}} | catalog({"path": "/x", "methods": ["GET"], "allow": ["read:products"]})
    done = check(tmp_path, config, env={"JWT_SECRET": SECRET, "JWT_REFRESH_SECRET": SECRET})
    assert done.returncode == 0, done


@table({"malformed": (b"abc\n", 0o600, "32 bytes"), "readable by others": (b"0" * 64, 0o644, "chmod 600")})
def test_a_master_key_file_that_is_there_is_read(tmp_path, row):
    content, mode, word = row
    (tmp_path / "data").mkdir()
    (tmp_path / "data/master.key").write_bytes(content)
    (tmp_path / "data/master.key").chmod(mode)
    done = check(tmp_path, {})
    assert done.returncode == 78 and word in done.stderr, done


@table({
    "an end in five days": (TLS, pair(certificate(days=(-60, 5.5))), ["server.tls", "in 5 days", "renew"]),
    "an end that was": (TLS, pair(certificate(days=(-60, -1))), ["expired at"]),
    "an intermediate that ends": (TLS, pair(certificate(issuer=BETWEEN), certificate(names=("between",), key=BETWEEN[0], issuer=AUTHORITY, ca=True, days=(-60, 5.5))),
                                  ["in 5 days"]),
    "a beginning that is to come": (TLS, pair(certificate(days=(1, 60))), ["is good from"]),
    "the wrong order": (TLS, {"tls.crt": LEAF[3] + AUTHORITY[3] + BETWEEN[3], "tls.key": LEAF[2]}, ["certificate 2 of the file", "authority"]),
    "a leaf without its intermediate": (TLS, pair(certificate(issuer=BETWEEN, issuer_url="http://ca.example/between.crt")), ["fullchain.pem"]),
    "another name than public_url": (TLS | {"public_url": "https://api.example.com"}, pair(OTHER), ["does not name api.example.com"]),
    "a permission that no role has": (catalog({"path": "/x", "methods": ["GET"], "allow": ["read:prodcts"]}), {}, ["merlon.yaml:", "no role has read:prodcts", "/x"]),
})
def test_what_serves_and_is_wrong_all_the_same_is_warned_of(tmp_path, row):
    config, files, words = row
    done = check(tmp_path, config, files)
    assert done.returncode == 0, done
    assert "warning" in done.stderr
    for word in words:
        assert word in done.stderr, done.stderr
    answer = check(tmp_path, config, files, flags=["--json"])
    assert [one["grade"] for one in json.loads(answer.stdout)["problems"]] == ["warning"]


def test_permissions_that_others_tokens_may_bring_are_not_warned_of(tmp_path):
    trusted = {"tokens": {"trusted": [{"issuer": "https://idp.example", "jwks": "https://idp.example/jwks.json", "audience": "a"}]}}
    done = check(tmp_path, catalog({"path": "/x", "methods": ["GET"], "allow": ["read:elsewhere"]}) | trusted)
    assert done.stderr == "the configuration is sound\n", done


def days_left(server):
    return server.metric("merlon_certificate_days_left", certificate="server.tls")


def test_the_days_of_a_certificate_are_a_metric_and_its_end_an_event(launch):
    short = certificate(days=(-60, 5.5))
    config = {"server": {"tls": {"certificate": "tls.crt", "key": "tls.key"}}}
    server = launch(config, {"JWT_SECRET": SECRET, "JWT_REFRESH_SECRET": REFRESH_SECRET}, pair(short))
    assert days_left(server) == 5
    event, = server.wait_for_event("CERTIFICATE_EXPIRING")
    assert event["severity"] == "warning" and event["details"]["certificate"] == "server.tls" and event["details"]["file"] == "tls.crt"
    assert "in 5 days" in server.stderr_text()
    for name, content in pair(certificate(days=(-1, 60.5))).items():
        (server.directory / name).write_bytes(content)
    assert days_left(server) == 5, "it is the one in force that counts"
    server.reload()
    client.wait_for(lambda: days_left(server) == 60, what="the renewed certificate")
    assert len(server.events("CERTIFICATE_EXPIRING")) == 1


def test_the_metric_of_a_certificate_that_left_the_configuration_goes(launch):
    key = {"server": {"tls": {"certificate": "tls.crt", "key": "tls.key"}}}
    named = {"services": {"catalog": service("https://127.0.0.1:9", [], certificate="tls.crt", key="tls.key")}}
    server = launch(key | named, files=pair(certificate(days=(-1, 60.5))))
    all_of = lambda: {name for name in server.metrics() if name.startswith("merlon_certificate_days_left")}
    assert all_of() == {'merlon_certificate_days_left{certificate="server.tls"}', 'merlon_certificate_days_left{certificate="services.catalog"}'}
    server.write({"services": {"catalog": {"certificate": None, "key": None}}})
    server.reload()
    client.wait_for(lambda: all_of() == {'merlon_certificate_days_left{certificate="server.tls"}'}, what="the reload")


def test_in_one_process_the_gateways_own_certificate_has_the_metric_where_it_is_shown(launch, tmp_path):
    fleet_of(tmp_path, "gateway")
    asks = {"fleet": {"certificates": str(tmp_path / "pki")},
            "services": {"catalog": service("https://127.0.0.1:9", [], identity="spiffe://cluster.local/ns/default/sa/catalog")}}
    server = launch(asks)
    days = lambda: server.metric("merlon_certificate_days_left", certificate="fleet.gateway")
    before = days()
    assert before > 0
    assert run("pki", "issue", "gateway", "--days", "5", directory=tmp_path).returncode == 0
    client.wait_for(lambda: days() < before, what="the renewed certificate, without a reload")
    assert 'merlon_certificate_days_left{certificate="fleet.gateway"}' not in launch({"fleet": asks["fleet"]}).metrics()
