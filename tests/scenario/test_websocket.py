"""WebSocket: upgraded only where the route allows it, tunnelled byte for byte, closed when the session ends."""

import base64
import hashlib
import os

import client
import jose
from harness import service, table

KEY = base64.b64encode(os.urandom(16)).decode()


def CONFIG(upstream):
    return {"services": {"live": service(upstream.url, [
        {"path": "/live", "methods": ["GET"], "allow": ["read:products"], "upgrade": "websocket"},
        {"path": "/live-open", "methods": ["GET"], "allow": "public", "upgrade": "websocket"}])}}


def accept(received, link):
    token = base64.b64encode(hashlib.sha1((received.get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest())
    link.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + token + b"\r\n\r\nhello")
    while True:  # an echo of bytes: frames are nobody's business on the way
        link.send(link.take(65536, False).upper())


def handshake(token=None, path="/live", **changes):
    fields = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": KEY}
    if token:
        fields["Authorization"] = "Bearer " + token
    return client.build("GET", path, {name: value for name, value in (fields | changes).items() if value is not None})


def test_a_tunnel_carries_bytes_both_ways(merlon, upstream, user):
    upstream.on("/live", accept)
    with merlon.connect() as connection:
        connection.send(handshake(user.access))
        answer = connection.response()
        assert answer.status == 101 and answer.get("Upgrade").lower() == "websocket"
        assert connection.read(5) == b"hello"
        data = b"\x81\x85" + b"abc" * 50_000
        connection.send(data)
        assert connection.read(len(data)) == data.upper()
    assert upstream.only(user.id).get("Upgrade").lower() == "websocket"


def test_bytes_sent_with_the_handshake_are_not_lost(merlon, upstream):
    upstream.on("/live-open", accept)
    with merlon.connect() as connection:
        connection.send(handshake(path="/live-open") + b"early")
        assert connection.response().status == 101
        assert connection.read(10) == b"helloEARLY"


@table({"no token": (None, 401), "bad token": ("x.y.z", 401)})
def test_a_tunnel_needs_what_its_route_needs(merlon, upstream, row):
    token, status = row
    before = upstream.count
    with merlon.connect() as connection:
        connection.send(handshake(token))
        assert connection.response().status == status
    assert upstream.count == before


@table({"other route": {"path": "/open/x"}, "h2c": {"path": "/live-open", "Upgrade": "h2c"}, "other protocol": {"path": "/live-open", "Upgrade": "tcp"}})
def test_no_tunnel_where_the_route_does_not_allow_it(merlon, upstream, row):
    """h2c smuggling: an upgrade that slips through makes the connection blind."""
    for target in ("/open/x", "/live-open"):
        upstream.actions.pop(target, None)
    with merlon.connect() as connection:
        connection.send(handshake(**row))
        answer = connection.response()
        assert answer.status != 101
        if answer.status == 200:
            assert "upgrade" not in {name.lower() for name, _ in answer.json()["headers"]}


def test_logout_closes_the_tunnel(merlon, upstream):
    upstream.on("/live", accept)
    account = merlon.register()
    with merlon.connect() as connection:
        connection.send(handshake(account.access))
        assert connection.response().status == 101
        connection.read(5)
        merlon.logout(account.access)
        assert connection.is_closed(), "the tunnel outlived its session"


def test_the_end_of_a_signing_key_closes_its_tunnels(launch, upstream):
    upstream.on("/live", accept)
    server = launch(CONFIG(upstream))
    account = server.register()
    with server.connect() as connection:
        connection.send(handshake(account.access))
        assert connection.response().status == 101
        connection.read(5)
        assert server.run("key", "rotate", "--now").returncode == 0
        assert server.run("key", "retire", jose.decode(account.access)[0]["kid"]).returncode == 0
        assert connection.is_closed(), "the tunnel outlived its key"


def test_expiry_closes_the_tunnel(launch, upstream):
    upstream.on("/live", accept)
    server = launch({"tokens": {"access_ttl": "6s"}} | CONFIG(upstream))
    account = server.register()
    with server.connect() as connection:
        connection.send(handshake(account.access))
        assert connection.response().status == 101
        connection.read(5)
        assert connection.is_closed(), "the tunnel outlived its token"


def test_an_upstream_that_refuses_the_upgrade_is_an_ordinary_answer(merlon, upstream):
    upstream.on("/live-open", b"HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno")
    with merlon.connect() as connection:
        connection.send(handshake(path="/live-open"))
        assert connection.response().status == 403
        upstream.actions.pop("/live-open")
