"""Operating it: readiness, a drain without a failed request, a reload that keeps the old on error, metrics by pattern."""

import os
import threading
import time

import pytest
import yaml

import client
from harness import table, to_yaml
from upstream import answer


def test_admin_paths_are_on_the_admin_listener_only(merlon):
    for path in ("/livez", "/readyz", "/metrics"):
        assert merlon.admin(path).status == 200
        assert merlon.get(path).status == 404
    for path in ("/open/x", "/api/auth/me", "/health/../open/x"):
        assert merlon.admin(path).status in (400, 404)


@table({"framing": b"GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 5\r\n\r\n", "path": b"GET /%2e%2e/livez HTTP/1.1\r\nHost: x\r\n\r\n", "method": b"DELETE /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "garbage": b"\0\1\2\r\n\r\n"})
def test_the_admin_listener_is_as_strict(merlon, row):
    answers, _ = client.exchange(merlon.admin_port, row)
    assert answers and answers[0].status in (400, 404, 405)


def test_metrics_name_routes_by_pattern_never_by_path(merlon):
    for number in range(5):
        merlon.get(f"/open/unique-path-{number}")
        merlon.get(f"/nowhere/unique-path-{number}")
    # A request's duration ends after its answer's last byte, which the client may have had before.
    client.wait_for(lambda: merlon.metric("http_server_request_duration_seconds_count", route="/open/**", method="GET", status="200") >= 5,
                    what="five requests counted under their pattern")
    text = merlon.admin("/metrics").text
    assert "unique-path" not in text
    for name in ("merlon_connections", "merlon_upstream_request_duration_seconds", "merlon_upstream_healthy", "merlon_auth_total", "merlon_token_cache_total",
                 "merlon_password_queue", "merlon_store_up", "merlon_revocations", "merlon_security_events_total", "process_"):
        assert "\n" + name in text or f" {name}" in text, name
    assert text.rstrip().endswith("# EOF"), "not OpenMetrics"


def test_metrics_count_how_signing_in_ends(merlon):
    def counted(event, outcome):
        return merlon.metric("merlon_auth_total", event=event, outcome=outcome)

    account = merlon.register()
    before = {(event, outcome): counted(event, outcome) for event in ("register", "login", "refresh", "logout", "logout_all", "password", "end_session")
              for outcome in ("success", "refused", "failed")}
    merlon.post("/api/auth/register", {"email": account.email, "password": account.password, "firstName": "Ada", "lastName": "Lovelace"})
    merlon.login(account.email)
    merlon.try_login(account.email, "Wrong$Battery9")
    merlon.post("/api/auth/login", {})  # no attempt: it never gets to the role
    assert merlon.try_refresh(account.refresh).status == 200
    merlon.try_refresh("x.y.z")
    merlon.logout(account.access)
    merlon.post("/api/auth/logout-all", token=merlon.login(account.email).access)
    changed = {key: counted(*key) - value for key, value in before.items() if counted(*key) != value}
    assert changed == {("register", "refused"): 1, ("login", "success"): 2, ("login", "refused"): 1, ("refresh", "success"): 1,
                       ("refresh", "refused"): 1, ("logout", "success"): 1, ("logout_all", "success"): 1}
    text = merlon.admin("/metrics").text
    assert account.id not in text and account.email not in text


def test_metrics_say_whether_the_stores_answer(merlon):
    for store in ("data", "keys"):
        assert merlon.metric("merlon_store_up", store=store) == 1


@pytest.mark.parametrize("method", ["PURGEXYZ", "A" * 50])
def test_a_strangers_method_is_no_label(merlon, method):
    merlon.call(method, "/open/x")
    assert method not in merlon.admin("/metrics").text


def test_sigterm_drains_without_a_failed_request(launch, upstream):
    upstream.on("/open/slow", lambda _, link: (time.sleep(0.05), answer(link, 200, b"done"))[1])
    server = launch()
    stop, problems, done = threading.Event(), [], [0]

    def load():
        while not stop.is_set():
            try:
                with server.connect() as connection:
                    while not stop.is_set():
                        connection.send(client.build("GET", "/open/slow"))
                        got = connection.response()
                        if got.status != 200 or got.body != b"done":
                            problems.append(got)
                        done[0] += 1
                        if got.get("Connection", "").lower() == "close":
                            break
            except ConnectionRefusedError:
                return  # no longer listening: the honest way to refuse
            except client.Closed as fault:
                # an idle connection may be closed just as we send; a half answer may not
                if "inside a line: b''" not in str(fault):
                    problems.append(fault)
            except OSError:
                pass
    threads = [threading.Thread(target=load) for _ in range(8)]
    for thread in threads:
        thread.start()
    client.wait_for(lambda: done[0] > 100, what="a hundred requests")
    release = threading.Event()
    with server.connect() as slow:
        upstream.on("/open/slower", lambda _, link: (release.wait(client.DEADLINE_S), answer(link, 200, b"slow"))[1])
        slow.send(client.build("GET", "/open/slower"))
        client.wait_for(lambda: upstream.seen("/open/slower"), what="the slow request at the upstream")
        os.kill(server.process.pid, 15)
        client.wait_for(lambda: not server.is_ready(), what="unready while draining")
        release.set()
        got = slow.response()
        assert (got.status, got.body) == (200, b"slow"), "a request in flight was cut"
    stop.set()
    for thread in threads:
        thread.join(60)
    assert server.wait() == 0
    assert not problems, problems[:3]


def test_readiness_goes_first(launch, upstream):
    release = threading.Event()
    upstream.on("/open/hold", lambda _, link: (release.wait(client.DEADLINE_S), answer(link, 200, b"held"))[1])
    server = launch()
    with server.connect() as holding:
        holding.send(client.build("GET", "/open/hold"))
        client.wait_for(lambda: upstream.seen("/open/hold"))
        os.kill(server.process.pid, 15)
        client.wait_for(lambda: not server.is_ready(), what="unready while draining")
        release.set()
        assert holding.response().body == b"held"


def rewritten(server, **changes):
    config = yaml.safe_load((server.directory / "merlon.yaml").read_text()) | changes
    (server.directory / "merlon.yaml").write_text(to_yaml(config))


def test_sighup_takes_the_new_configuration_without_a_failed_request(launch, upstream):
    server = launch()
    assert server.get("/fresh/x").status == 404
    rewritten(server, services={"echo": {"url": upstream.url, "routes": [{"path": "/fresh/**", "methods": ["GET"], "allow": "public"}]}})
    with server.connect() as kept:
        assert kept.request("GET", "/open/x").status == 200
        server.reload()
        client.wait_for(lambda: server.get("/fresh/x").status == 200, what="the new route")
        assert kept.request("GET", "/open/x").status == 404, "an old connection kept the old routes"
    server.wait_for_event("CONFIG_RELOADED")


@table({"broken YAML": "{[", "unknown key": "version: 1\nserverr: {}\n", "route without access": "version: 1\nservices: {a: {url: 'http://127.0.0.1:1', routes: [{path: /x, methods: [GET]}]}}\n", "gone": None})
def test_sighup_keeps_the_old_configuration_on_error(launch, row):
    server = launch()
    path = server.directory / "merlon.yaml"
    path.unlink() if row is None else path.write_text(row)
    said = len(server.stderr_text())
    server.reload()
    client.wait_for(lambda: "merlon.yaml" in server.stderr_text()[said:], what="a message on stderr")
    assert server.get("/open/x").status == 200 and server.is_ready()


def test_sessions_and_limits_survive_a_reload(launch):
    server = launch({"limits": {"api": {"max": 50}}})
    account = server.register()
    left = int(server.get("/open/x").get("RateLimit-Remaining"))
    server.reload()
    client.wait_for(lambda: "configuration reloaded" in server.stderr_text(), what="the reload")
    assert server.me(account.access).status == 200
    assert int(server.get("/open/x").get("RateLimit-Remaining")) < left


def test_starting_twice_on_one_port_fails_and_leaves_the_first(launch):
    first = launch()
    second = launch(ready=False, name="second", config={"server": {"listen": f"127.0.0.1:{first.port}"}})
    client.wait_for(lambda: not second.is_running(), what="the second server's end")
    assert second.process.returncode not in (0, None)
    second.process = None
    assert first.get("/open/x").status == 200


@table({
    "another password cost": ({"passwords": {"bcrypt_cost": 5}}, ["passwords"]), "another store": ({"store": {"url": "sqlite:other/merlon.db"}}, ["store.url", "keys.url", "keys.master"]),
    "more workers": ({"server": {"workers": 3}}, ["server.workers"]), "a shorter header": ({"server": {"timeouts": {"header": "3s"}, "limits": {"target": "4KiB"}}}, ["server.timeouts.header", "server.limits"]),
    "only what a reload changes": ({"cors": {"origins": ["https://shop.example.com"]}}, []),
})
def test_a_reload_says_what_only_a_restart_changes(launch, row):
    changes, names = row
    server = launch()
    server.write(changes)
    server.reload()
    client.wait_for(lambda: "configuration reloaded" in server.stderr_text(), what="word of the reload")
    said = [line for line in server.stderr_text().splitlines() if "after a restart" in line]
    assert said == [f"merlon: {name} has changed: in force after a restart" for name in names]


def test_a_scraper_gets_the_format_that_it_prefers(launch):
    server = launch()
    for accept, kind in ((None, "openmetrics"), ("*/*", "openmetrics"), ("text/plain", "plain"), ("text/plain;version=0.0.4;q=0.5, */*;q=0.1", "plain"),
                         ("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2", "openmetrics"),
                         ("application/openmetrics-text;q=0.2, TEXT/PLAIN;Q=0.25", "plain"), ("text/html", "openmetrics"), ("text/plain;q=0", "openmetrics")):
        answer = client.fetch(server.admin_port, "GET", "/metrics", {"Accept": accept} if accept else {})
        assert answer.status == 200 and kind in answer.get("Content-Type"), (accept, answer)
        counter = "process_cpu_seconds_total" if kind == "plain" else "process_cpu_seconds"
        assert f"# TYPE {counter} counter\n" in answer.text and answer.text.endswith("# EOF\n") == (kind == "openmetrics"), (accept, answer.text[-200:])
