"""The rows of the bench. Each takes the Bench and gives its figures and what they are judged by."""

import contextlib
import itertools
import json
import resource
import shutil
import socket
import statistics
import subprocess
import time
import urllib.request

import tokens
from subjects import (BUILD, CLIENT_CORE, SUBJECT_CORE, Express, Floor, HAProxy, HERE, Merlon, Nginx, Sink, awake,
                      free_port, pinned)

ROUNDS = 5
CPU_ROUNDS = 25     # short ones: a neighbour's burst of work hits all subjects alike
TICKS_A_ROUND = 20  # 500 over all rounds
TICK_US = 10_000     # proc(5), sysconf(_SC_CLK_TCK) = 100


def judge(what, value, most, unit="×"):
    shown = f"{value:.3f} {unit}" if value < 10 else f"{value:.1f} {unit}"
    return {"what": what, "value": shown, "must": f"≤ {most} {unit}", "met": value <= most}


def p99s_us(result):
    """Of the whole round, and of its half seconds the median (latencies.h): the first is the machine's stalls, too."""
    return result["p99_us"], result["steady_p99_us"]


def judge_p99s(what, rounds, control):
    """Two rows: the median of the rounds' p99s, of that of the control's rounds, in both ways of saying p99."""
    return [judge(f"p99 of {what}{which}", statistics.median(round[i] for round in rounds) /
                  statistics.median(round[i] for round in control), 2)
            for i, which in enumerate((", of without", ", of without, median of half seconds"))]


class Bench:
    """The tokens, the certificate and the upstream's port that every row uses."""

    def __init__(self, directory):
        self.directory = directory
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        self.hs256, self.es256, self.jwks = (directory / name for name in ("hs256", "es256", "jwks.json"))
        tokens.mint_hs256(self.hs256)
        tokens.mint_es256(self.es256, self.jwks)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", "tls.key", "-out", "tls.crt", "-subj", "/CN=localhost", "-days", "30"],
                       cwd=directory, check=True, capture_output=True)
        self.upstream_port = free_port()

    def subject(self, kind, name, **options):
        directory = self.directory / name
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()
        for file in ("tls.crt", "tls.key"):
            shutil.copy(self.directory / file, directory)
        return kind(name, directory, self.upstream_port, **options)

    def start_load(self, subject, token_file=None, **options):
        arguments = {"port": subject.port, "tls": "yes" if subject.is_tls else "no",
                     "upstream_port": self.upstream_port, **options}
        if token_file is not None:
            arguments["tokens"] = token_file
        flags = [part for name, value in arguments.items() for part in (f"--{name.replace('_', '-')}", value)]
        return pinned(CLIENT_CORE, BUILD / "bench_load", *flags, stdout=subprocess.PIPE, text=True)

    def load(self, subject, token_file=None, **options):
        """What the client says of one run; every answer has to be a 200."""
        process = self.start_load(subject, token_file, **options)
        out = process.communicate()[0]
        if process.returncode != 0:
            raise SystemExit(f"bench: the client of {subject.name} failed")
        result = json.loads(out)
        if set(result["statuses"]) != {"200"}:
            raise SystemExit(f"bench: {subject.name} answered {result['statuses']}")
        return result

    def compare(self, subjects):
        """CPU time a request of (subject, tokens) pairs in alternating rounds, then p99 at half their capacity."""
        totals = {subject.name: {"requests": 0, "ticks": 0, "seconds": 0.0, "p99s": []} for subject, _ in subjects}
        with contextlib.ExitStack() as running:
            for subject, _ in subjects:
                running.enter_context(subject)
            for subject, token_file in subjects:
                self.load(subject, token_file, warm_up=1_000 if subject.name == "express" else 2 * tokens.COUNT,
                          seconds=0.5)
            for _ in range(CPU_ROUNDS):
                for subject, token_file in subjects:
                    total = totals[subject.name]
                    result = self.load(subject, token_file, warm_up=500, ticks=TICKS_A_ROUND, seconds=0.1,
                                       pids=",".join(subject.pids()))
                    total["requests"] += result["requests"]
                    total["ticks"] += result["cpu_ticks"]
                    total["seconds"] += result["seconds"]
            for _, (subject, token_file) in itertools.product(range(ROUNDS), subjects):
                with awake():
                    total = totals[subject.name]
                    rate = total["requests"] / total["seconds"] / 2
                    result = self.load(subject, token_file, rate=rate, seconds=2, warm_up=int(rate / 2))
                    total["p99s"].append((result["p99_us"], result["p50_us"]))
        return {name: {"cpu_us": total["ticks"] * TICK_US / total["requests"], "ticks": total["ticks"],
                       "per_second": total["requests"] / total["seconds"],
                       "p99_us": statistics.median(p99 for p99, _ in total["p99s"]),
                       "p50_us": statistics.median(p50 for _, p50 in total["p99s"])}
                for name, total in totals.items()}


def proxy(bench):
    if not (HERE / "rivals/express/node_modules").is_dir():
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"],
                       cwd=HERE / "rivals/express", check=True)
    kinds = {"floor": Floor, "merlon": Merlon, "haproxy": HAProxy, "nginx": Nginx, "express": Express}
    figures = bench.compare([(bench.subject(kind, name), bench.hs256) for name, kind in kinds.items()])
    ours = figures["merlon"]["cpu_us"]
    return figures, [
        judge("proxied GET with HS256, CPU of HAProxy's", ours / figures["haproxy"]["cpu_us"], 0.60),
        judge("proxied GET with HS256, CPU of the floor's", ours / figures["floor"]["cpu_us"], 1.35),
        judge("proxied GET with HS256, CPU of Express's", ours / figures["express"]["cpu_us"], 0.04),
    ]


def es256(bench):
    figures = bench.compare([
        (bench.subject(Merlon, "merlon-hs256"), bench.hs256),
        (bench.subject(Merlon, "merlon-es256", trusted_jwks=bench.jwks), bench.es256)])
    ratio = figures["merlon-es256"]["cpu_us"] / figures["merlon-hs256"]["cpu_us"]
    return figures, [judge("the same with ES256 tokens, warm, CPU of HS256's", ratio, 1.10)]


def access_log(bench):
    figures = bench.compare([(bench.subject(Merlon, f"merlon-log-{which}", access_log=which), bench.hs256)
                             for which in ("off", "errors", "all")])
    ratio = figures["merlon-log-all"]["cpu_us"] / figures["merlon-log-off"]["cpu_us"]
    return figures, [judge("the same with every request in the access log, CPU of without", ratio, 1.10)]


def tls(bench):
    figures = bench.compare([(bench.subject(kind, name, is_tls=True), bench.hs256)
                             for name, kind in {"merlon-tls": Merlon, "haproxy-tls": HAProxy}.items()])
    ratio = figures["merlon-tls"]["cpu_us"] / figures["haproxy-tls"]["cpu_us"]
    return figures, [judge("the same over TLS 1.3, CPU of HAProxy's", ratio, 0.70)]


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


def raise_open_files():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def open_connections(port, count):
    made = []
    for _ in range(count):
        made.append(socket.create_connection(("127.0.0.1", port), 10))
    return made


def memory(bench):
    raise_open_files()
    with bench.subject(Merlon, "merlon-memory") as subject:
        time.sleep(1)
        idle = subject.resident_bytes() / 2**20
        connections = open_connections(subject.port, 10_000)
        for connection in connections:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        for connection in connections:
            if not connection.recv(4096).startswith(b"HTTP/1.1 200"):
                raise SystemExit("bench: an idle connection was not answered")
        kept = subject.resident_bytes() / 2**20
        for connection in connections:
            connection.close()
    return {"idle_mib": idle, "with_10000_connections_mib": kept}, [
        judge("idle memory", idle, 40, "MiB"),
        judge("with 10,000 idle keep-alive connections", kept, 140, "MiB")]


def start(bench):
    seconds = []
    for _ in range(ROUNDS):
        subject = bench.subject(Merlon, "merlon-start")
        command = subject.command()
        began = time.monotonic()
        subject.process = pinned(SUBJECT_CORE, *command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                 cwd=subject.directory)
        subject.wait_until_ready()
        seconds.append(time.monotonic() - began)
        subject.__exit__()
    return {"seconds": seconds}, [
        judge("start to ready, empty store, first admin made", statistics.median(seconds), 0.5, "s")]


def limiter(bench):
    out = subprocess.run(["taskset", "-c", SUBJECT_CORE, BUILD / "limiter_bench", "--benchmark_format=json"],
                         check=True, capture_output=True, text=True).stdout
    result = json.loads(out)["benchmarks"][0]
    mib, hit_ns = result["bytes"] / 2**20, result["cpu_time"]
    return {"mib": mib, "hit_ns": hit_ns}, [judge("limiter with 1,000,000 clients", mib, 64, "MiB"),
                                            judge("limiter with 1,000,000 clients, a hit", hit_ns, 150, "ns")]


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


ROWS = {"proxy": proxy, "es256": es256, "access_log": access_log, "tls": tls, "logins": logins, "memory": memory, "start": start,
        "limiter": limiter, "slow": slow}
