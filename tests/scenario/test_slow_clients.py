"""Slow heads, slow bodies, slow readers, silent connections: each has a timer, and nobody else notices them."""

import resource
import socket
import time

import pytest

import client
from harness import is_sanitized, table

CONFIG = {"server": {"timeouts": {"header": "2s", "body": "2s", "idle": "2s", "upstream": "5s"}}}
PATIENCE_S = client.DEADLINE_S


def drip(connection, data, every=0.3):
    """Sends a byte at a time until the server closes; true when it did before everything was sent or soon after."""
    end = time.monotonic() + PATIENCE_S
    for position in range(len(data)):
        if not connection.try_send(data[position:position + 1]):
            return True
        if not connection.is_silent(every):
            return True
        if time.monotonic() > end:
            return False
    return connection.is_closed(PATIENCE_S)


@table({"slow head": b"GET /open/x HTTP/1.1\r\nHost: localhost\r\nX-Slow: " + b"a" * 200, "slow request line": b"GET /open/" + b"a" * 200, "only line ends": b"\r\n" * 100})
def test_a_slow_head_is_cut(merlon, upstream, row):
    before = upstream.count
    with merlon.connect() as connection:
        assert drip(connection, row), "a byte now and then kept the connection open"
    assert upstream.count == before


@table({"with length": {"Content-Length": "1000"}, "chunked": {"Transfer-Encoding": "chunked"}})
def test_a_body_that_stalls_is_cut(merlon, row):
    with merlon.connect() as connection:
        connection.send(client.build("POST", "/open/x", row, b"3\r\nabc\r\n"))
        connection.socket.settimeout(PATIENCE_S)
        said = connection.rest()
    assert connection.ended and b" 200 " not in said


@table({"nothing sent": b"", "between requests": client.build("GET", "/open/x")})
def test_a_silent_connection_is_closed(merlon, row):
    with merlon.connect() as connection:
        if row:
            connection.send(row)
            assert connection.response().status == 200
        connection.socket.settimeout(PATIENCE_S)
        connection.rest()
        assert connection.ended


def test_a_reader_that_never_reads_is_cut(merlon, upstream):
    def endless(_, link):
        link.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            link.send(b"10000\r\n" + b"x" * 65536 + b"\r\n")
    upstream.on("/open/endless", endless)
    before = merlon.metric("merlon_connections")
    with merlon.connect(receive_buffer=4096) as connection:
        connection.send(client.build("GET", "/open/endless"))
        connection.head()
        client.wait_for(lambda: merlon.metric("merlon_connections") <= before, every=0.5, what="the end of a connection nobody reads")


def test_five_hundred_slow_clients_do_not_stop_a_quick_one(merlon):
    slow = [merlon.connect() for _ in range(500)]
    try:
        for one in slow:
            one.send(b"GET /open/x HTTP/1.1\r\nHost: local")
        for _ in range(20):
            assert merlon.get("/open/x").status == 200
        assert merlon.rss_bytes() < 1 << 30
    finally:
        for one in slow:
            one.close()


def test_ten_thousand_idle_connections_cost_little(launch):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 12_000:
        pytest.skip(f"the limit of open files is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    server = launch({"server": {"timeouts": {"idle": "300s"}, "limits": {"connections": 11_000, "connections_per_client": 11_000}}})
    idle = []
    try:
        server.get("/open/x")
        before = server.rss_bytes()
        for _ in range(10_000):
            idle.append(socket.create_connection(("127.0.0.1", server.port)))
        client.wait_for(lambda: server.metric("merlon_connections") >= 10_000, every=0.5, what="ten thousand open connections")
        assert is_sanitized() or (server.rss_bytes() - before) / 10_000 < 8192, "more than 8 KiB each"
        for _ in range(20):
            assert server.get("/open/x").status == 200
        idle[4321].sendall(client.build("GET", "/open/x", {"Connection": "close"}))
        assert idle[4321].recv(64).startswith(b"HTTP/1.1 200")
    finally:
        for one in idle:
            one.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    client.wait_for(lambda: server.metric("merlon_connections") < 100, every=0.5, what="the end of connections that their clients closed")
