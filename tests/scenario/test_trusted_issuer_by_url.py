"""A provider that publishes its keys by URL: rotates them, goes away, comes back, and misbehaves. Nothing of it blocks a request,
and no name leads the fetching to where it may not go.
"""

import json
import threading
import time

import pytest

import client
import jose
from harness import certificate, free_port, run, table, to_yaml, together
from upstream import Upstream, answer

ISSUER = "https://idp.example"
OLD, NEW, STRANGER = jose.ec_key(), jose.ec_key(), jose.ec_key()
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


def test_an_unknown_key_waits_its_turn_and_strangers_cause_one_fetch_in_thirty_seconds(launch, provider):
    """Two rotations in a row: whoever has a token of the second waits until keys may be fetched again, and is let in."""
    server = launch(trusting(provider.url))
    before = provider.count
    publish(provider, BOTH)
    assert status(server, NEW, "new") == 200, "the fetch that its kid caused was waited for"
    newest = jose.ec_key()
    publish(provider, json.dumps({"keys": [jose.jwk(newest, "newest", "ES256")]}).encode())
    own = server.register()
    answers = together(40, lambda index: status(server, newest, "newest") if index % 2 else status(server, STRANGER, f"nobody-{index}"))
    assert answers == [401, 200] * 20
    assert provider.count - before == 2
    assert server.get("/private/x", token=own.access).status == 200


def test_the_start_waits_for_one_try_and_requests_are_told_to_come_back(launch):
    port = free_port()
    server = launch(trusting(f"http://127.0.0.1:{port}"))
    assert "there are none yet" in server.stderr_text(), "ready before the first try"
    answer = server.get("/private/x", token=token(OLD, "old"))
    assert (answer.status, answer.code) == (503, "SERVICE_UNAVAILABLE"), answer
    assert 1 <= int(answer.get("retry-after")) <= 30
    own = server.register()
    assert server.get("/private/x", token=own.access).status == 200


def test_a_request_waits_for_the_first_fetch_which_is_under_way(launch, provider):
    """A start and a reload: the issuer's tokens are not refused while its keys are on their way."""
    release = threading.Event()

    def slow(_, link):
        release.wait(client.DEADLINE_S)
        answer(link, 200, OLD_SET)

    provider.on("/jwks.json", slow)
    server = launch(trusting(provider.url), ready=False)
    client.wait_for(lambda: provider.seen("/jwks.json"))
    client.wait_for(lambda: server.admin("/livez").status == 200)
    assert not server.is_ready()
    results = []
    waiting = [threading.Thread(target=lambda: results.append(status(server, OLD, "old"))) for _ in range(5)]
    for thread in waiting:
        thread.start()
    own = server.register()
    assert server.get("/private/x", token=own.access).status == 200, "others are served meanwhile"
    assert not results
    release.set()
    for thread in waiting:
        thread.join()
    assert results == [200] * 5
    client.wait_for(server.is_ready, what="readiness")
    assert provider.count == 1


def test_a_provider_that_hangs_blocks_no_other_request_and_no_stop(launch, provider):
    release = threading.Event()
    provider.on("/jwks.json", lambda _, link: release.wait(3 * client.DEADLINE_S))
    server = launch(trusting(provider.url), ready=False)
    client.wait_for(lambda: provider.seen("/jwks.json"))
    own = server.register()
    assert server.get("/private/x", token=own.access).status == 200
    assert "fetch.unreachable" not in server.stderr_text(), "a request waited for the provider"
    server.wait_ready()
    assert "fetch.unreachable" in server.stderr_text()
    assert status(server, OLD, "old") == 503
    server.stop()  # its deadline is earlier than the provider's answer
    release.set()


def test_a_stop_before_the_first_keys_is_a_stop(launch, provider):
    release = threading.Event()
    provider.on("/jwks.json", lambda _, link: release.wait(3 * client.DEADLINE_S))
    server = launch(trusting(provider.url), ready=False)
    client.wait_for(lambda: provider.seen("/jwks.json"))
    server.stop()
    assert "fetch.unreachable" not in server.stderr_text(), "it waited for the provider"
    release.set()


def test_one_provider_that_hangs_does_not_delay_anothers_keys(launch, provider):
    release = threading.Event()
    with Upstream(name="hangs") as hanging:
        hanging.on("/jwks.json", lambda _, link: release.wait(3 * client.DEADLINE_S))
        issuers = [{"issuer": name, "jwks": url + "/jwks.json", "audience": "microservices-api", "private_network": True}
                   for name, url in (("https://hangs.example", hanging.url), (ISSUER, provider.url))]
        server = launch({"tokens": {"trusted": issuers}}, ready=False)
        client.wait_for(lambda: hanging.seen("/jwks.json"))
        assert status(server, OLD, "old") == 200
        assert not server.is_ready(), "the other's keys came when the first provider had given up"
        release.set()


def test_both_forms_of_a_signature_of_others_are_good(launch, provider):
    """Ours have one; which of the two another issuer's library makes is chance."""
    server = launch(trusting(provider.url))
    for _ in range(4):
        text = token(OLD, "old")
        assert server.get("/private/x", token=text).status == 200
        assert server.get("/private/x", token=jose.other_form(text)).status == 200


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
    assert status(server, OLD, "old") == 503
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
    assert status(stranger, OLD, "old") == 503
    server = launch(trusting(url, ca="authority.pem"), files={"authority.pem": authority})
    wait_good(server, OLD, "old")
