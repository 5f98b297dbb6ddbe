"""Rows of latency: what others feel while some sign in or are slow."""

import itertools
import json
import time
import urllib.request

import tokens
from bench import ROUNDS, raise_open_files
from judging import judge_p99s, p99s_us
from subjects import Merlon, Sink, awake


def register(subject, count):
    """Login bodies of accounts made for the bench."""
    bodies = []
    for number in range(count):
        account = {"email": f"bench{number}@example.com", "password": "Horse$Battery9"}
        request = urllib.request.Request(
            f"http://127.0.0.1:{subject.port}/api/auth/register", method="POST",
            data=json.dumps({**account, "firstName": "Ada", "lastName": "Lovelace"}).encode(),
            headers={"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=30).close()
        bodies.append(json.dumps(account))
    return bodies


def wait_for_zero(subject, metric):
    """Until what the last round left behind has gone: it is not the next one's."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        metrics = urllib.request.urlopen(f"http://127.0.0.1:{subject.admin_port}/metrics", timeout=5).read().decode()
        if float(next(line for line in metrics.splitlines() if line.startswith(metric + " ")).split()[1]) == 0:
            return
        time.sleep(0.2)
    raise SystemExit(f"bench: {metric} of {subject.name} does not come back to 0")


def logins(bench):
    """p99 of GETs at half capacity while 64 clients sign in with bcrypt, in alternating rounds with nobody. A client
    that is refused asks again after the second that Retry-After says."""
    clients = 64
    quiet_p99s, busy_p99s, answers = [], [], {}
    with awake(), bench.subject(Merlon, "merlon-logins") as subject:
        bodies = bench.directory / "logins.json"
        bodies.write_text("\n".join(register(subject, clients)))
        warm = bench.load(subject, bench.hs256, warm_up=2 * tokens.COUNT, seconds=2)
        rate = warm["requests"] / warm["seconds"] / 2
        for _ in range(ROUNDS):
            quiet_p99s.append(p99s_us(bench.load(subject, bench.hs256, rate=rate, seconds=4)))
            signing_in = bench.start_load(subject, connections=clients, method="POST", path="/api/auth/login",
                                          bodies=bodies, seconds=6, sleep="yes", pause=1, upstream_port=0)
            time.sleep(1)
            busy_p99s.append(p99s_us(bench.load(subject, bench.hs256, rate=rate, seconds=4)))
            for status, count in json.loads(signing_in.communicate()[0])["statuses"].items():
                answers[status] = answers.get(status, 0) + count
            wait_for_zero(subject, "merlon_password_queue")
    figures = {"rate": rate, "quiet_p99s_us": quiet_p99s, "busy_p99s_us": busy_p99s, "login_answers": answers}
    return figures, judge_p99s(f"authenticated GETs while {clients} clients log in", busy_p99s, quiet_p99s)


def slow(bench):
    """p99 of GETs at a quarter of the capacity beside 10,000 clients that do things slowly: to Merlon, and in the other
    rounds to somebody else, since 20,000 open sockets weigh on the machine and on the client as such."""
    raise_open_files()
    count = 10_000
    figures, judged = {}, []
    for name, is_tls, what in (("merlon-slow", False, "headers, bodies and reads"),
                               ("merlon-slow-tls", True, "TLS handshakes")):
        p99s = {"beside": [], "to": []}
        with awake(), bench.subject(Merlon, name, is_tls=is_tls) as subject:
            warm = bench.load(subject, bench.hs256, warm_up=2 * tokens.COUNT, seconds=2)
            rate = warm["requests"] / warm["seconds"] / 4
            for _, whom in itertools.product(range(ROUNDS), p99s):
                with Sink() as sink:
                    port = subject.port if whom == "to" else sink.port
                    p99s[whom].append(p99s_us(bench.load(subject, bench.hs256, rate=rate, seconds=3, slow=count,
                                                         slow_port=port, warm_up=2 * int(rate))))
                wait_for_zero(subject, "merlon_connections")
        figures[name] = {"rate": rate, "p99s_us": p99s, "connections": count}
        judged += judge_p99s(f"others with {count:,} slow {what}", p99s["to"], p99s["beside"])
    return figures, judged
