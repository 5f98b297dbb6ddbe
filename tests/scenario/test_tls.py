"""TLS 1.2 and 1.3 only, with resumption and ALPN; a new certificate is taken at SIGHUP, a broken one is not."""

import contextlib
import socket
import ssl
import warnings

import pytest

import client
from harness import certificate, merge

warnings.filterwarnings("ignore", category=DeprecationWarning)
_, FIRST, KEY_PEM, CERT_PEM = certificate()


def context(minimum=None, maximum=None, alpn=None, ciphers=None):
    made = ssl.create_default_context()
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    if ciphers:
        made.set_ciphers(ciphers)
    if minimum:
        made.minimum_version = minimum
    if maximum:
        made.maximum_version = maximum
    if alpn:
        made.set_alpn_protocols(alpn)
    return made


@pytest.fixture(scope="module")
def secure(tmp_path_factory, upstream):
    from harness import Merlon, service, standard_routes
    server = Merlon(tmp_path_factory.mktemp("tls"), {"server": {"tls": {"certificate": "tls.crt", "key": "tls.key"}, "timeouts": {"header": "2s"}},
                                                     "services": {"echo": service(upstream.url, standard_routes())}},
                    files={"tls.crt": CERT_PEM, "tls.key": KEY_PEM})
    server.start()
    server.tls = context()
    yield server
    server.stop()


def serial(server):
    with server.connect() as connection:
        der = connection.socket.getpeercert(binary_form=True)
    from cryptography import x509
    return x509.load_der_x509_certificate(der).serial_number


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_1_2_and_1_3_are_spoken(secure, version):
    with secure.connect(tls=context(version, version)) as connection:
        answer = connection.request("GET", "/open/x")
    assert answer.status == 200
    assert ["X-Forwarded-Proto", "https"] in [[n if n != "x-forwarded-proto" else "X-Forwarded-Proto", v] for n, v in answer.json()["headers"]]


def test_a_hello_that_comes_byte_by_byte_is_still_a_handshake(secure):
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = context(alpn=["http/1.1", "x" * 200, "y" * 200]).wrap_bio(incoming, outgoing)
    with socket.create_connection(("127.0.0.1", secure.port), 10) as wire:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        piece = 1  # the hello byte by byte, the rest as it comes
        while True:
            try:
                session.do_handshake()
                break
            except ssl.SSLWantReadError:
                hello = outgoing.read()
                for at in range(0, len(hello), piece):
                    wire.sendall(hello[at:at + piece])
                piece = 65_536
                incoming.write(wire.recv(65_536))
        session.write(b"GET /open/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        wire.sendall(outgoing.read())
        answer = b""
        while b"\r\n\r\n" not in answer:
            received = wire.recv(65_536)
            assert received
            incoming.write(received)
            try:
                answer += session.read(65_536)
            except ssl.SSLWantReadError:
                pass
    assert answer.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("first", [b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x15\x03\x01\x00\x02\x02\x28",
                                   b"\x16\x03\x01\xff\xff\x01"],
                         ids=["a request in the clear", "an alert", "a record too long"])
def test_what_is_no_hello_is_refused_at_once(secure, first):
    with socket.create_connection(("127.0.0.1", secure.port), 10) as wire:
        wire.settimeout(1.5)  # the header's deadline is 2 s: who waits for it fails
        wire.sendall(first)
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while received := wire.recv(4096):
                answer += received
    assert not answer.startswith(b"HTTP")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_older_versions_are_refused(secure, version):
    with pytest.raises((ssl.SSLError, ConnectionError)):
        secure.connect(tls=context(version, version, ciphers="ALL:@SECLEVEL=0"))


@pytest.mark.parametrize("ciphers", ["aNULL:@SECLEVEL=0", "RC4:3DES:@SECLEVEL=0", "AES128-SHA:AES256-SHA:AES128-GCM-SHA256:@SECLEVEL=0"])
def test_ciphers_without_authentication_or_forward_secrecy_are_refused(secure, ciphers):
    try:
        tls = context(None, ssl.TLSVersion.TLSv1_2, ciphers=ciphers)
    except ssl.SSLError:
        pytest.skip("this OpenSSL cannot offer them")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        secure.connect(tls=tls)


@pytest.mark.parametrize("version, chosen", [(ssl.TLSVersion.TLSv1_3, "TLS_AES_128_GCM_SHA256"),
                                             (ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-GCM-SHA256")])
def test_of_what_a_client_offers_the_cheapest_cipher_is_chosen(secure, version, chosen):
    with secure.connect(tls=context(version, version)) as connection:
        assert connection.socket.cipher()[0] == chosen


def test_alpn_chooses_what_we_speak(secure):
    with secure.connect(tls=context(alpn=["http/1.1"])) as connection:
        assert connection.socket.selected_alpn_protocol() == "http/1.1"
        assert connection.request("GET", "/open/x").status == 200


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_sessions_resume(secure, version):
    tls = context(version, version)

    def visit(session):
        sock = tls.wrap_socket(socket.create_connection(("127.0.0.1", secure.port), 20), server_hostname="localhost", session=session)
        sock.sendall(client.build("GET", "/open/x", {"Connection": "close"}))
        while sock.recv(65536):
            pass
        try:
            return sock.session, sock.session_reused
        finally:
            sock.close()
    session, reused = visit(None)
    assert not reused
    assert any(visit(session)[1] for _ in range(5)), "no resumption"


def test_plain_http_on_the_tls_port_is_no_request(secure, upstream):
    before = upstream.count
    with client.Connection(secure.port) as connection:
        connection.try_send(client.build("GET", "/open/x"))
        assert b" 200 " not in connection.rest()
    assert upstream.count == before


def test_a_stalled_handshake_is_closed(secure):
    with client.Connection(secure.port) as connection:
        connection.send(b"\x16\x03\x01\x02\x00\x01\x00")
        connection.socket.settimeout(30)
        connection.rest()  # returns only when the server closes
        assert connection.ended


def test_sighup_takes_a_new_certificate_and_keeps_open_connections(secure):
    before = serial(secure)
    _, _, key, cert = certificate()
    with secure.connect() as kept:
        (secure.directory / "tls.key").write_bytes(key)
        (secure.directory / "tls.crt").write_bytes(cert)
        secure.reload()
        client.wait_for(lambda: serial(secure) != before, what="the new certificate")
        assert kept.request("GET", "/open/x").status == 200
    now = serial(secure)
    (secure.directory / "tls.crt").write_bytes(b"-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n")
    secure.reload()
    secure.reload()
    assert serial(secure) == now, "a broken certificate replaced a good one"
    (secure.directory / "tls.crt").write_bytes(CERT_PEM)  # of another key
    secure.reload()
    assert serial(secure) == now
    (secure.directory / "tls.crt").write_bytes(cert)


def test_an_https_upstream_is_verified(launch):
    """An upstream over https whose certificate no given ca vouches for gets nothing."""
    key, made, key_pem, cert_pem = certificate()
    config = {"services": {"far": {"url": "https://127.0.0.1:1", "ca": "ca.crt", "routes": [{"path": "/far/**", "methods": ["GET"], "allow": "public"}]}}}
    listener = socket.create_server(("127.0.0.1", 0))
    config = merge(config, {"services": {"far": {"url": f"https://127.0.0.1:{listener.getsockname()[1]}"}}})
    import threading

    def serve():
        server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server_side.load_cert_chain(write("up.crt", cert_pem), write("up.key", key_pem))
        while True:
            try:
                sock = listener.accept()[0]
            except OSError:
                return
            try:
                tls = server_side.wrap_socket(sock, server_side=True)
                tls.recv(65536)
                tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
                tls.close()
            except (ssl.SSLError, OSError):
                sock.close()

    import pathlib
    import tempfile
    folder = pathlib.Path(tempfile.mkdtemp())

    def write(name, data):
        (folder / name).write_bytes(data)
        return str(folder / name)
    threading.Thread(target=serve, daemon=True).start()
    trusting = launch(config, files={"ca.crt": cert_pem})
    assert trusting.get("/far/x").status == 200
    doubting = launch(config, files={"ca.crt": certificate()[3]})
    assert doubting.get("/far/x").status in (502, 503)
    listener.close()
