"""What every row works with: tokens, a certificate, the client, and comparing by CPU time in alternating rounds."""

import contextlib
import dataclasses
import json
import resource
import shutil
import statistics
import subprocess

import tokens
from subjects import BUILD, CLIENT_CORE, Subject, awake, free_port, pinned

ROUNDS = 5
CPU_ROUNDS = 25     # short ones: a neighbour's burst of work hits all alike
TICKS_A_ROUND = 20  # 500 over all rounds
TICK_US = 10_000     # proc(5), sysconf(_SC_CLK_TCK) = 100


def raise_open_files():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@dataclasses.dataclass
class Asked:
    """What one row of a comparison asks, and of whom. `options` are the client's."""
    name: str
    subject: Subject
    token_file: object = None
    options: dict = dataclasses.field(default_factory=dict)
    status: str = "200"  # of every answer


class Bench:
    """The tokens, the certificate and the upstream's port that every row uses."""

    def __init__(self, directory):
        self.directory = directory
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        self.hs256, self.es256, self.jwks, self.admins = (
            directory / name for name in ("hs256", "es256", "jwks.json", "admins"))
        tokens.mint_hs256(self.hs256)
        tokens.mint_hs256(self.admins, role="admin", permissions=[*tokens.PERMISSIONS, "read:users"])
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

    def load(self, subject, token_file=None, status="200", **options):
        """What the client says of one run; every answer has to have the status."""
        process = self.start_load(subject, token_file, **options)
        out = process.communicate()[0]
        if process.returncode != 0:
            raise SystemExit(f"bench: the client of {subject.name} failed")
        result = json.loads(out)
        if set(result["statuses"]) != {status}:
            raise SystemExit(f"bench: {subject.name} answered {result['statuses']}")
        return result

    def ask(self, asked, **options):
        return self.load(asked.subject, asked.token_file, asked.status, **asked.options, **options)

    def compare(self, subjects):
        """Of (subject, tokens) pairs, which this starts: measure_cpu(), then measure_latency()."""
        with contextlib.ExitStack() as running:
            for subject, _ in subjects:
                running.enter_context(subject)
            asked = [Asked(subject.name, subject, token_file) for subject, token_file in subjects]
            return self.measure_latency(asked, self.measure_cpu(asked))

    def measure_cpu(self, asked, warm_up=500):
        """CPU time a request, of whole processes, in alternating rounds; all serve already. `warm_up` requests of
        each round are not measured."""
        totals = {one.name: {"requests": 0, "ticks": 0, "seconds": 0.0} for one in asked}
        for one in asked:
            self.ask(one, warm_up=one.subject.warm_up_requests, seconds=0.5)
        for _ in range(CPU_ROUNDS):
            for one in asked:
                total = totals[one.name]
                result = self.ask(one, warm_up=warm_up, ticks=TICKS_A_ROUND, seconds=0.1,
                                  pids=",".join(one.subject.pids()))
                total["requests"] += result["requests"]
                total["ticks"] += result["cpu_ticks"]
                total["seconds"] += result["seconds"]
        return {name: {"cpu_us": total["ticks"] * TICK_US / total["requests"], "ticks": total["ticks"],
                       "per_second": total["requests"] / total["seconds"]} for name, total in totals.items()}

    def measure_latency(self, asked, figures):
        """The figures with p50 and p99 at half the capacity that they tell."""
        latencies = {one.name: [] for one in asked}
        for _ in range(ROUNDS):
            for one in asked:
                with awake():
                    rate = figures[one.name]["per_second"] / 2
                    latencies[one.name].append(self.ask(one, rate=rate, seconds=2, warm_up=int(rate / 2)))
        return {name: {**figures[name], **{key: statistics.median(result[key] for result in results)
                                           for key in ("p50_us", "p99_us")}}
                for name, results in latencies.items()}
