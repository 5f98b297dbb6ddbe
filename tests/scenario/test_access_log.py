"""The access log: a line of JSON for every finished request, with ids and numbers and nothing that only a client chose."""

import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
import uuid

import client
from harness import OTHER_PASSWORD, PASSWORD, Merlon, environment, merge, new_email, service, standard_routes, table
from test_events import HOSTILE

ALL = {"log": {"access": "all"}}
CONFIG = merge(ALL, {"server": {"trusted_proxies": ["127.0.0.1/32"]}})
ALWAYS = {"log", "timestamp", "requestId", "route", "status", "bytesIn", "bytesOut", "ip"}
MEMBERS = ALWAYS | {"traceId", "method", "durationMs", "userId", "upstream"}


def access_lines(server):
    found = []
    for line in server.log_lines():
        entry = json.loads(line)  # every line is one valid object
        if entry.get("log") == "access":
            assert "severity" not in entry and ALWAYS <= set(entry) <= MEMBERS, entry
            found.append(entry)
    return found


def line_of(server, answer):
    """The line of the request that got `answer`: there is one, and it says the answer's status."""
    own = answer.get("X-Request-ID")
    found = client.wait_for(lambda: [line for line in access_lines(server) if line["requestId"] == own], what=f"line {own}")
    assert len(found) == 1 and found[0]["status"] == answer.status, found
    return found[0]


def test_a_proxied_request_is_one_line(merlon, user):
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    began = time.time()
    answer = merlon.post("/private/things?color=red", {"a": 1}, token=user.access,
                         headers=[("traceparent", f"00-{trace}-00f067aa0ba902b7-01"), ("X-Forwarded-For", "203.0.113.9")])
    line = line_of(merlon, answer)
    assert (line["method"], line["route"], line["status"], line["upstream"]) == ("POST", "/private/**", 200, "echo")
    assert (line["userId"], line["traceId"], line["ip"]) == (user.id, trace, "203.0.113.9")
    assert (line["bytesIn"], line["bytesOut"]) == (len('{"a": 1}'), len(answer.body))
    assert isinstance(line["durationMs"], float) and 0 < line["durationMs"] < 30_000
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["timestamp"])
    assert abs(time.mktime(time.strptime(line["timestamp"][:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone - began) < 60


def test_what_the_gateway_answers_itself_has_no_upstream(merlon, user):
    line = line_of(merlon, merlon.me(user.access))
    assert (line["route"], line["userId"]) == ("/api/auth/me", user.id) and "upstream" not in line
    assert re.fullmatch(r"[0-9a-f]{32}", line["traceId"])  # the trace that an upstream would have seen
    line = line_of(merlon, merlon.call("HEAD", "/health"))
    assert (line["method"], line["bytesOut"]) == ("HEAD", 0) and "userId" not in line


def test_a_chunked_body_counts_without_its_framing(merlon):
    answer = merlon.call("POST", "/open/x", [("Transfer-Encoding", "chunked")], body=b"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n")
    assert line_of(merlon, answer)["bytesIn"] == 11


REFUSED = {
    "unknown path": (b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n", 404, "unmatched"),
    "a path that hides": (b"GET /open/%2e%2e/x HTTP/1.1\r\nHost: x\r\n\r\n", 400, "unmatched"),
    "another method": (b"PATCH /catalog/x HTTP/1.1\r\nHost: x\r\n\r\n", 405, "unmatched"),
    "no token": (b"GET /private/x HTTP/1.1\r\nHost: x\r\n\r\n", 401, "/private/**"),
    "a stranger's origin": (b"GET /open/x HTTP/1.1\r\nHost: x\r\nOrigin: https://evil.example\r\n\r\n", 403, "/open/**"),
    "body too large": (b"POST /open/x HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n", 413, "/open/**"),
    "two framings": (b"POST /open/x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400, None),
    "no host": (b"GET /open/x HTTP/1.1\r\n\r\n", 400, None),
    "a bare line feed": (b"GET /open/x HTTP/1.1\nHost: x\n\n", 400, None),
    "a strange method": (b"BREW /open/x HTTP/1.1\r\nHost: x\r\n\r\n", None, None),
    "a long target": (b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414, None),
    "large headers": (b"GET /open/x HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 40_000 + b"\r\n\r\n", 431, None),
}


@table(REFUSED)
def test_refused_requests_are_there_also_those_that_never_became_one(merlon, row):
    request, status, route = row
    with merlon.connect() as connection:
        connection.try_send(request)
        answer = connection.response("GET")
    assert status in (None, answer.status), answer
    line = line_of(merlon, answer)
    assert line["status"] >= 400 and "upstream" not in line and "userId" not in line
    assert line["route"] == (route or "unmatched")
    assert ("method" in line) == ("durationMs" in line) == (route is not None)


def test_a_refused_caller_is_named_only_when_its_token_is_good(merlon):
    account = merlon.register()
    assert line_of(merlon, merlon.get("/management/x", token=account.access))["userId"] == account.id
    merlon.logout(account.access)
    for token in (account.access, "x.y.z"):
        answer = merlon.get("/management/x", token=token)
        assert answer.status == 401 and "userId" not in line_of(merlon, answer)


def test_limited_requests_are_there(launch):
    server = launch(merge(ALL, {"limits": {"api": {"max": 2}}}))
    answers = [server.get("/open/x") for _ in range(4)]
    assert [line_of(server, answer)["status"] for answer in answers] == [200, 200, 429, 429]


def test_an_upstream_that_fails_is_named(launch, upstream):
    server = launch(merge(ALL, {"services": {"echo": service(upstream.url, standard_routes()),
                                             "gone": service("http://127.0.0.1:1", [{"path": "/gone/**", "methods": ["GET"], "allow": "public"}])}}))
    line = line_of(server, server.get("/gone/x"))
    assert line["status"] in (502, 503) and line["upstream"] == "gone" and line["route"] == "/gone/**"


def test_a_client_that_leaves_is_499(merlon, upstream):
    leave, reached = threading.Event(), threading.Event()

    def wait(received, link):
        reached.set()
        leave.wait(client.DEADLINE_S)
        link.send(b"HTTP/1.1 200 OK\r\nContent-Length: 8388608\r\n\r\n" + b"x" * 1_000_000)
        return False

    upstream.on("/open/leaves", wait)
    own = uuid.uuid4().hex
    connection = merlon.connect()
    connection.send(f"GET /open/leaves HTTP/1.1\r\nHost: x\r\nX-Request-ID: {own}\r\n\r\n")
    assert reached.wait(client.DEADLINE_S)
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.close()
    leave.set()
    line = client.wait_for(lambda: [one for one in access_lines(merlon) if one["requestId"] == own], what="the line")[0]
    assert line["status"] == 499 and line["route"] == "/open/**" and line["upstream"] == "echo"


@table(HOSTILE)
def test_nothing_that_a_client_writes_gets_into_a_line(merlon, row):
    marker = uuid.uuid4().hex
    encoded = "".join(f"%{byte:02X}" for byte in row[:300].encode())
    header = "".join(c for c in row if 32 <= ord(c) < 127) + marker
    fields = [("X-Request-ID", "!" + header), ("X-Forwarded-For", header), ("traceparent", header), ("User-Agent", header), ("Referer", header)]
    for target in (f"/open/{marker}{encoded}", f"/nowhere/{marker}?{marker}", f"/open/x?token={marker}"):
        merlon.call("GET", target, fields, token=marker)
    merlon.call("GET", "/open/x", [("X-Request-ID", (row + marker).encode())])
    merlon.call("GET", "/open/x", [("X-Forwarded-For", (row + marker).encode())])
    line_of(merlon, merlon.get("/open/x"))
    raw = merlon.output()
    assert marker.encode() not in raw
    for byte in (b"\x1b", b"\0", b"\x07", b"\r", b"\xe2\x80\xa8", b"\xe2\x80\xa9"):
        assert byte not in raw, f"{byte!r} reached a log"
    access_lines(merlon)


def test_lines_carry_no_personal_data_but_ids_and_ip(merlon):
    account = merlon.register(new_email("accessed"), first="Philippa", last="Featherstone")
    account.login()
    merlon.try_login(account.email, OTHER_PASSWORD)
    merlon.try_refresh(account.refresh)
    merlon.get(f"/open/{account.email}?token={account.access}", token=account.access)
    merlon.get(f"/private/{account.email}?email={account.email}", token=account.access)
    merlon.get(f"/nowhere/{account.access}")
    line_of(merlon, merlon.me(account.access))
    text = merlon.output().decode()
    for secret in (account.email, "accessed.", "Philippa", "Featherstone", PASSWORD, OTHER_PASSWORD, account.access, account.refresh,
                   account.access.split(".")[2], "nowhere", "/private/a"):
        assert secret not in text, secret[:30]


def test_off_is_the_default_and_means_off(launch):
    for config in ({}, {"log": {"access": "off"}}):
        server = launch(config)
        server.get("/open/x")
        server.get("/nowhere")
        with server.connect() as connection:
            connection.send(b"GET / HTTP/1.1\n\n")
            connection.response("GET")
        server.stop()
        assert access_lines(server) == []


def test_errors_are_400_and_above(launch):
    server = launch({"log": {"access": "errors"}})
    answers = [server.get("/open/x"), server.get("/nowhere"), server.get("/private/x"), server.get("/health")]
    server.stop()
    refused = {answer.get("X-Request-ID") for answer in answers if answer.status >= 400}
    assert len(refused) == 2 and {line["requestId"] for line in access_lines(server)} == refused


def test_a_reload_switches_it(launch):
    server = launch()

    def reload(access):
        before = server.stderr_text().count("configuration reloaded")
        server.write({"log": {"access": access}})
        server.reload()
        client.wait_for(lambda: server.stderr_text().count("configuration reloaded") > before, what="the reload")

    silent = [server.get("/open/x")]
    reload("all")
    client.wait_for(lambda: server.get("/open/x") and access_lines(server), what="a line after the reload")
    reload("off")
    # A worker takes the new configuration within its next turn.
    time.sleep(1)
    silent += [server.get("/open/x") for _ in range(5)]
    server.stop()
    seen = {line["requestId"] for line in access_lines(server)}
    assert seen and not seen & {answer.get("X-Request-ID") for answer in silent}


def test_every_source_of_settings_knows_it(merlon, launch, tmp_path):
    shown = merlon.run("config", "show", "--sources")
    assert re.search(r"log\.access.*all|access: all", shown.stdout), shown.stdout
    schema = json.loads(merlon.run("config", "schema").stdout)
    assert schema["properties"]["log"]["properties"]["access"]["enum"] == ["off", "errors", "all"]
    assert merlon.run("config", "check", "--set", "log.access=some").returncode != 0
    server = launch(env={"MERLON_LOG__ACCESS": "all"})
    line_of(server, server.get("/open/x"))


def test_every_line_is_there_after_sigterm(launch):
    server = launch(ALL)
    ids = []
    with server.connect() as connection:
        for _ in range(500):
            ids.append(connection.request("GET", "/open/x").get("X-Request-ID"))
    server.stop()  # at once: the last batch has had no tick
    assert sorted(line["requestId"] for line in access_lines(server)) == sorted(ids)


class Piped(Merlon):
    """A server whose standard output is a pipe."""

    def start_piped(self):
        self.start()
        self.stop()  # wrote its files and found its ports
        self.output_end, end = os.pipe()
        with open(self.stderr_path, "wb") as err:
            self.process = subprocess.Popen([str(self.binary), "serve", "-c", "merlon.yaml"], cwd=self.directory,
                                            env=environment(self.env), stdin=subprocess.DEVNULL, stdout=end, stderr=err)
        os.close(end)
        self.wait_ready()
        return self


def piped(tmp_path, upstream):
    config = merge(ALL, {"services": {"echo": service(upstream.url, standard_routes())}})
    return Piped(tmp_path / "piped", config).start_piped()


def ask(server, requests):
    """The slowest answer's time, on kept connections."""
    slowest = 0.0
    with server.connect() as connection:
        for _ in range(requests):
            began = time.monotonic()
            assert connection.request("GET", "/nowhere").status == 404
            slowest = max(slowest, time.monotonic() - began)
    return slowest


def test_a_pipe_that_nobody_reads_stalls_no_request(tmp_path, upstream):
    server = piped(tmp_path, upstream)
    try:
        # Lines of 250 bytes or so: more than the kernel's pipe and the buffers hold.
        slowest = ask(server, 10_000)
        assert slowest < 15, f"a request took {slowest:.1f} s"
        client.wait_for(lambda: server.metric("merlon_access_log_dropped_total") > 0, what="dropped lines, counted")
        # Events go to the same pipe, and those who cause them go on as well.
        accounts = [server.register() for _ in range(5)]
        assert all(server.me(account.access).status == 200 for account in accounts)
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(client.DEADLINE_S) == 0
        assert time.monotonic() - began < 30, "the pipe held up the end"
    finally:
        server.process.kill()
        os.close(server.output_end)


def test_a_reader_that_leaves_costs_lines_and_nothing_else(tmp_path, upstream):
    server = piped(tmp_path, upstream)
    try:
        os.close(server.output_end)
        assert ask(server, 500) < 15
        client.wait_for(lambda: server.metric("merlon_access_log_dropped_total") == 500, what="all lines, counted")
        account = server.register()
        assert server.me(account.access).status == 200
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(client.DEADLINE_S) == 0
    finally:
        server.process.kill()


def test_a_slow_reader_gets_whole_lines(tmp_path, upstream):
    server = piped(tmp_path, upstream)
    text = bytearray()

    def read():
        while piece := os.read(server.output_end, 1_000):
            text.extend(piece)
            if len(text) < 200_000:
                time.sleep(0.001)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        ask(server, 2_000)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(client.DEADLINE_S) == 0
        reader.join(60)
        lines = [json.loads(line) for line in bytes(text).splitlines()]
        assert sum(line.get("log") == "access" for line in lines) == 2_000
    finally:
        server.process.kill()
        os.close(server.output_end)
