"""No client takes all connections: silent ones give way, and a client that uses its share gets no more. Other clients come from
other loopback addresses."""

import socket

import client
import pytest

LIMITS = {"limits": {"connections": 64, "connections_per_client": 32}}


@pytest.fixture
def crowded(launch):
    """One worker, so that its 64 connections are the server's."""
    return launch({"server": {"workers": 1} | LIMITS})


def connect_from(address, port):
    return socket.create_connection(("127.0.0.1", port), timeout=20, source_address=(address, 0))


def ask(port, address="127.0.0.1", target="/open/x"):
    with connect_from(address, port) as connection:
        connection.sendall(client.build("GET", target, {"Connection": "close"}))
        received = b""
        while piece := connection.recv(65536):
            received += piece
        return received


@pytest.fixture
def crowd():
    connections = []
    yield connections
    for one in connections:
        one.close()


def test_silent_connections_of_one_client_do_not_stop_others(crowded, crowd):
    crowd.extend(connect_from("127.0.0.2", crowded.port) for _ in range(200))
    for _ in range(20):
        assert ask(crowded.port).startswith(b"HTTP/1.1 200")


def test_silent_connections_of_many_clients_do_not_stop_others(crowded, crowd):
    for host in range(2, 102):
        crowd.extend(connect_from(f"127.0.1.{host}", crowded.port) for _ in range(2))
    for _ in range(20):
        assert ask(crowded.port).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("first", [b"G", b"GET /open/x HTTP/1.1\r\nHost: local"], ids=["a byte", "half a head"])
def test_heads_that_never_end_do_not_stop_others(crowded, crowd, first):
    for _ in range(200):
        crowd.append(connect_from("127.0.0.2", crowded.port))
        try:
            crowd[-1].sendall(first)
        except OSError:
            pass  # closed already: it gave way
    for _ in range(20):
        assert ask(crowded.port).startswith(b"HTTP/1.1 200")


def test_a_kept_connection_outlives_a_crowd_of_silent_strangers(crowded, crowd):
    with connect_from("127.0.0.3", crowded.port) as kept:
        kept.sendall(client.build("GET", "/open/x"))
        assert kept.recv(65536).startswith(b"HTTP/1.1 200")
        for host in range(2, 102):
            crowd.extend(connect_from(f"127.0.2.{host}", crowded.port) for _ in range(2))
        assert ask(crowded.port).startswith(b"HTTP/1.1 200")
        kept.sendall(client.build("GET", "/open/x"))
        assert kept.recv(65536).startswith(b"HTTP/1.1 200")


def test_a_client_that_uses_its_share_gets_no_more_and_others_go_on(crowded, crowd):
    """Its requests are under way: each has sent half of its body."""
    refused_before = crowded.metric("merlon_connections_refused_total")
    for _ in range(64):
        crowd.append(connect_from("127.0.0.2", crowded.port))
        try:
            crowd[-1].sendall(client.build("POST", "/open/x", {"Content-Length": "10"}) + b"12345")
        except OSError:
            pass  # closed already: beyond the share
    client.wait_for(lambda: crowded.metric("merlon_connections_refused_total") >= refused_before + 32, every=0.2, what="refusals")
    for _ in range(20):
        assert ask(crowded.port).startswith(b"HTTP/1.1 200")


def test_silent_connections_do_not_stop_the_admin_listener(crowded, crowd):
    crowd.extend(connect_from("127.0.0.2", crowded.admin_port) for _ in range(200))
    for _ in range(5):
        assert ask(crowded.admin_port, target="/livez").startswith(b"HTTP/1.1 200")


def test_the_admin_listener_waits_for_nobody_for_long(launch):
    server = launch({"server": {"timeouts": {"admin": "1s"}}})
    with socket.create_connection(("127.0.0.1", server.admin_port), timeout=20) as silent:
        assert silent.recv(1) == b""


def test_a_trusted_proxys_connections_are_not_one_clients(launch, crowd):
    server = launch({"server": {"workers": 1, "trusted_proxies": ["127.0.0.2/32"]} | LIMITS})
    for _ in range(40):
        crowd.append(connect_from("127.0.0.2", server.port))
        crowd[-1].sendall(client.build("POST", "/open/x", {"Content-Length": "10"}) + b"12345")
    client.wait_for(lambda: server.metric("merlon_connections") >= 40, every=0.2, what="40 connections of the proxy")
    assert server.metric("merlon_connections_refused_total") == 0
