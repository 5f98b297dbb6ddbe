"""Event streams, WebSockets and uploads last as long as both sides like, end with a word, and take nobody else's place."""

import base64
import hashlib
import os
import struct
import subprocess
import threading
import time

import client
from harness import service
from upstream import Upstream, before_body, body_pieces

SSE = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n\r\n"
PUBLIC = {"allow": "public", "limit": "none"}
GOING_AWAY, POLICY, BAD_GATEWAY = 1001, 1008, 1014


def routes(**more):
    return [{"path": "/events/**", "methods": ["GET"], **PUBLIC, **more}, {"path": "/live", "methods": ["GET"], "upgrade": "websocket", **PUBLIC, **more},
            {"path": "/open/**", "methods": ["GET", "PUT"], "body": "64MiB", **PUBLIC}, {"path": "/long/**", "methods": ["PUT"], "body": "64MiB", "timeout": "10m", **PUBLIC},
            {"path": "/private", "methods": ["GET"], "allow": ["read:products"], "upgrade": "websocket", "limit": "none"}]


def gateway(upstream, timeouts=None, limits=None, route=None, **more):
    return {"server": {"workers": 1, "timeouts": timeouts or {}, "limits": {"connections": 8_000, "connections_per_client": 8_000} | (limits or {})},
            "services": {"echo": service(upstream.url, routes(**(route or {})), **more)}}


def frame(opcode, payload=b"", mask=None):
    head = bytes([0x80 | opcode]) + (bytes([len(payload) | (0x80 if mask else 0)]) if len(payload) < 126
                                     else struct.pack(">BH", 126 | (0x80 if mask else 0), len(payload)))
    return head + (mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)) if mask else payload)


def read_frame(source):
    first, second = source.read(2)
    length = second & 127
    if length == 126:
        length, = struct.unpack(">H", source.read(2))
    mask = source.read(4) if second & 128 else b"\0\0\0\0"
    return first & 15, bytes(byte ^ mask[i % 4] for i, byte in enumerate(source.read(length)))


class LinkReader:
    def __init__(self, link):
        self.link = link

    def read(self, count):
        data = b""
        while len(data) < count:
            data += self.link.take(count - len(data), False)
        return data


def open_websocket(server, path="/live", **fields):
    connection = server.connect()
    connection.send(client.build("GET", path, {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                                               "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode()} | fields))
    head = connection.head()
    assert head.status == 101, head
    return connection


class WebSocketServer:
    """Keeps the frames it gets; answers pings unless it is mute."""

    def __init__(self, is_mute=False):
        self.is_mute = is_mute
        self.frames = []
        self.open = []

    def __call__(self, received, link):
        accept = base64.b64encode(hashlib.sha1((received.get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest())
        link.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        self.open.append(link)
        reader = LinkReader(link)
        while True:
            opcode, payload = read_frame(reader)
            self.frames.append((opcode, payload))
            if opcode == 9 and not self.is_mute:
                link.send(frame(10, payload))


def close_code(source):
    """Reads to the Close frame, answering pings."""
    while True:
        opcode, payload = read_frame(source)
        if opcode == 8:
            return struct.unpack(">H", payload[:2])[0]
        assert opcode in (9, 10), (opcode, payload)
        if opcode == 9 and hasattr(source, "send"):
            source.send(frame(10, payload, b"\1\2\3\4"))


def test_an_event_stream_outlives_the_times_of_requests(launch):
    def events(_, link):
        link.send(SSE + b"data: first\n\n")
        time.sleep(2.5)
        link.send(b"data: second\n\n")
        return False
    with Upstream() as upstream:
        upstream.on("/events/x", events)
        server = launch(gateway(upstream, {"body": "1s", "upstream": "1s", "idle": "1s"}))
        got = server.get("/events/x")
        assert got.body == b"data: first\n\ndata: second\n\n"


def test_a_routes_timeout_ends_its_quiet_event_streams(launch):
    with Upstream() as upstream:
        upstream.on("/events/x", lambda _, link: link.send(SSE + b"data: first\n\n") or time.sleep(client.DEADLINE_S))
        server = launch(gateway(upstream, route={"timeout": "1s"}))
        with server.connect() as connection:
            connection.send(client.build("GET", "/events/x"))
            assert connection.head().status == 200
            connection.rest()
            assert connection.ended
        upstream.drop()


def keepalive_timers(server):
    """Of the connections of its clients, as the kernel shows them."""
    shown = subprocess.run(["ss", "-tnoH", "state", "established", f"sport = :{server.port}"], capture_output=True, text=True, check=True).stdout
    return shown.count("timer:(keepalive,")


def test_the_kernel_finds_out_about_clients_of_streams_that_died(launch):
    """A machine that lost its power says nothing, and of a stream nobody expects an answer."""
    go_on = threading.Event()

    def events(_, link):
        link.send(SSE + b"data: first\n\n")
        go_on.wait(client.DEADLINE_S)
        return False
    with Upstream() as upstream:
        upstream.on("/events/x", events)
        upstream.on("/live", WebSocketServer())
        server = launch(gateway(upstream))
        with server.connect() as plain, server.connect() as stream, open_websocket(server):
            assert plain.request("GET", "/open/x").status == 200
            assert keepalive_timers(server) == 1, "a tunnel's; a request has its deadlines"
            stream.send(b"GET /events/x HTTP/1.1\r\nHost: localhost\r\n\r\n")
            client.wait_for(lambda: keepalive_timers(server) == 2, what="the timer of the event stream")
            go_on.set()


def test_a_quiet_websocket_is_asked_and_stays_open_while_somebody_answers(launch):
    live = WebSocketServer()
    with Upstream() as upstream:
        upstream.on("/live", live)
        server = launch(gateway(upstream, route={"timeout": "2s"}))
        with open_websocket(server) as connection:
            for _ in range(5):  # a second each
                opcode, payload = read_frame(connection)
                assert opcode in (9, 10), (opcode, payload)
                if opcode == 9:
                    connection.send(frame(10, payload, b"\1\2\3\4"))
            connection.send(frame(1, b"hello", b"\1\2\3\4"))
            client.wait_for(lambda: (1, b"hello") in live.frames, what="a message after all that")
        assert any(opcode == 9 for opcode, _ in live.frames)


def test_a_websocket_that_nobody_answers_in_ends_with_a_close_frame_on_both_sides(launch):
    live = WebSocketServer(is_mute=True)
    with Upstream() as upstream:
        upstream.on("/live", live)
        server = launch(gateway(upstream, route={"timeout": "2s"}))
        with open_websocket(server) as connection:
            frames = []
            while not frames or frames[-1][0] != 8:
                frames.append(read_frame(connection))  # and no pong
            assert struct.unpack(">H", frames[-1][1])[0] == GOING_AWAY and (9, b"") in frames
            assert connection.is_closed()
        client.wait_for(lambda: (8, struct.pack(">H", GOING_AWAY)) in live.frames, what="the other side's close frame")


def test_no_frame_of_ours_gets_into_one_of_theirs(launch):
    with Upstream() as upstream:
        live = WebSocketServer()
        upstream.on("/live", live)
        server = launch(gateway(upstream, route={"timeout": "2s"}))
        with open_websocket(server) as connection:
            client.wait_for(lambda: live.open, what="the service's side")
            live.open[0].send(frame(1, b"x" * 100)[:50])
            time.sleep(1.5)  # a ping's time
            live.open[0].send(frame(1, b"x" * 100)[50:])
            assert read_frame(connection) == (1, b"x" * 100)


def test_each_side_is_told_why_a_websocket_ends(launch):
    live = WebSocketServer()
    with Upstream() as upstream:
        for path in ("/live", "/private"):
            upstream.on(path, live)
        server = launch(gateway(upstream))
        user = server.register()
        with open_websocket(server, "/private", Authorization="Bearer " + user.access) as connection:
            assert server.logout(user.access).status in (200, 204)
            assert close_code(connection) == POLICY
        client.wait_for(lambda: (8, struct.pack(">H", POLICY)) in live.frames, what="the service's close frame")

        connection = open_websocket(server)
        connection.close()  # without a word
        client.wait_for(lambda: (8, struct.pack(">H", GOING_AWAY)) in live.frames, what="the word to the service")

        with open_websocket(server) as connection:
            client.wait_for(lambda: len(live.open) == 3, what="the service's side")
            live.open[-1].socket.setsockopt(1, 13, struct.pack("ii", 1, 0))  # SOL_SOCKET, SO_LINGER: a reset
            live.open[-1].socket.close()
            upstream.drop()
            assert close_code(connection) == BAD_GATEWAY

        with open_websocket(server) as connection:
            server.process.terminate()
            assert close_code(connection) == GOING_AWAY


def test_a_body_that_trickles_is_ended_and_one_that_pauses_is_not(launch):
    with Upstream() as upstream:
        server = launch(gateway(upstream, {"body": "1s"}))
        with server.connect() as connection:
            connection.send(client.build("PUT", "/open/x", {"Content-Length": "1000"}))
            began = time.monotonic()
            while time.monotonic() - began < client.DEADLINE_S and connection.try_send(b"x"):
                time.sleep(0.4)
                if not connection.is_silent(0.01):
                    break
            assert connection.response().status == 408
        with server.connect() as connection:
            connection.send(client.build("PUT", "/open/x", {"Content-Length": "12000"}))
            for _ in range(4):
                connection.send(b"x" * 3_000)
                time.sleep(0.4)
            assert connection.response().status == 200


def test_a_body_has_a_total_time_and_a_route_may_give_more(launch):
    with Upstream() as upstream:
        server = launch(gateway(upstream, {"body": "1s", "upload": "2s"}))
        statuses = {}
        for path in ("/open/x", "/long/x"):
            with server.connect() as connection:
                connection.send(client.build("PUT", path, {"Content-Length": "40000"}))
                for _ in range(40):
                    if not connection.try_send(b"x" * 1_000) or not connection.is_silent(0.01):
                        break
                    time.sleep(0.1)
                statuses[path] = connection.response().status
        assert statuses == {"/open/x": 408, "/long/x": 200}


def test_streams_take_no_place_of_requests(launch):
    release = threading.Event()
    live = WebSocketServer()
    with Upstream(keep_raw=False) as upstream:
        upstream.on("/events/x", lambda _, link: link.send(SSE) or release.wait(120) and False)
        upstream.on("/live", live)
        upstream.on("/open/upload", before_body(lambda received, link: [None for _ in body_pieces(received, link)] and False))
        server = launch(gateway(upstream))
        streams = []
        for _ in range(1_100):
            connection = server.connect()
            connection.send(client.build("GET", "/events/x"))
            assert connection.head().status == 200
            streams.append(connection)
        for _ in range(1_030):
            streams.append(open_websocket(server))
        for _ in range(100):
            connection = server.connect()
            connection.send(client.build("PUT", "/open/upload", {"Content-Length": "100000"}) + b"x" * 100)
            streams.append(connection)
        for _ in range(100):
            assert server.get("/open/x").status == 200
        client.wait_for(lambda: server.metric("merlon_upstream_open", service="echo", kind="stream") == 2_130, what="the streams in the metrics")
        assert server.metric("merlon_upstream_refused_total", service="echo") == 0
        for connection in streams:
            connection.close()
        client.wait_for(lambda: server.metric("merlon_upstream_open", service="echo") == 0, what="their end")
        release.set()
        upstream.drop()


def test_a_client_has_a_share_of_what_a_service_may_have_open(launch):
    release = threading.Event()
    with Upstream() as upstream:
        upstream.on("/open/slow", lambda _, link: release.wait(client.DEADLINE_S) and link.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
        server = launch(gateway(upstream, pool={"requests": 8, "client_requests": 4}))
        held = [server.connect() for _ in range(4)]
        for connection in held:
            connection.send(client.build("GET", "/open/slow"))
        client.wait_for(lambda: len(upstream.seen("/open/slow")) == 4, what="four requests")
        refused = server.get("/open/x")
        assert (refused.status, refused.code, refused.get("Retry-After")) == (429, "RATE_LIMIT_EXCEEDED", "1")
        with server.connect(source="127.0.0.5") as other:
            assert other.request("GET", "/open/x").status == 200
        release.set()
        for connection in held:
            assert connection.response().status == 200
            connection.close()
        assert server.get("/open/x").status == 200
