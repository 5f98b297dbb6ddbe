"""A small HTTP/1.1 client over a bare socket: it sends exactly the bytes it is given and reads answers strictly.

Libraries repair what they send and forgive what they read; the tests must do neither. Anything in an
answer that RFC 9112 does not allow raises Malformed.
"""

import json
import re
import socket
import ssl
import time

STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9]{2}) ([\t\x20-\x7e]*)")
FIELD_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*")
CHUNK_LINE = re.compile(rb"([0-9a-fA-F]{1,16})(?:;[\t\x20-\x7e]*)?")
HEAD_BYTES_MAX = 256 * 1024
# How long a test waits for what must come: sanitizers on a busy machine need it, and a test that passes never waits so long.
DEADLINE_S = 60


class Malformed(AssertionError):
    """The server sent something that is not HTTP/1.1."""


class Closed(ConnectionError):
    """The server closed the connection where an answer was due."""


class Response:
    def __init__(self, version, status, reason, headers):
        self.version = version
        self.status = status
        self.reason = reason
        self.headers = headers  # [(name as sent, value)]
        self.body = b""

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def get(self, name, default=None):
        """The field's only value. A field that came twice is a failure, never a choice."""
        values = self.all(name)
        if len(values) > 1:
            raise Malformed(f"{name} came {len(values)} times: {values}")
        return values[0] if values else default

    def json(self):
        return json.loads(self.body, object_pairs_hook=_no_duplicates)

    @property
    def data(self):
        body = self.json()
        assert body.get("success") is True, f"{self.status}: {self.body[:500]!r}"
        return body["data"]

    @property
    def error(self):
        body = self.json()
        assert body.get("success") is False, f"{self.status}: {self.body[:500]!r}"
        return body["error"]

    @property
    def code(self):
        return self.error["code"]

    @property
    def text(self):
        return self.body.decode("utf-8")

    def __repr__(self):
        return f"<{self.status} {self.headers} {self.body[:300]!r}>"


def _no_duplicates(pairs):
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise Malformed(f"duplicate keys in JSON: {keys}")
    return dict(pairs)


def build(method, target, headers=(), body=None, host="localhost"):
    """The bytes of one request. `host=None` leaves the Host field out; a body gets its Content-Length."""
    fields = [] if host is None else [("Host", host)]
    fields += list(headers.items() if isinstance(headers, dict) else headers)
    names = {_bytes(name).lower() for name, _ in fields}
    if body is not None and b"content-length" not in names and b"transfer-encoding" not in names:
        fields.append(("Content-Length", str(len(body))))
    head = _bytes(method) + b" " + _bytes(target) + b" HTTP/1.1\r\n"
    for name, value in fields:
        head += _bytes(name) + b": " + _bytes(value) + b"\r\n"
    return head + b"\r\n" + (_bytes(body) if body is not None else b"")


def _bytes(value):
    return value if isinstance(value, (bytes, bytearray)) else str(value).encode("utf-8")


class Connection:
    """One connection. `port` may be a path: then it is a Unix socket. Not thread-safe."""

    def __init__(self, port, at="127.0.0.1", source=None, tls=None, server_name="localhost", timeout=DEADLINE_S,
                 receive_buffer=None):
        if isinstance(port, int):
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            if receive_buffer:
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            self.socket.settimeout(timeout)
            if source:
                self.socket.bind((source, 0))
            self.socket.connect((at, port))
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        else:
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.socket.settimeout(timeout)
            self.socket.connect(str(port))
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname=server_name)
        self.buffer = b""
        self.ended = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(_bytes(data))

    def try_send(self, data):
        """Sends, and forgives a server that has already hung up: what it answered may still be there to read."""
        try:
            self.send(data)
            return True
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            return False

    def request(self, method, target, headers=(), body=None, host="localhost"):
        self.send(build(method, target, headers, body, host))
        return self.response(method)

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)

    def _fill(self):
        if self.ended:
            return False
        try:
            data = self.socket.recv(65536)
        except (ConnectionResetError, ssl.SSLEOFError, ssl.SSLZeroReturnError, BrokenPipeError):
            data = b""
        if not data:
            self.ended = True
            return False
        self.buffer += data
        return True

    def _line(self):
        while b"\n" not in self.buffer:
            if len(self.buffer) > HEAD_BYTES_MAX:
                raise Malformed("endless line")
            if not self._fill():
                raise Closed(f"connection closed inside a line: {self.buffer[:200]!r}")
        line, self.buffer = self.buffer.split(b"\n", 1)
        if not line.endswith(b"\r"):
            raise Malformed(f"bare LF: {line[:200]!r}")
        return line[:-1]

    def read(self, count):
        while len(self.buffer) < count:
            if not self._fill():
                raise Closed(f"connection closed {count - len(self.buffer)} bytes early")
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def _headers(self):
        fields = []
        while line := self._line():
            match = FIELD_LINE.fullmatch(line)
            if not match:
                raise Malformed(f"field line: {line[:200]!r}")
            fields.append((match[1].decode("ascii"), match[2].decode("latin-1")))
        return fields

    def head(self):
        """The next status line and fields, interim answers included; the body is left unread."""
        line = self._line()
        match = STATUS_LINE.fullmatch(line)
        if not match:
            raise Malformed(f"status line: {line[:200]!r}")
        return Response(b"1." + match[1], int(match[2]), match[3].decode("latin-1"), self._headers())

    def response(self, method="GET", interim=None):
        """The next final answer with its whole body. Interim answers go to the list `interim`."""
        while True:
            answer = self.head()
            if answer.status >= 200 or answer.status == 101:
                break
            if interim is not None:
                interim.append(answer)
        if answer.status == 101:
            return answer
        for piece in self.body_of(answer, method):
            answer.body += piece
        return answer

    def body_of(self, answer, method="GET"):
        """Yields the pieces of the body as they come: for bodies too large to keep."""
        codings = [value.strip().lower() for field in answer.all("Transfer-Encoding") for value in field.split(",")]
        lengths = answer.all("Content-Length")
        if codings and lengths:
            raise Malformed("both Transfer-Encoding and Content-Length")
        if len(lengths) > 1 or any(not re.fullmatch("[0-9]+", value) for value in lengths):
            raise Malformed(f"Content-Length: {lengths}")
        if method == "HEAD" or answer.status in (204, 304) or answer.status < 200:
            if answer.status == 204 and (lengths or codings):
                raise Malformed("204 with framing fields")  # RFC 9110 section 8.6, RFC 9112 section 6.1
            return
        if codings:
            if codings != ["chunked"]:
                raise Malformed(f"Transfer-Encoding: {codings}")
            yield from self._chunks()
        elif lengths:
            left = int(lengths[0])
            while left:
                if not self.buffer and not self._fill():
                    raise Closed(f"body ended {left} bytes early")
                piece, self.buffer = self.buffer[:left], self.buffer[left:]
                left -= len(piece)
                yield piece
        else:
            while self.buffer or self._fill():
                piece, self.buffer = self.buffer, b""
                yield piece

    def _chunks(self):
        while True:
            line = self._line()
            match = CHUNK_LINE.fullmatch(line)
            if not match:
                raise Malformed(f"chunk size: {line[:100]!r}")
            size = int(match[1], 16)
            if size == 0:
                if trailers := self._headers():
                    raise Malformed(f"trailers: {trailers}")
                return
            yield self.read(size)
            if self.read(2) != b"\r\n":
                raise Malformed("chunk data without CRLF")

    def rest(self, limit=1 << 20):
        """Everything until the server closes (or `limit`)."""
        while len(self.buffer) < limit and self._fill():
            pass
        data, self.buffer = self.buffer, b""
        return data

    def is_closed(self, within=DEADLINE_S):
        """Whether the server closes without sending another byte."""
        self.socket.settimeout(within)
        try:
            return not self.buffer and not self._fill()
        except (TimeoutError, socket.timeout):
            return False

    def is_silent(self, seconds=0.5):
        """Whether nothing comes for a while (and the connection stays open)."""
        if self.buffer:
            return False
        before = self.socket.gettimeout()
        self.socket.settimeout(seconds)
        try:
            return not self._fill() and not self.ended
        except (TimeoutError, socket.timeout):
            return True
        finally:
            self.socket.settimeout(before)


def fetch(port, method, target, headers=(), body=None, host="localhost", **where):
    """One request on a connection of its own."""
    with Connection(port, **where) as connection:
        return connection.request(method, target, headers, body, host)


def exchange(port, data, **where):
    """Sends raw bytes and reads every whole answer until the server closes or says nothing for a while.

    Returns (answers, closed). The methods are not known here, so it is not for HEAD.
    """
    quiet = where.pop("quiet", 2)
    answers = []
    with Connection(port, **where) as connection:
        connection.try_send(data)
        connection.socket.settimeout(where.get("timeout", DEADLINE_S))
        while True:
            try:
                if not connection.buffer and not connection._fill():
                    return answers, True
                answers.append(connection.response())
            except Closed:
                if connection.buffer:
                    raise
                return answers, True
            except (TimeoutError, socket.timeout):
                return answers, False
            connection.socket.settimeout(quiet)


def wait_for(check, within=DEADLINE_S, every=0.05, what="the condition"):
    """Polls until `check()` is true and returns its value; a deadline, not a measurement."""
    end = time.monotonic() + within
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come true within {within} s")
        time.sleep(every)
