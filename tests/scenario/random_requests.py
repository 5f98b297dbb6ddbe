"""A campaign of random requests: valid ones whose answers are known, then mutated ones, over many connections at once.

Broken is: a dead server or a sanitizer's report, a 500, an answer that is no HTTP or not the one that was due, a byte of one
request inside the answer or the upstream's view of another (every request is marked: random_generator.py), a connection that
does not end after the client closed its half.

Each connection is made from (seed, its number) alone, so `make random SEED=… COUNT=…` sends the same bytes again.
"""

import errno
import json
import multiprocessing
import random
import socket
import struct
import threading
import time
import zlib
from collections import Counter

import client
import random_generator
from harness import PASSWORD
from random_generator import Someone, hostile, mark, marks, valid

PROCESSES = 2
THREADS = 6  # connections at once, in each process
PATIENCE_S = 40  # over every timer of the server: what takes longer hangs
PROBLEMS_MAX = 20


class Worker(threading.Thread):
    """One connection after another. Numbers of connections are unique in the campaign: worker, then count."""

    def __init__(self, port, seed, number, count):
        super().__init__(daemon=True)
        self.port, self.seed, self.number, self.count = port, seed, number, count
        self.opened = self.sent = 0
        self.statuses, self.endings, self.problems = Counter(), Counter(), []
        self.longest_end_s = 0.0
        self.people = []

    def run(self):
        try:
            while self.sent < self.count and len(self.problems) < PROBLEMS_MAX:
                if self.opened % 200 == 0:
                    self.renew_people()
                self.one_connection()
        except Exception as fault:  # reported like anything else: a thread that dies must not look like success
            self.problems.append(f"worker {self.number}: {type(fault).__name__}: {fault}")

    def one_connection(self):
        connection = self.number << 24 | self.opened
        self.opened += 1
        rng = random.Random(f"{self.seed}/{connection}")
        plain = [valid(rng, mark("p", connection, number), self.people) for number in range(rng.randrange(0, 6))]
        tail = [hostile(rng, mark("h", connection, 100 + number), self.people) for number in range(rng.randrange(0, 4))]
        tail = tail or ([] if plain else [b"GET"])
        self.sent += len(plain) + len(tail)
        data = b"".join(one.data for one in plain) + b"".join(tail)
        try:
            with self.connect() as link:
                self.talk(rng, link, connection, plain, tail, data)
        except client.Malformed as fault:
            self.report(connection, f"{fault}", data)
        except (client.Closed, TimeoutError, OSError) as fault:
            self.report(connection, f"{type(fault).__name__}: {fault}", data)

    def connect(self):
        for _ in range(60):
            try:
                return client.Connection(self.port, timeout=PATIENCE_S)
            except OSError as fault:
                if fault.errno != errno.EADDRNOTAVAIL:
                    raise
                time.sleep(1)  # this machine is out of ports until connections that ended are forgotten
        raise TimeoutError("no free port in a minute")

    def talk(self, rng, link, connection, plain, tail, data):
        ending = rng.choice(["half-closed", "half-closed", "half-closed", "closed", "reset"]) if tail else "closed"
        self.endings[ending] += 1
        send_in_pieces(rng, link, data)
        if ending == "half-closed":
            link.socket.shutdown(socket.SHUT_WR) if not link.ended else None
        for one in plain:
            self.check(link, connection, one, data)
        if ending == "reset":
            link.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if ending != "half-closed":
            return
        began = time.monotonic()
        rest = link.rest()
        self.longest_end_s = max(self.longest_end_s, time.monotonic() - began)
        if not link.ended:
            self.report(connection, "more than a MiB of answers to a few requests", data)
        if b"HTTP/1.1 500 " in rest:
            self.report(connection, f"500: {rest[:500]!r}", data)
        strangers = {one for one in marks(rest) if one[0] != "h" or one[1] != connection}
        if strangers:
            self.report(connection, f"bytes of other requests {strangers} in {rest[:2000]!r}", data)

    def check(self, link, connection, one, data):
        answer = link.response(one.method)
        self.statuses[answer.status] += 1
        if answer.status not in one.statuses:
            self.report(connection, f"{answer.status} instead of {one.statuses} for {one.data[:300]!r}: {answer}", data)
        elif answer.status == one.statuses[0] and (wrong := one.check(answer)):
            self.report(connection, wrong, data)
        text = answer.body + repr(answer.headers).encode()
        if marks(text) - marks(one.mark.encode()):
            self.report(connection, f"bytes of other requests in the answer of {one.mark}: {answer}", data)

    def report(self, connection, what, data):
        self.problems.append(f"connection {connection:#010x}: {what}\n    after {len(data)} bytes {data[:3000]!r}")

    def renew_people(self):
        """New accounts; the old ones refresh, log out, and are refused from then on."""
        for old in self.people:
            with self.connect() as link:
                link.send(b"".join(random_generator.call(method, target, (), "", fields, form).data for method, target, fields, form in (
                    ("POST", "/api/auth/refresh", {}, {"refreshToken": old.refresh}),
                    ("POST", "/api/auth/logout", random_generator.bearer(old.access), {}),
                    ("GET", "/api/auth/me", random_generator.bearer(old.access), None),
                    ("POST", "/api/auth/refresh", {}, {"refreshToken": old.refresh}))))
                answers = [link.response() for _ in range(4)]
                if [answer.status for answer in answers] != [200, 204, 401, 401]:
                    self.problems.append(f"refresh, logout, me, refresh of {old.email}: {answers}")
        self.people = []
        for number in range(3):
            name = f"worker{self.number}.{self.opened}.{number}"
            email = f"{name}.{zlib.crc32(name.encode()):08x}@example.com"  # which no mutation of another's hits
            with self.connect() as link:
                link.send(random_generator.call("POST", "/api/auth/register", (), "", {}, {
                    "email": email, "password": PASSWORD, "firstName": "Ada", "lastName": "Lovelace"}).data)
                data = link.response().data
            self.people.append(Someone(email, data["user"]["id"], data["accessToken"], data["refreshToken"]))


def send_in_pieces(rng, link, data):
    cuts = sorted(rng.randrange(len(data) + 1) for _ in range(rng.choice([0, 0, 0, 1, 2, 6])))
    for begin, end in zip([0, *cuts], [*cuts, len(data)]):
        if begin < end and not link.try_send(data[begin:end]):
            return  # hung up: what it said is still to be read
        if cuts and rng.random() < 0.2:
            time.sleep(0.001)


def work(port, seed, first, count, results):
    """One process: its threads, then what they found."""
    workers = [Worker(port, seed, first + number, count // THREADS + 1) for number in range(THREADS)]
    for worker in workers:
        worker.start()
    while any(worker.is_alive() for worker in workers):
        time.sleep(0.2)
        results.put(("sent", first, sum(worker.sent for worker in workers)))
    for worker in workers:
        results.put(("end", first, (worker.sent, worker.opened, worker.statuses, worker.endings, worker.longest_end_s, worker.problems)))
    results.put(("done", first, None))


def judge_upstream(violations):
    """What every request at the upstream must fulfil: the marks in it are one plain request's, or hostile ones of one connection."""
    def judge(received):
        seen = marks("\n".join([received.target, *(value for _, value in received.headers)]).encode("latin-1", "replace") + b"\n" + bytes(received.body))
        if "poison" in received.target:
            violations.append(f"a body was read as a request: {received.target}")
        if len({connection for _, connection, _ in seen}) > 1 or (len(seen) > 1 and any(kind == "p" for kind, _, _ in seen)):
            violations.append(f"one request holds parts of several: {sorted(seen)} in {received.method} {received.target} {received.headers} {received.body[:300]!r}")
    return judge


def run(server, upstream, count, seed):
    """Sends `count` requests; fails with what was found, else returns the figures."""
    print(f"random requests: make random SEED={seed} COUNT={count}", flush=True)
    violations = []
    upstream.watch = judge_upstream(violations)
    spawn = multiprocessing.get_context("spawn")
    results = spawn.Queue()
    processes = [spawn.Process(target=work, args=(server.port, seed, number * THREADS, count // PROCESSES, results), daemon=True)
                 for number in range(PROCESSES)]
    began, said, rss_first = time.monotonic(), time.monotonic(), 0
    for process in processes:
        process.start()
    sent, ends, running = Counter(), [], len(processes)
    while running:
        kind, first, value = results.get(timeout=PATIENCE_S * 5)
        if kind == "sent":
            sent[first] = value
        elif kind == "end":
            ends.append(value)
        else:
            running -= 1
        assert server.is_running(), f"seed {seed}: the server died:\n{server.stderr_text()[-4000:]}"
        if not rss_first and sum(sent.values()) > count / 10:
            rss_first = server.rss_bytes()
        if time.monotonic() > said + 20:
            said = time.monotonic()
            print(f"  {sum(sent.values())} requests after {said - began:.0f} s, server {server.rss_bytes() >> 20} MiB", flush=True)
    for process in processes:
        process.join()
    figures = {"seed": seed, "requests": sum(end[0] for end in ends), "connections": sum(end[1] for end in ends),
               "seconds": round(time.monotonic() - began, 1), "answers checked": dict(sorted(sum((end[2] for end in ends), Counter()).items())),
               "endings": dict(sum((end[3] for end in ends), Counter())), "longest end s": round(max(end[4] for end in ends), 2),
               "upstream requests": upstream.watched, "server MiB at a tenth, at the end": (rss_first >> 20, server.rss_bytes() >> 20)}
    print("  " + json.dumps(figures), flush=True)
    problems = [problem for end in ends for problem in end[5]] + violations + upstream.violations
    print("\n".join(problem[:2000] for problem in problems[:20]), flush=True)
    assert not problems, f"seed {seed}: {len(problems)} problems, the first:\n" + "\n".join(problems[:5])
    failed = [name for name in server.metrics() if 'status="500"' in name]
    assert not failed, f"seed {seed}: {failed}"
    assert server.get("/open/alive").status == 200
    return figures
