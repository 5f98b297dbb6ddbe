"""The rows of the bench. Each takes the Bench and gives its figures and what they are judged by."""

import contextlib
import json
import pathlib
import resource
import shutil
import socket
import statistics
import subprocess
import time
import urllib.request

import tokens
from subjects import (BUILD, CLIENT_CORE, SUBJECT_CORE, Express, Floor, HAProxy, HERE, Merlon, Nginx, free_port,
                      pinned, wait_for_port)

ROUNDS = 5
TICKS_A_ROUND = 100  # 500 over all rounds
TICK_US = 10_000     # proc(5), sysconf(_SC_CLK_TCK) = 100


def judge(what, value, most, unit="×"):
    shown = f"{value:.3f} {unit}" if value < 10 else f"{value:.1f} {unit}"
    return {"what": what, "value": shown, "must": f"≤ {most} {unit}", "met": value <= most}


class Bench:
    """The upstream, the tokens and the certificate that every row uses."""

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

    def __enter__(self):
        self.upstream = pinned(CLIENT_CORE, BUILD / "bench_upstream", self.upstream_port)
        wait_for_port(self.upstream_port, self.upstream)
        return self

    def __exit__(self, *_):
        self.upstream.terminate()
        self.upstream.wait()

    def subject(self, kind, name, **options):
        directory = self.directory / name
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()
        for file in ("tls.crt", "tls.key"):
            shutil.copy(self.directory / file, directory)
        return kind(name, directory, self.upstream_port, **options)

    def start_load(self, subject, token_file=None, **options):
        arguments = {"port": subject.port, "tls": "yes" if subject.is_tls else "no", **options}
        if token_file is not None:
            arguments["tokens"] = token_file
        flags = [part for name, value in arguments.items() for part in (f"--{name.replace('_', '-')}", value)]
        return pinned(CLIENT_CORE, BUILD / "bench_load", *flags, stdout=subprocess.PIPE, text=True)

    def load(self, subject, token_file=None, status="200", **options):
        """What the client says of one run; every answer has to be `status`."""
        process = self.start_load(subject, token_file, **options)
        out = process.communicate()[0]
        if process.returncode != 0:
            raise SystemExit(f"bench: the client of {subject.name} failed")
        result = json.loads(out)
        if set(result["statuses"]) != {status}:
            raise SystemExit(f"bench: {subject.name} answered {result['statuses']}")
        return result

    def compare(self, subjects):
        """CPU time a request of (subject, tokens) pairs in alternating rounds, then p99 at half their capacity."""
        totals = {subject.name: {"requests": 0, "ticks": 0, "seconds": 0.0, "p99s": []} for subject, _ in subjects}
        with contextlib.ExitStack() as running:
            for subject, _ in subjects:
                running.enter_context(subject)
            for _ in range(ROUNDS):
                for subject, token_file in subjects:
                    total = totals[subject.name]
                    warm_up = 1_000 if subject.name == "express" else 2 * tokens.COUNT
                    result = self.load(subject, token_file, warm_up=warm_up, ticks=TICKS_A_ROUND, seconds=0.5,
                                       pids=",".join(subject.pids()))
                    total["requests"] += result["requests"]
                    total["ticks"] += result["cpu_ticks"]
                    total["seconds"] += result["seconds"]
            for _ in range(ROUNDS):
                for subject, token_file in subjects:
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


def tls(bench):
    figures = bench.compare([(bench.subject(kind, name, is_tls=True), bench.hs256)
                             for name, kind in {"merlon-tls": Merlon, "haproxy-tls": HAProxy}.items()])
    ratio = figures["merlon-tls"]["cpu_us"] / figures["haproxy-tls"]["cpu_us"]
    return figures, [judge("the same over TLS 1.3, CPU of HAProxy's", ratio, 0.70)]


ROWS = {"proxy": proxy, "es256": es256, "tls": tls}
