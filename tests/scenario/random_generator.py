"""What the campaign of random_requests.py sends: valid requests with the answer they must get, and hostile ones made from them.

Every request carries a mark of its own, in its target or its body and in a field. A mark says its connection and whether the
request is plain ('p': one meaning, whatever stands around it) or hostile ('h'); a checksum tells it from a mutated one. So
whoever sees a mark, client or upstream, can judge whether it belongs there.
"""

import json
import re
import zlib
from dataclasses import dataclass, field

import client
from harness import OTHER_PASSWORD, PASSWORD

MARK = re.compile(rb"z([ph])([0-9a-f]{8})([0-9a-f]{3})([0-9a-f]{4})z")
SCHEMA = {"type": "object", "required": ["mark"], "additionalProperties": False,
          "properties": {"mark": {"type": "string"}, "count": {"type": "integer"}}}


def mark(kind, connection, number):
    text = f"{kind}{connection:08x}{number:03x}"
    return f"z{text}{zlib.crc32(text.encode()) & 0xffff:04x}z"


def marks(data):
    """The intact marks in some bytes, as {(kind, connection, number)}."""
    return {(one[1].decode(), int(one[2], 16), int(one[3], 16)) for one in MARK.finditer(data)
            if zlib.crc32(one[1] + one[2] + one[3]) & 0xffff == int(one[4], 16)}


@dataclass
class Valid:
    """One request. `statuses`: what may come; `check`: looks at an answer of the first of them and says what is wrong with it."""
    data: bytes
    method: str
    statuses: tuple
    check: object = lambda answer: None
    mark: str = ""


@dataclass
class Someone:
    """An account of one worker; `email` and `id` tell its answers from everybody else's."""
    email: str
    id: str
    access: str
    refresh: str
    learned: dict = field(default_factory=dict)


def bearer(token):
    return {"Authorization": "Bearer " + token}


def payload(rng, mark):
    """A body that looks like many things; read as a request of its own it would ask for /open/poison."""
    return rng.choice([
        b"", b"hello", b"0\r\n\r\n", b"5\r\nhello\r\n0\r\n\r\n", b"ffffffffffffffff\r\n", bytes(range(256)), b"[" * 300,
        f'{{"mark":"{mark}","count":1e999}}'.encode(),
        f"GET /open/poison-{mark} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode(),
        f"\r\n\r\nPOST /open/poison-{mark} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{mark}".encode(),
        mark.encode() * rng.randrange(1, 400)])


def chunked(rng, body):
    pieces, position = [], 0
    while position < len(body):
        size = rng.randrange(1, max(2, len(body) // rng.randrange(1, 5) + 1))
        piece = body[position:position + size]
        extension = rng.choice([b"", b"", b";a=b", b"; a = b c"])
        pieces.append(b"%x" % len(piece) + extension + b"\r\n" + piece + b"\r\n")
        position += size
    return b"".join(pieces) + b"0\r\n\r\n"


def proxied(rng, mark, people, poison=True):
    method = rng.choice(["GET", "GET", "POST", "PUT", "PATCH", "DELETE"])
    person = rng.choice(people) if rng.random() < 0.4 else None
    target = f"/{'private' if person else 'open'}/{mark}" + rng.choice(["", "", "?q=%20&a=b", "?" + mark])
    fields = {"X-Mark": mark} | (bearer(person.access) if person else {})
    body = payload(rng, mark) if method in ("POST", "PUT", "PATCH") else b""
    if not poison:
        body = body.replace(b"poison", b"tail")
    if body and rng.random() < 0.4:
        data = client.build(method, target, fields | {"Transfer-Encoding": "chunked"}, chunked(rng, body))
    else:
        data = client.build(method, target, fields, body if method in ("POST", "PUT", "PATCH") or body else None)

    def check(answer):
        echo = json.loads(answer.body)
        got = (echo["method"], echo["target"], echo["body"].encode("latin-1"))
        if got != (method, target, body):
            return f"asked {method} {target} with {body[:60]!r}, answered for {got}"
        ids = [value for name, value in echo["headers"] if name.lower() == "x-user-id"]
        if ids != ([person.id] if person else []):
            return f"the upstream was told {ids} for {person and person.id}"
    return Valid(data, method, (200,), check, mark)


def judged(rng, mark, people):
    """A body that the gateway rewrites before it goes on."""
    body = json.dumps({"count": rng.randrange(99), "mark": mark, "drop": [mark]}, separators=rng.choice([(",", ":"), (" , ", " : ")])).encode()
    fields = {"Content-Type": "application/json", "X-Mark": mark}
    if rng.random() < 0.4:
        data = client.build("POST", f"/judged/{mark}", fields | {"Transfer-Encoding": "chunked"}, chunked(rng, body))
    else:
        data = client.build("POST", f"/judged/{mark}", fields, body)

    def check(answer):
        kept = json.loads(json.loads(answer.body)["body"])
        if set(kept) != {"count", "mark"} or kept["mark"] != mark:
            return f"the judged body went on as {kept}"
    return Valid(data, "POST", (200,), check, mark)


def call(method, target, statuses, mark, fields=None, form=None, check=lambda answer: None):
    body = None if form is None else form if isinstance(form, bytes) else json.dumps(form).encode()
    typed = {} if form is None else {"Content-Type": "application/json"}
    return Valid(client.build(method, target, {"X-Mark": mark} | typed | (fields or {}), body), method, statuses, check, mark)


def identity(rng, mark, people):
    person = rng.choice(people)

    def is_me(answer):
        if answer.data["email"] != person.email:
            return f"/me of {person.email} told of {answer.data['email']}"

    def is_mine(answer):
        if not any(one["current"] for one in answer.data):
            return f"the sessions of {person.email} hold no current one: {answer.data}"

    def is_new(answer):
        if answer.data["user"]["email"] != f"{mark}@example.com":
            return f"registered {mark}, answered {answer.data['user']}"

    register = {"email": f"{mark}@example.com", "password": PASSWORD, "firstName": "Ada", "lastName": "Lovelace"}
    return rng.choices([
        lambda: call("GET", "/api/auth/me", (200,), mark, bearer(person.access), check=is_me),
        lambda: call("GET", "/api/auth/sessions", (200,), mark, bearer(person.access), check=is_mine),
        lambda: call("DELETE", f"/api/auth/sessions/00000000-0000-4000-8000-{rng.randrange(1 << 48):012x}", (404,), mark, bearer(person.access)),
        lambda: call("POST", "/api/auth/login", (401,), mark, form={"email": f"{mark}@example.com", "password": OTHER_PASSWORD}),
        lambda: call("POST", "/api/auth/register", (400,), mark, form=register | {"email": mark}),
        lambda: call("POST", "/api/auth/register", (201,), mark, form=register, check=is_new),
        lambda: call("POST", "/api/auth/register", (409,), mark, form=register | {"email": person.email}),
        lambda: call("POST", "/api/auth/refresh", (401,), mark, form={"refreshToken": person.access}),
        lambda: call("POST", "/api/auth/login", (400,), mark, form=payload(rng, mark).replace(b"poison", b"tail") or b"{"),
        lambda: call("POST", "/api/auth/password", (401, 400, 403, 429), mark, bearer(person.access),
                     {"currentPassword": mark, "newPassword": OTHER_PASSWORD}),
    ], [30, 8, 4, 3, 8, 2, 4, 6, 8, 2])[0]()


def refused(rng, mark, people):
    person = rng.choice(people)
    header, claims, signature = person.access.split(".")
    return rng.choice([
        lambda: call("GET", f"/nowhere/{mark}", (404,), mark),
        lambda: call("GET", f"/private/{mark}", (401,), mark),
        lambda: call("POST", f"/private/{mark}", (401,), mark, form=payload(rng, mark) or b"x"),
        lambda: call("GET", f"/private/{mark}", (401,), mark, bearer(f"{header}.{claims}.{signature[::-1]}")),
        lambda: call("GET", f"/management/{mark}", (403,), mark, bearer(person.access)),
        lambda: call("DELETE", f"/catalog/{mark}", (405,), mark),
        lambda: call("GET", f"/open/%2e%2e/{mark}", (400,), mark),
        lambda: call("OPTIONS", f"/open/{mark}", (204,), mark),
        lambda: call("HEAD", f"/open/{mark}", (200,), mark),
        lambda: call("POST", f"/judged/{mark}", (415,), mark, {"Content-Type": "text/plain"}, payload(rng, mark) or b"x"),
        lambda: call("POST", f"/judged/{mark}", (400,), mark, form={"mark": [mark]}),
        lambda: call("GET", f"/open/{mark}", (403,), mark, {"Origin": "https://evil.example"}),
    ])()


def valid(rng, mark, people):
    make = rng.choices([proxied, judged, identity, refused], [50, 10, 25, 15])[0]
    return make(rng, mark, people)


# ---- hostile

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "get", "G\0T", ""]
TARGETS = ["/open/{m}", "/open/{m}?q=%20&a=b", "/private/{m}", "/catalog/{m}", "/judged/{m}", "/live/{m}", "/nowhere/{m}", "/open/../private/{m}",
           "//open/{m}", "/open/%2e%2e/{m}", "/open/%00{m}", "http://localhost/open/{m}", "localhost:443", "*", "/open/{m}#x",
           "/api/auth/login?{m}", "/api/auth/register?{m}", "/api/auth/me?{m}", "/api/auth/sessions/{m}", "/api/auth/refresh", "/health?{m}"]
FIELDS = ["Content-Length: 5", "Content-Length: 0", "Content-Length: -1", "Content-Length: 5, 5", "Content-Length: 99999999", "Transfer-Encoding: chunked",
          "Transfer-Encoding: xchunked", "Transfer-Encoding : chunked", " folded: x", "Connection: close", "Connection: keep-alive, X-User-Id", "Connection: Upgrade",
          "Expect: 100-continue", "Expect: x", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
          "X-User-Id: admin", "X_User_Id: admin", "Authorization: Bearer a.b.c", "Authorization: Bearer eyJhbGciOiJub25lIn0.e30.", "Host: evil",
          "Origin: https://evil.example", "Accept: application/problem+json", "Cookie: a=b", "X: \x01", "X: \xff", "Content-Type: application/json", "TE: trailers",
          "Range: bytes=0-", "Access-Control-Request-Method: GET", "traceparent: 00-" + "0" * 32 + "-00f067aa0ba902b7-01", "X-Forwarded-For: 1, 2, ::", "X: " + "a" * 40_000]
SNIPPETS = [b"\r\n", b"\n", b"\r", b"\0", b" ", b":", b"\xff", b"%2e", b"%", b"/../", b"a" * 5000, b"\r\n\r\n", b"0\r\n\r\n", b"\r\n0\r\n\r\n", b'"', b"{", b"\\u0000", b"\xed\xa0\x80", b";", b",", b"-1", b"1e999"]


def from_the_grammar(rng, mark):
    """Legal and illegal parts put together without a thought."""
    version = rng.choice(["1.1", "1.1", "1.1", "1.1", "1.0", "2.0", "1."])
    lines = [f"{rng.choice(METHODS)} {rng.choice(TARGETS).format(m=mark)} HTTP/{version}"]
    lines += ["Host: localhost"] * rng.choice([1, 1, 1, 1, 0, 2]) + [f"X-Mark: {mark}"]
    lines += rng.sample(FIELDS, rng.randrange(5))
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + payload(rng, mark).replace(b"poison", b"tail")


def mutated(rng, data):
    data = bytearray(data)
    for _ in range(rng.choice([0, 1, 1, 1, 2, 3, 8])):
        where = rng.randrange(len(data) + 1)
        kind = rng.randrange(8)
        if kind == 0 and where < len(data):
            data[where] = rng.randrange(256)
        elif kind == 1 and where < len(data):
            data[where] ^= 1 << rng.randrange(8)
        elif kind == 2:
            data[where:where + rng.randrange(1, 8)] = b""
        elif kind == 3:
            data[where:where] = rng.choice(SNIPPETS)
        elif kind == 4:
            lines = bytes(data).split(b"\r\n")
            at = rng.randrange(len(lines))
            change = rng.randrange(3)
            lines[at:at + 1] = [lines[at], lines[at]] if change == 0 else [] if change == 1 else [lines[at], rng.choice(FIELDS).encode("latin-1")]
            data = bytearray(b"\r\n".join(lines))
        elif kind == 5 and len(data) < 20_000:
            data += data[where:]
        elif kind == 6:
            del data[where:]
        elif kind == 7:
            digits = [at for at in range(len(data)) if 0x30 <= data[at] <= 0x39]
            if digits:
                data[rng.choice(digits)] = 0x30 + rng.randrange(10)
        data = data or bytearray(b"\n")
    return bytes(data)


def hostile(rng, mark, people):
    if rng.random() < 0.4:
        return mutated(rng, from_the_grammar(rng, mark))
    return mutated(rng, valid(rng, mark, people).data.replace(b"poison", b"tail"))
