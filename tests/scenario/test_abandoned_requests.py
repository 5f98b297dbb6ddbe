"""A client that leaves frees what it held: its request to a service ends at once, whatever it waited for."""

import socket
import ssl
import struct
import threading

import client
from harness import certificate, service, table
from upstream import Upstream, before_body, body_pieces

ABANDONED = 1_100  # more than one worker has open towards a service
ROUTES = [{"path": "/open/**", "methods": ["GET", "POST", "PUT"], "allow": "public", "limit": "none", "body": "64MiB", "timeout": "60s"}]


class Silent:
    """An action that answers nothing, or `data` and nothing more, and counts who waits for the rest."""

    def __init__(self, data=b""):
        self.data = data
        self.waiting = 0
        self.begun = 0
        self.lock = threading.Lock()

    def _count(self, waiting, begun):
        with self.lock:
            self.waiting += waiting
            self.begun += begun

    def __call__(self, _, link):
        self._count(1, 1)
        try:
            link.send(self.data) if self.data else None
            while True:
                link.fill(False)  # raises at its end
        finally:
            self._count(-1, 0)


def leave(connection, how):
    if how == "reset":
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def one_worker(url, tls=None, **more):
    return {"server": {"workers": 1, "limits": {"connections_per_client": 4_000, "connections": 4_000}, **(tls or {})}, "services": {"echo": service(url, ROUTES, **more)}}


def test_a_service_is_there_for_others_however_many_clients_left(launch):
    silent = Silent()
    with Upstream() as upstream:
        upstream.on("/open/silent", silent)
        server = launch(one_worker(upstream.url))
        for number in range(ABANDONED):
            with server.connect() as connection:
                connection.send(client.build("GET", "/open/silent"))
                client.wait_for(lambda number=number: silent.begun > number, every=0.001, what="the request at the service")
        assert server.get("/open/x").status == 200
        client.wait_for(lambda: silent.waiting == 0, what="the end of the requests that nobody waits for")
        upstream.drop()


SSE = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n6\r\ndata:\n\r\n"


@table({
    "while it waits": (b"", b"", "close"), "with a reset": (b"", b"", "reset"), "in the middle of events": (SSE, b"", "close"),
    "in the middle of events, with a reset": (SSE, b"", "reset"), "behind a body": (b"", b"x" * 100_000, "close"),
})
def test_the_request_to_the_service_ends_when_its_client_leaves(launch, row):
    data, body, how = row
    silent = Silent(data)
    with Upstream() as upstream:
        upstream.on("/open/silent", silent)
        server = launch(one_worker(upstream.url))
        connection = server.connect()
        connection.send(client.build("POST" if body else "GET", "/open/silent", {"Content-Length": str(len(body))} if body else (), None) + body)
        client.wait_for(lambda: silent.waiting == 1, what="the request at the service")
        if data:
            assert connection.head().status == 200
        leave(connection, how)
        client.wait_for(lambda: silent.waiting == 0, what="its end")
        client.wait_for(lambda: server.metric("http_server_request_duration_seconds_count", status="499") == 1, what="the record of it")
        assert server.metric("merlon_upstream_healthy", target=upstream.url[7:]) == 1, "nobody is blamed"
        upstream.drop()


def test_it_ends_under_tls_too(launch):
    silent = Silent()
    _, _, key, chain = certificate()
    with Upstream() as upstream:
        upstream.on("/open/silent", silent)
        server = launch(one_worker(upstream.url, {"tls": {"certificate": "tls.crt", "key": "tls.key"}}), files={"tls.crt": chain, "tls.key": key})
        anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
        server.tls = anybody
        connection = server.connect()
        connection.send(client.build("GET", "/open/silent"))
        client.wait_for(lambda: silent.waiting == 1, what="the request at the service")
        connection.close()
        client.wait_for(lambda: silent.waiting == 0, what="its end")
        upstream.drop()


def test_an_upload_that_its_client_breaks_off_ends_while_the_service_does_not_read(launch):
    release, ended = threading.Event(), threading.Event()

    def stalls(received, link):
        release.wait(client.DEADLINE_S)
        try:
            for _ in body_pieces(received, link):
                pass
        except (ConnectionError, OSError):
            ended.set()
            raise
        return False
    with Upstream(keep_raw=False) as upstream:
        upstream.on("/open/stalls", before_body(stalls))
        server = launch(one_worker(upstream.url))
        connection = server.connect()
        connection.send(client.build("PUT", "/open/stalls", {"Content-Length": str(64 << 20)}))
        connection.socket.settimeout(0.5)
        try:
            while True:
                connection.socket.send(b"x" * 65536)
        except TimeoutError:
            pass
        leave(connection, "reset")
        client.wait_for(lambda: server.metric("http_server_request_duration_seconds_count", status="499") == 1, what="the end, although nobody reads")
        release.set()
        assert ended.wait(client.DEADLINE_S)


def test_a_client_that_sends_no_more_but_has_sent_more_requests_gets_all_answers(launch):
    """Scripts pipe their requests into a connection and end their side of it."""
    slow = threading.Event()

    def answers_late(_, link):
        slow.wait(client.DEADLINE_S)
        link.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate")
        return True
    with Upstream() as upstream:
        upstream.on("/open/late", answers_late)
        server = launch(one_worker(upstream.url))
        with server.connect() as connection:
            connection.send(client.build("GET", "/open/late") + client.build("GET", "/health"))
            connection.half_close()
            client.wait_for(lambda: upstream.seen("/open/late"), what="the request at the service")
            slow.set()
            assert connection.response().body == b"late"
            assert connection.response().json() == {"status": "ok"}


def test_a_tunnel_carries_on_in_one_direction_when_the_other_is_finished(launch):
    def finishes_late(_, link):
        link.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n")
        try:
            while True:
                link.fill(False)
        except ConnectionError:
            link.send(b"the rest")
        return False
    with Upstream() as upstream:
        upstream.on("/live", finishes_late)
        server = launch({"services": {"echo": service(upstream.url, [{"path": "/live", "methods": ["GET"], "allow": "public", "upgrade": "websocket"}])}})
        with server.connect() as connection:
            connection.send(client.build("GET", "/live", {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}))
            assert connection.head().status == 101
            connection.half_close()
            assert connection.rest() == b"the rest"


def full_listener():
    """A port that lets nobody connect: its queue is full, so that the kernel answers nothing."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    fillers = []
    for _ in range(4):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(listener.getsockname())
        fillers.append(filler)
    return listener, fillers


def test_a_connection_that_is_being_made_for_nobody_is_given_up(launch):
    listener, fillers = full_listener()
    server = launch(one_worker(f"http://127.0.0.1:{listener.getsockname()[1]}"))
    connections = [server.connect() for _ in range(20)]
    for connection in connections:
        connection.send(client.build("GET", "/open/x"))
    client.wait_for(lambda: server.metric("merlon_upstream_open", service="echo", kind="request") == 20, what="the waiting requests")
    for connection in connections:
        leave(connection, "close")
    client.wait_for(lambda: server.metric("merlon_upstream_open", service="echo", kind="request") == 0, within=3, what="their end before the connections' own")
    for filler in fillers:
        filler.close()
    listener.close()
