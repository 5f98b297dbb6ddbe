"""Random and mutated requests from a seed, over many connections: the count and the seed come from the environment.

Each request carries a mark of its own. Broken: a dead server, a 500, an answer that is no HTTP, an echo
whose mark is not the one that was asked for, an upstream that saw bytes which are no whole request.

    MERLON_RANDOM_COUNT=1000000 MERLON_RANDOM_SEED=7 python3 -m pytest tests/scenario/test_random_requests.py
"""

import json
import random
import threading
import time

import client

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "get", "G\0T", ""]
TARGETS = ["/open/{m}", "/open/{m}?q=%20&a=b", "/private/{m}", "/catalog/{m}", "/nowhere/{m}", "/open/../private/{m}", "//open/{m}", "/open/%2e%2e/{m}", "/open/%00{m}",
           "http://localhost/open/{m}", "/api/auth/login?{m}", "/api/auth/register?{m}", "/api/auth/me?{m}", "/health?{m}", "*", "/open/{m}#x"]
FIELDS = ["Content-Length: 5", "Content-Length: -1", "Content-Length: 5, 5", "Transfer-Encoding: chunked", "Transfer-Encoding: xchunked", "Transfer-Encoding : chunked", " folded: x",
          "Connection: close", "Connection: keep-alive, X-User-Id", "Expect: 100-continue", "Upgrade: websocket", "X-User-Id: admin", "X_User_Id: admin", "Authorization: Bearer a.b.c",
          "Authorization: Bearer eyJhbGciOiJub25lIn0.e30.", "Host: evil", "Origin: https://evil.example", "Accept: application/problem+json", "Cookie: a=b", "X: \x01", "Content-Type: application/json", "TE: trailers", "Range: bytes=0-"]
BODIES = [b"", b"hello", b"{}", b'{"email":"a@example.com","password":"x"}', b'{"a":1e999}', b"5\r\nhello\r\n0\r\n\r\n", b"ffffffffffffffff\r\n", b"0\r\n\r\n", b"[" * 300, bytes(range(256)), b"GET /open/inner HTTP/1.1\r\nHost: localhost\r\n\r\n"]


def well_formed(rng, mark):
    """A request with one meaning and its expected echo: (bytes, method, body)."""
    method = rng.choice(["GET", "POST", "PUT", "PATCH", "DELETE"])
    body = rng.choice(BODIES) if method in ("POST", "PUT", "PATCH") else None
    if body and rng.random() < 0.5:
        cut = rng.randrange(len(body) + 1)
        framed = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:cut], body[cut:]) if part) + b"0\r\n\r\n"
        return client.build(method, f"/open/{mark}", {"Transfer-Encoding": "chunked", "X-Mark": mark}, framed), method, body
    return client.build(method, f"/open/{mark}", {"X-Mark": mark}, body), method, body or b""


def hostile(rng, mark):
    """Bytes from the grammar's edges, then perhaps mutated."""
    lines = [f"{rng.choice(METHODS)} {rng.choice(TARGETS).format(m=mark)} HTTP/{rng.choice(['1.1', '1.1', '1.1', '1.0', '2.0', '1.'])}"]
    lines += ["Host: localhost"] * rng.choice([1, 1, 1, 1, 0, 2]) + [f"X-Mark: {mark}"]
    lines += rng.sample(FIELDS, rng.randrange(4))
    data = bytearray("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + rng.choice(BODIES))
    for _ in range(rng.choice([0, 0, 1, 2, 8])):
        where = rng.randrange(len(data) + 1)
        kind = rng.randrange(4)
        if kind == 0 and where < len(data):
            data[where] = rng.randrange(256)
        elif kind == 1:
            data[where:where + rng.randrange(1, 8)] = b""
        elif kind == 2:
            data[where:where] = rng.choice([b"\r\n", b"\n", b"\r", b"\0", b" ", b":", b"\xff", b"%2e", b"a" * 5000])
        elif data:
            data += data[where:]
        if not data:
            data = bytearray(b"\n")
    return bytes(data)


class Worker(threading.Thread):
    """Opens connection after connection; well-formed requests first, their answers checked, then one hostile one."""

    def __init__(self, server, seed, number, count):
        super().__init__(daemon=True)
        self.server, self.count = server, count
        self.rng = random.Random(f"{seed}/{number}")
        self.name = f"r{seed}w{number}"
        self.problems, self.statuses, self.sent = [], {}, 0

    def run(self):
        while self.sent < self.count and len(self.problems) < 5:
            log, phase = b"", "sending"
            try:
                with self.server.connect(timeout=20) as connection:
                    pipeline = [self._well_formed() for _ in range(self.rng.randrange(1, 6))]
                    log = b"".join(data for data, *_ in pipeline)
                    evil = hostile(self.rng, self._mark())
                    connection.try_send(log + evil)
                    log += evil
                    phase = "waiting for the answers of well-formed requests"
                    for _, mark, method, body in pipeline:
                        self._check(connection.response(method), mark, method, body)
                    phase = "waiting for the end of a connection that we closed inside or after the hostile request"
                    connection.half_close()
                    connection.socket.settimeout(60)  # over every timer of the server
                    rest = connection.rest()
                    for line in rest.split(b"\r\n"):
                        if line.startswith(b"HTTP/1.1 5") and line[9:12] in (b"500",):
                            self.problems.append(f"500: {rest[:300]!r}")
            except client.Malformed as fault:
                self.problems.append(f"{fault}\nafter {log!r}")
            except (client.Closed, TimeoutError, OSError) as fault:
                self.problems.append(f"{type(fault).__name__} while {phase}: {fault}\nafter {log!r}")

    def _mark(self):
        self.sent += 1
        return f"{self.name}n{self.sent}z"

    def _well_formed(self):
        mark = self._mark()
        data, method, body = well_formed(self.rng, mark)
        return data, mark, method, body

    def _check(self, answer, mark, method, body):
        self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
        if answer.status != 200:
            self.problems.append(f"{answer.status} for a well-formed request {mark}: {answer}")
            return
        echo = json.loads(answer.body)
        got = (echo["method"], echo["target"], echo["body"].encode("latin-1"))
        if got != (method, f"/open/{mark}", body):
            self.problems.append(f"asked {method} {mark} {body[:80]!r}, was answered for {got}")


def run(server, upstream, count, seed, connections=8):
    """Sends `count` requests; raises with what was found."""
    print(f"random requests: seed {seed}, count {count}")
    before = server.process.pid
    workers = [Worker(server, seed, number, count // connections) for number in range(connections)]
    for worker in workers:
        worker.start()
    while any(worker.is_alive() for worker in workers):
        time.sleep(0.2)
        if upstream.count > 5000:
            upstream.clear_received()
        assert server.is_running(), f"seed {seed}: the server died:\n{server.stderr_text()[-4000:]}"
    problems = [problem for worker in workers for problem in worker.problems]
    assert not problems, f"seed {seed}: {len(problems)} problems, first:\n" + "\n".join(problems[:3])
    assert not upstream.violations, f"seed {seed}: the upstream saw {upstream.violations[:3]}"
    assert server.process.pid == before and server.get("/open/alive").status == 200
    return sum(worker.sent for worker in workers)
