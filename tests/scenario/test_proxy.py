"""The reverse proxy: bodies stream both ways unchanged, failures of an upstream become 502, 503 or 504, nothing mixes."""

import hashlib
import json
import socket
import threading
import time

import pytest

import client
from harness import EVERY_METHOD, free_port, service, table, together
from upstream import Upstream, answer, before_body, body_pieces, echo, header

MIB = 1 << 20
BODY_TIMEOUT_S = 30  # the default of server.timeouts.body


def CONFIG(upstream):
    open_routes = [{"path": "/open/**", "methods": EVERY_METHOD, "allow": "public"},
                   {"path": "/files/**", "methods": ["PUT", "POST", "GET"], "allow": "public", "body": "4GiB", "timeout": "10m"},
                   {"path": "/slow/**", "methods": ["GET", "POST"], "allow": "public", "timeout": "1s"}]
    return {"services": {"echo": service(upstream.url, open_routes),
                         "dead": service(f"http://127.0.0.1:{free_port()}", [{"path": "/dead/**", "methods": ["GET", "POST"], "allow": "public"}])}}


def ok(body=b"ok"):
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body


@table({"empty": b"", "a byte": b"x", "every byte": bytes(range(256)), "looks like a request": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "1 MiB": b"m" * MIB})
@pytest.mark.parametrize("chunked", [False, True], ids=["with length", "chunked"])
def test_a_request_body_arrives_unchanged(merlon, upstream, row, chunked):
    if chunked:
        pieces = [row[at:at + 70_000] for at in range(0, len(row), 70_000)]
        got = merlon.call("POST", "/open/x", {"Transfer-Encoding": "chunked"}, b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n")
    else:
        got = merlon.call("POST", "/open/x", body=row)
    assert got.status == 200, got
    assert (got.json()["length"], got.json()["sha256"]) == (len(row), hashlib.sha256(row).hexdigest())
    assert not upstream.violations


@table({
    "length": ok(b"hello"), "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n",
    "until close": b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello", "HTTP/1.0": b"HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nhello",
    "after an interim answer": b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + ok(b"hello"),
    "no reason phrase": b"HTTP/1.1 200 \r\nContent-Length: 5\r\n\r\nhello",
})
def test_an_answer_body_arrives_unchanged(merlon, upstream, row):
    upstream.on("/open/answer", row)
    with merlon.connect() as connection:
        for _ in range(3):  # on one connection: the framing toward the client must be right too
            got = connection.request("GET", "/open/answer")
            assert (got.status, got.body) == (200, b"hello"), got


@table({"204": (b"HTTP/1.1 204 No Content\r\n\r\n", 204), "304": (b"HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nContent-Length: 500\r\n\r\n", 304), "empty 200": (ok(b""), 200), "404 of the upstream": (b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nmine", 404), "500 of the upstream": (b"HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\nmine", 500)})
def test_statuses_of_an_upstream_stand_as_they_are(merlon, upstream, row):
    data, status = row
    upstream.on("/open/status", data)
    with merlon.connect() as connection:
        got = connection.request("GET", "/open/status")
        assert got.status == status and got.body == (b"mine" if data.endswith(b"mine") else b"")
        assert connection.request("GET", "/open/after").json()["target"] == "/open/after"


def test_head_has_the_length_and_no_body(merlon):
    with merlon.connect() as connection:
        head = connection.request("HEAD", "/open/x")
        assert head.status == 200 and head.body == b"" and int(head.get("Content-Length")) > 0
        assert connection.request("GET", "/open/x").json()["method"] == "GET"


GARBAGE = {
    "no HTTP": b"SSH-2.0-OpenSSH\r\n\r\n", "nothing": b"", "half a head": b"HTTP/1.1 200 OK\r\nConte", "bad status": b"HTTP/1.1 20x OK\r\n\r\n",
    "status 99": b"HTTP/1.1 099 X\r\nContent-Length: 0\r\n\r\n", "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 5\r\n\r\nhello",
    "length and chunked": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "xchunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", "space before the colon": b"HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello",
    "obs-fold": b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n", "NUL in a field": b"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n",
    "1 MiB head": b"HTTP/1.1 200 OK\r\nX: " + b"a" * MIB + b"\r\n\r\n", "upgrade nobody asked for": b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
}


@table(GARBAGE)
def test_garbage_of_an_upstream_is_502_and_none_of_it_passes(merlon, upstream, row):
    def garbage(_, link):
        link.send(row)
        return False
    upstream.on("/open/garbage", garbage)
    with merlon.connect() as connection:
        got = connection.request("GET", "/open/garbage")
        assert (got.status, got.code) == (502, "BAD_GATEWAY"), got
        if got.get("Connection", "").lower() != "close":
            assert connection.request("GET", "/open/after").json()["target"] == "/open/after"


@table({"length": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nhalf", "bad chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n"})
def test_an_answer_that_breaks_off_is_never_passed_as_whole(merlon, upstream, row):
    def half(_, link):
        link.send(row)
        return False
    upstream.on("/open/half", half)
    try:
        got = merlon.get("/open/half")
        assert got.status == 502, got
    except (client.Closed, client.Malformed):
        pass  # headers were out already: cutting the connection is the only honest end


def test_bytes_after_an_answer_are_not_the_next_answer(merlon, upstream):
    upstream.on("/open/extra", ok(b"first") + ok(b"POISON"))
    for _ in range(10):
        assert merlon.get("/open/extra").body == b"first"
        assert b"POISON" not in merlon.get("/open/after").body


def test_a_client_that_leaves_does_not_leave_its_answer_to_the_next(merlon, upstream):
    def late(_, link):
        time.sleep(0.3)
        return answer(link, 200, b"LATE")
    upstream.on("/open/late", late)
    for _ in range(5):
        with merlon.connect() as connection:
            connection.send(client.build("GET", "/open/late"))
        for number in range(5):
            assert merlon.get(f"/open/next{number}").json()["target"] == f"/open/next{number}"


def test_a_dead_upstream_is_502_or_503(merlon):
    got = merlon.get("/dead/x")
    assert (got.status, got.code) in ((502, "BAD_GATEWAY"), (503, "SERVICE_UNAVAILABLE"))


def test_a_silent_upstream_is_504(merlon, upstream):
    release = threading.Event()
    upstream.on("/slow/x", lambda _, link: release.wait(client.DEADLINE_S) and False)
    got = merlon.get("/slow/x")
    release.set()
    assert (got.status, got.code) == (504, "GATEWAY_TIMEOUT")


@table({"GET": ("GET", 2), "POST": ("POST", 1), "PATCH": ("PATCH", 1)})
def test_only_idempotent_requests_are_sent_again(merlon, upstream, row):
    """The pooled connection dies under the request. A POST may have been done: it must not be done twice."""
    method, most = row
    target = f"/open/dies-{method}"
    upstream.on(target, lambda received, link: False)
    got = merlon.call(method, target, body=b"x" if method != "GET" else None)
    assert got.status == 502
    assert 1 <= len(upstream.seen(target)) <= most + 1 if method == "GET" else len(upstream.seen(target)) == 1


def test_an_idle_connection_that_the_upstream_closed_costs_no_request(merlon, upstream):
    for _ in range(10):
        assert merlon.get("/open/a").status == 200
        upstream.drop()
        time.sleep(0.05)
        assert merlon.get("/open/b").status == 200


def test_upstream_connections_are_kept(merlon, upstream):
    merlon.get("/open/warm")
    before = upstream.connection_count
    with merlon.connect() as connection:
        for _ in range(50):
            connection.request("GET", "/open/kept")
    assert upstream.connection_count - before <= 2


def test_expect_100_continue_is_answered_before_the_body(merlon):
    with merlon.connect() as connection:
        connection.send(b"POST /open/x HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        assert connection.head().status == 100
        connection.send(b"hello")
        assert connection.response().json()["body"] == "hello"


def test_expect_100_continue_is_refused_without_the_body(merlon):
    with merlon.connect() as connection:
        connection.send(b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        interim = []
        assert connection.response(interim=interim).status == 404 and not interim


def test_pipelined_answers_come_in_order_though_the_first_is_slow(merlon, upstream):
    upstream.on("/open/first", lambda _, link: (time.sleep(0.5), answer(link, 200, b"first"))[1])
    with merlon.connect() as connection:
        connection.send(b"".join(client.build("GET", target) for target in ("/open/first", "/health", "/open/third")))
        assert connection.response().body == b"first"
        assert connection.response().json() == {"status": "ok"}
        assert connection.response().json()["target"] == "/open/third"


def test_64_mebibytes_pass_both_ways_with_flat_memory(merlon, upstream):
    size, piece = 64 * MIB, bytes(range(256)) * 1024
    upstream.keep_raw = False

    def download(_, link):
        link.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(size // len(piece)):
            link.send(piece)
        return True

    def upload(received, link):
        digest, count = hashlib.sha256(), 0
        for part in body_pieces(received, link):
            digest.update(part)
            count += len(part)
        return answer(link, 200, json.dumps([count, digest.hexdigest()]).encode())
    upstream.on("/files/down", download)
    upstream.on("/files/up", before_body(upload))
    expected = hashlib.sha256(piece * (size // len(piece))).hexdigest()
    merlon.get("/open/warm")
    before = merlon.rss_bytes()
    try:
        with merlon.connect(timeout=120) as connection:
            connection.send(client.build("GET", "/files/down"))
            digest, peak = hashlib.sha256(), 0
            for number, part in enumerate(connection.body_of(connection.head())):
                digest.update(part)
                if number % 64 == 0:
                    peak = max(peak, merlon.rss_bytes())
        assert digest.hexdigest() == expected
        with merlon.connect(timeout=120) as connection:
            connection.send(b"PUT /files/up HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % size)
            for number in range(size // len(piece)):
                connection.send(piece)
                if number % 16 == 0:
                    peak = max(peak, merlon.rss_bytes())
            assert connection.response().json() == [size, expected]
    finally:
        upstream.keep_raw = True
    assert peak - before < 16 * MIB, f"memory grew by {(peak - before) / MIB:.1f} MiB while streaming"


def test_both_bodies_stream_at_once_with_flat_memory(merlon, upstream):
    """A conversation: the upstream answers while it reads, and neither side waits for the other's end."""
    size, piece = 64 * MIB, bytes(range(256)) * 1024
    upstream.keep_raw = False

    def mirror(received, link):
        link.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for part in body_pieces(received, link):
            link.send(b"%x\r\n%s\r\n" % (len(part), part))
        link.send(b"0\r\n\r\n")
        return True
    upstream.on("/files/mirror", before_body(mirror))
    merlon.get("/open/warm")
    before, peak = merlon.rss_bytes(), 0
    try:
        with merlon.connect(timeout=120) as connection:
            connection.send(b"PUT /files/mirror HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % size)
            sender = threading.Thread(target=lambda: [connection.send(piece) for _ in range(size // len(piece))])
            sender.start()
            digest = hashlib.sha256()
            for number, part in enumerate(connection.body_of(connection.head())):
                digest.update(part)
                if number % 64 == 0:
                    peak = max(peak, merlon.rss_bytes())
            sender.join(60)
    finally:
        upstream.keep_raw = True
    assert digest.hexdigest() == hashlib.sha256(piece * (size // len(piece))).hexdigest()
    assert peak - before < 16 * MIB, f"memory grew by {(peak - before) / MIB:.1f} MiB while streaming"


def test_an_early_answer_reaches_a_client_that_pauses(merlon, upstream):
    release = threading.Event()

    def early(_, link):
        answer(link, 403, b"no")
        release.wait(client.DEADLINE_S)
        return False
    upstream.on("/files/pause", before_body(early))
    with merlon.connect() as connection:
        connection.send(b"PUT /files/pause HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\n\r\n" + b"x" * 1000)
        got = connection.response()  # the upstream is still there
    release.set()
    assert (got.status, got.body) == (403, b"no")


def test_half_a_body_and_the_end_is_noticed_at_once(merlon, upstream):
    done = threading.Event()

    def reads(received, link):
        try:
            for _ in body_pieces(received, link):
                pass
        except (ConnectionError, OSError):
            done.set()
            raise
        return False
    upstream.on("/files/half", before_body(reads))
    with merlon.connect() as connection:
        connection.send(b"PUT /files/half HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1000)
        connection.socket.shutdown(socket.SHUT_WR)
        assert done.wait(BODY_TIMEOUT_S / 2), "the upstream was left with half a request"
        assert b" 200 " not in connection.rest()


def test_an_unwell_target_is_found_out_by_asking(launch):
    with Upstream(name="a") as a, Upstream(name="b") as b:
        a.on("/healthz", b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")
        server = launch({"services": {"echo": service([a.url, b.url], [{"path": "/open/**", "methods": ["POST"], "allow": "public"}],
                                                      health={"path": "/healthz", "interval": "200ms", "timeout": "1s"})}})
        client.wait_for(lambda: server.metric("merlon_upstream_healthy", target=a.url[7:]) == 0, what="the unwell target")
        posted = [0]

        def only_b():
            posted[0] += 20
            return {server.call("POST", "/open/x", body=b"x").json()["upstream"] for _ in range(20)} == {"b"}
        client.wait_for(only_b, what="the last worker that had not asked yet")
        a.actions.pop("/healthz")
        client.wait_for(lambda: server.metric("merlon_upstream_healthy", target=a.url[7:]) == 1, what="its return")
        assert server.metric("merlon_upstream_request_duration_seconds_count", service="echo") == posted[0]


def test_a_reader_that_stops_stops_the_upstream(merlon, upstream):
    """Back-pressure: what nobody reads is not taken from the upstream without bound."""
    sent = [0]

    def endless(_, link):
        link.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(2048):
            link.send(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            sent[0] += 65536
        return False
    upstream.on("/files/endless", endless)
    before = merlon.rss_bytes()
    with merlon.connect(receive_buffer=4096) as connection:
        connection.send(client.build("GET", "/files/endless"))
        connection.head()
        time.sleep(2)
        assert sent[0] < 64 * MIB, "the whole body was taken though nobody read it"
        assert merlon.rss_bytes() - before < 24 * MIB


def test_an_early_answer_of_the_upstream_reaches_a_client_that_is_still_sending(merlon, upstream):
    def early(_, link):
        answer(link, 403, b"no", [("Connection", "close")])
        return False
    upstream.on("/files/early", before_body(early))
    with merlon.connect() as connection:
        connection.send(b"PUT /files/early HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\n\r\n" + b"x" * 1000)
        got = connection.response()
    assert got.status in (403, 502, 503) and merlon.get("/open/alive").status == 200


def test_several_targets_share_the_work_and_a_dead_one_is_left_out(launch):
    with Upstream(name="a") as a, Upstream(name="b") as b:
        server = launch({"services": {"echo": service([a.url, b.url], [{"path": "/open/**", "methods": ["GET"], "allow": "public"}])}})
        for one in (a, b):
            one.on("/open/slow", lambda received, link: (time.sleep(0.3), echo(received, link))[1])
        names = together(16, lambda _: server.get("/open/slow").json()["upstream"])  # least requests: seen under load
        assert {"a", "b"} == set(names)
        a.close()
        statuses = [server.get("/open/x").status for _ in range(40)]
        assert statuses.count(200) == 40, statuses  # GETs are tried on the other target
        assert server.metric("merlon_upstream_healthy", service="echo") <= 2


def test_an_upstream_on_a_unix_socket(launch, tmp_path):
    with Upstream(unix=tmp_path / "up.sock", name="unix") as one:
        server = launch({"services": {"echo": service(one.url, [{"path": "/open/**", "methods": ["GET", "POST"], "allow": "public"}])}})
        got = server.call("POST", "/open/x", body=b"hello").json()
        assert (got["upstream"], got["body"]) == ("unix", "hello")


def test_listening_on_a_unix_socket(launch, tmp_path):
    path = tmp_path / "in.sock"
    server = launch()
    server.stop()
    server.write({"server": {"listen": [f"127.0.0.1:{server.port}", f"unix:{path}"], "trusted_proxies": ["unix"]}})
    server.start()
    assert client.fetch(path, "GET", "/open/x").status == 200
    assert server.get("/open/x").status == 200


def test_clients_behind_a_unix_socket_are_told_apart(launch, tmp_path):
    """A proxy on the same machine names them, over the socket that only it may open."""
    path = tmp_path / "in.sock"
    server = launch({"limits": {"api": {"max": 3}}})
    server.stop()
    server.write({"server": {"listen": [f"127.0.0.1:{server.port}", f"unix:{path}"], "trusted_proxies": ["unix"]}})
    server.start()
    ask = lambda who: client.fetch(path, "GET", "/open/x", {"X-Forwarded-For": who, "X-Forwarded-Proto": "https"})
    assert [ask("198.51.100.1").status for _ in range(4)] == [200, 200, 200, 429]
    echo = ask("198.51.100.2")
    assert echo.status == 200
    assert header(echo.json(), "X-Forwarded-For") == ["198.51.100.2"]
    assert header(echo.json(), "X-Forwarded-Proto") == ["https"]
    stranger = server.get("/open/x", headers={"X-Forwarded-For": "198.51.100.1"})  # over TCP, which nobody trusts
    assert (stranger.status, header(stranger.json(), "X-Forwarded-For")) == (200, ["127.0.0.1"])
