"""A provider that publishes its keys by URL: rotates them, goes away, comes back, and misbehaves. Nothing of it blocks a request,
and no name leads the fetching to where it may not go.
"""

import json
import threading
import time

import pytest

import client
import jose
from harness import certificate, free_port, run, table, to_yaml
from upstream import Upstream, answer

ISSUER = "https://idp.example"
OLD, NEW = jose.ec_key(), jose.ec_key()
OLD_SET = json.dumps({"keys": [jose.jwk(OLD, "old", "ES256")]}).encode()
NEW_SET = json.dumps({"keys": [jose.jwk(NEW, "new", "ES256")]}).encode()
BOTH = json.dumps({"keys": [jose.jwk(OLD, "old", "ES256"), jose.jwk(NEW, "new", "ES256")]}).encode()


def token(key, kid):
    return jose.token({"alg": "ES256", "typ": "JWT", "kid": kid}, jose.seed_claims(iss=ISSUER), jose.es256(key))


def status(server, key, kid):
    return server.get("/private/x", token=token(key, kid)).status


def trusting(url, **more):
    return {"tokens": {"trusted": [{"issuer": ISSUER, "jwks": url + "/jwks.json", "audience": "microservices-api",
                                    "private_network": True} | more]}}


def publish(provider, body, code=200, headers=()):
    provider.on("/jwks.json", lambda _, link: answer(link, code, body, headers))


@pytest.fixture
def provider():
    with Upstream(name="provider") as one:
        publish(one, OLD_SET)
        yield one


def wait_good(server, key, kid):
    client.wait_for(lambda: status(server, key, kid) == 200, what=f"the key {kid}")


def test_the_keys_of_a_url_are_fetched_and_a_new_one_is_found_when_it_is_named(launch, provider):
    server = launch(trusting(provider.url))
    wait_good(server, OLD, "old")
    fetched = provider.count
    publish(provider, BOTH)
    time.sleep(0.5)
    assert provider.count == fetched, "nobody named an unknown key, and five minutes are not over"
    wait_good(server, NEW, "new")
    assert status(server, OLD, "old") == 200


def test_a_key_that_the_provider_took_away_is_refused_once_that_is_known(launch, provider):
    server = launch(trusting(provider.url))
    wait_good(server, OLD, "old")
    kept = token(OLD, "old")
    assert server.get("/private/x", token=kept).status == 200  # cached
    publish(provider, NEW_SET)
    wait_good(server, NEW, "new")
    for _ in range(8):
        assert server.get("/private/x", token=kept).status == 401


def test_strangers_who_name_unknown_keys_cause_one_fetch(launch, provider):
    server = launch(trusting(provider.url))
    wait_good(server, OLD, "old")
    before = provider.count
    for number in range(200):
        assert status(server, NEW, f"nobody-{number}") == 401
    time.sleep(0.5)
    assert provider.count - before <= 1


def test_the_start_does_not_wait_for_a_provider_that_is_away(launch):
    port = free_port()
    server = launch(trusting(f"http://127.0.0.1:{port}"))
    answer = server.get("/private/x", token=token(OLD, "old"))
    assert (answer.status, answer.code) == (401, "INVALID_TOKEN"), answer
    own = server.register()
    assert server.get("/private/x", token=own.access).status == 200
    client.wait_for(lambda: "there are none yet" in server.stderr_text(), what="a warning")


def test_a_provider_that_hangs_blocks_no_request_and_no_stop(launch, provider):
    release = threading.Event()
    provider.on("/jwks.json", lambda _, link: release.wait(3 * client.DEADLINE_S))
    server = launch(trusting(provider.url))
    client.wait_for(lambda: provider.seen("/jwks.json"))
    assert status(server, OLD, "old") == 401
    assert "fetch.unreachable" not in server.stderr_text(), "the request waited for the provider"
    client.wait_for(lambda: "fetch.unreachable" in server.stderr_text(), what="the end of the wait")
    server.stop()  # its deadline is earlier than the provider's answer
    release.set()


def test_the_last_keys_stay_when_the_provider_fails(launch, provider):
    server = launch(trusting(provider.url))
    wait_good(server, OLD, "old")
    publish(provider, b"broken", code=503)
    assert status(server, NEW, "new") == 401  # makes it ask
    client.wait_for(lambda: "the last ones stay: fetch.status answered 503" in server.stderr_text(), what="a warning")
    assert status(server, OLD, "old") == 200
    server.reload()
    client.wait_for(lambda: "configuration reloaded" in server.stderr_text())
    assert status(server, OLD, "old") == 200, "a reload forgot the keys"


@table({
    "a redirect": ((302, b"", [("Location", "/elsewhere")]), "fetch.status"),
    "a redirect to a file": ((302, b"", [("Location", "file:///etc/passwd")]), "fetch.status"),
    "an error with keys in it": ((404, OLD_SET, []), "fetch.status"),
    "no JSON": ((200, b"<html>", []), "jwks.malformed"),
    "no keys": ((200, b'{"keys":[]}', []), "jwks.empty"),
    "a shared secret": ((200, b'{"keys":[{"kty":"oct","kid":"old","k":"c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTMy"}]}', []), "jwks.empty"),
    "more than a mebibyte": ((200, OLD_SET + b" " * (1 << 20), []), "fetch.too_large"),
})
def test_an_answer_that_is_no_key_set_gives_no_keys(launch, provider, row):
    (code, body, headers), rule = row
    publish(provider, body, code, headers)
    provider.on("/elsewhere", lambda _, link: answer(link, 200, OLD_SET))
    server = launch(trusting(provider.url))
    client.wait_for(lambda: rule in server.stderr_text(), what="a warning")
    assert status(server, OLD, "old") == 401
    assert not provider.seen("/elsewhere")


def test_a_body_without_end_is_cut_off(launch, provider):
    def endless(_, link):
        link.send(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            link.send(b" " * 65536)

    provider.on("/jwks.json", endless)
    server = launch(trusting(provider.url))
    client.wait_for(lambda: "fetch.too_large" in server.stderr_text(), what="a warning")


@table({name: name for name in ("127.0.0.1", "[::1]", "localhost", "0.0.0.0", "127.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]")})
def test_no_spelling_of_a_private_address_is_reached_without_leave(launch, provider, row):
    """What is asked is where the connection would go, not how the name is spelled."""
    server = launch({"tokens": {"trusted": [{"issuer": ISSUER, "jwks": f"https://{row}:{provider.port}/jwks.json",
                                             "audience": "microservices-api"}]}})
    client.wait_for(lambda: "not fetched" in server.stderr_text(), what="a warning")
    assert "fetch.address" in server.stderr_text(), server.stderr_text()
    assert provider.connection_count == 0


def test_an_environments_proxy_is_not_asked(launch, provider):
    proxy = {name: provider.url for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY")}
    server = launch({"tokens": {"trusted": [{"issuer": ISSUER, "jwks": "https://127.0.0.1:9/jwks.json", "audience": "microservices-api"}]}}, env=proxy)
    client.wait_for(lambda: "fetch.address" in server.stderr_text(), what="a warning")
    assert provider.connection_count == 0


@table({
    "in the clear": {"jwks": "http://idp.example/keys"},
    "loopback in the clear": {"jwks": "http://127.0.0.1/keys"},
    "another scheme": {"jwks": "ftp://idp.example/keys"},
    "a user": {"jwks": "https://user@idp.example/keys"},
    "no URL": {"jwks": "idp.example"},
    "a misspelt flag": {"jwks": "https://idp.example/keys", "private_networks": True},
})
def test_what_cannot_be_right_is_a_configuration_error(tmp_path, row):
    (tmp_path / "merlon.yaml").write_text(to_yaml({"tokens": {"trusted": [{"issuer": ISSUER, "audience": "a"} | row]}}))
    done = run("config", "check", directory=tmp_path)
    assert done.returncode == 78 and "tokens.trusted" in done.stderr, done


@pytest.fixture
def tls_provider(tmp_path):
    """A provider with a certificate of its own authority: (its URL, the authority's PEM)."""
    import http.server
    import ssl
    import threading

    authority = certificate(("authority",), (), ca=True)
    _, _, key, leaf = certificate(issuer=authority)
    (tmp_path / "leaf.pem").write_bytes(key + leaf)

    class Provider(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(OLD_SET)

        def log_message(self, *_):
            pass

    listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "leaf.pem")
    listener.socket = context.wrap_socket(listener.socket, server_side=True)
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    yield f"https://localhost:{listener.server_address[1]}", authority[3]
    listener.shutdown()
    listener.server_close()


def test_a_providers_certificate_is_judged(launch, tls_provider):
    url, authority = tls_provider
    stranger = launch(trusting(url), name="stranger")
    client.wait_for(lambda: "fetch.unreachable" in stranger.stderr_text(), what="a warning")
    assert status(stranger, OLD, "old") == 401
    server = launch(trusting(url, ca="authority.pem"), files={"authority.pem": authority})
    wait_good(server, OLD, "old")
