"""A scriptable HTTP/1.1 upstream in threads: it answers with what it received, or with exactly the bytes a test scripts.

By default an answer is JSON: method, target, headers, body (its text when short, always its length and
SHA-256), the number of the connection and of the request on it. `on(path, action)` scripts a path. Every
byte received is kept per connection in `raw`, so a test can look for bytes of one request inside the next.
"""

import hashlib
import json
import os
import re
import socket
import threading

ECHO_BYTES_MAX = 64 * 1024


class Received:
    def __init__(self, upstream, link, method, target, headers):
        self.upstream = upstream
        self.link = link
        self.method = method
        self.target = target
        self.path = target.split("?")[0]
        self.headers = headers
        self.body = b""
        self.length = 0
        self.is_whole = False  # the body has come to its end
        self.digest = hashlib.sha256()
        self.whole = False  # until the last byte of its body came

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def get(self, name, default=None):
        values = self.all(name)
        assert len(values) <= 1, f"{name} reached the upstream {len(values)} times: {values}"
        return values[0] if values else default


class Link:
    """One accepted connection."""

    def __init__(self, number, sock):
        self.number = number
        self.socket = sock
        self.buffer = b""
        self.raw = bytearray()
        self.requests = 0

    def fill(self, keep):
        data = self.socket.recv(262144)
        if not data:
            raise ConnectionError("closed")
        if keep:
            self.raw += data
        self.buffer += data

    def line(self):
        while b"\r\n" not in self.buffer:
            self.fill(True)
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line

    def take(self, count, keep):
        while not self.buffer:
            self.fill(keep)
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def send(self, data):
        self.socket.sendall(data)


class Upstream:
    """Listens from construction until close(). `keep_raw=False` for bodies too large to keep."""

    def __init__(self, unix=None, keep_raw=True, name="upstream", port=0):
        self.name = name
        self.keep_raw = keep_raw
        self.lock = threading.Lock()
        self.links = []
        self.received = []
        self.actions = {}
        self.violations = []  # bytes that were not one well-formed request after another
        self.watch = None  # called with every request, cut ones too, instead of remembering it
        self.watched = 0
        self.unix = unix
        if unix:
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(str(unix))
        else:
            self.listener = socket.socket()
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.listener.bind(("127.0.0.1", port))
        self.listener.listen(512)
        self.port = None if unix else self.listener.getsockname()[1]
        self.url = f"unix:{unix}" if unix else f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        self.drop()
        if self.unix and os.path.exists(self.unix):
            os.unlink(self.unix)

    def drop(self):
        """Cuts every open connection."""
        with self.lock:
            links = list(self.links)
        for link in links:
            try:
                link.socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def on(self, path, action):
        """`action(received, link)` answers on the link; it returns True to keep the connection. Bytes are sent as they are."""
        if isinstance(action, (bytes, bytearray)):
            data = bytes(action)

            def action(_, link):
                link.send(data)
                return b"\r\nconnection: close" not in data.lower().split(b"\r\n\r\n")[0]
        self.actions[path] = action

    def clear(self):
        with self.lock:
            self.received.clear()
            self.violations.clear()

    def seen(self, mark):
        """Requests whose target or headers contain the text."""
        with self.lock:
            return [one for one in self.received
                    if mark in one.target or any(mark in value for _, value in one.headers)]

    def only(self, mark):
        found = self.seen(mark)
        assert len(found) == 1, f"{len(found)} requests with {mark}: {[one.target for one in found]}"
        return found[0]

    @property
    def count(self):
        with self.lock:
            return len(self.received)

    @property
    def connection_count(self):
        with self.lock:
            return len(self.links)

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                link = Link(len(self.links), sock)
                self.links.append(link)
            threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link):
        try:
            while True:
                received = self._read_head(link)
                if received is None:
                    return
                link.requests += 1
                if self.watch:
                    try:
                        self._read_body(received, link)
                    finally:
                        self.watch(received)
                        with self.lock:
                            self.watched += 1
                    echo(received, link)
                    continue
                with self.lock:
                    self.received.append(received)
                action = self.actions.get(received.path)
                if action and getattr(action, "before_body", False):
                    if not action(received, link):
                        return
                    continue
                self._read_body(received, link)
                if action:
                    if not action(received, link):
                        return
                else:
                    echo(received, link)
                if "close" in (received.get("Connection") or "").lower():
                    return
        except (ConnectionError, OSError, ValueError):
            pass
        finally:
            link.socket.close()

    def _violation(self, what):
        with self.lock:
            self.violations.append(what)

    def _read_head(self, link):
        try:
            line = link.line()
        except (ConnectionError, OSError):
            if link.buffer:
                self._violation(f"left over: {link.buffer[:200]!r}")
            return None
        match = re.fullmatch(rb"([A-Z]+) (\S+) HTTP/1\.1", line)
        if not match:
            self._violation(f"request line: {line[:200]!r}")
            link.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return None
        headers = []
        while line := link.line():
            name, _, value = line.partition(b":")
            headers.append((name.decode("latin-1"), value.strip(b" \t").decode("latin-1")))
        return Received(self, link, match[1].decode(), match[2].decode("latin-1"), headers)

    def _read_body(self, received, link):
        for piece in body_pieces(received, link):
            received.length += len(piece)
            received.digest.update(piece)
            if received.length <= ECHO_BYTES_MAX:
                received.body += piece
        received.is_whole = True


def body_pieces(received, link):
    """The pieces of the request's body as they arrive: for actions that run before the body is read."""
    keep = received.upstream.keep_raw
    lengths, codings = received.all("Content-Length"), received.all("Transfer-Encoding")
    if len(lengths) + len(codings) > 1:
        received.upstream._violation(f"framing twice: {lengths} {codings}")
    if codings:
        if codings != ["chunked"]:
            received.upstream._violation(f"Transfer-Encoding: {codings}")
        while size := int(link.line().split(b";")[0], 16):
            while size:
                piece = link.take(size, keep)
                size -= len(piece)
                yield piece
            if link.line():
                received.upstream._violation("chunk data without CRLF")
        if trailer := link.line():
            received.upstream._violation(f"trailer: {trailer!r}")
    elif lengths:
        left = int(lengths[0])
        while left:
            piece = link.take(left, keep)
            left -= len(piece)
            yield piece


def echo(received, link):
    body = json.dumps({
        "method": received.method,
        "target": received.target,
        "headers": received.headers,
        "body": received.body.decode("latin-1") if received.length <= ECHO_BYTES_MAX else None,
        "length": received.length,
        "sha256": received.digest.hexdigest(),
        "connection": link.number,
        "request": link.requests,
        "upstream": received.upstream.name,
    }).encode()
    answer(link, 200, body if received.method != "HEAD" else b"", [("Content-Type", "application/json")],
           length=len(body))
    return True


def answer(link, status, body=b"", headers=(), length=None):
    head = f"HTTP/1.1 {status} Scripted\r\n".encode()
    for name, value in headers:
        head += f"{name}: {value}\r\n".encode("latin-1")
    if status not in (204, 304):
        head += f"Content-Length: {len(body) if length is None else length}\r\n".encode()
    link.send(head + b"\r\n" + body)
    return True


def before_body(action):
    """Marks an action that answers, or reads, before the request's body was taken off the connection."""
    action.before_body = True
    return action


def header(received_json, name):
    """The values of a field in an echo answer."""
    return [value for key, value in received_json["headers"] if key.lower() == name.lower()]
