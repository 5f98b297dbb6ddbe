"""Refreshes and session reads on PostgreSQL, beside the seed's own stack on the same server."""

import contextlib
import os
import pathlib
import subprocess
import tempfile

import tokens
from judging import judge_least
from session_client import Crowd, Person
from subjects import CLIENT_CORE, HERE, Merlon, Redis, Subject, free_port, install_express, pinned, wait_for_port

ROUNDS = 8
TIMES = 12  # a round and person
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


class Postgres:
    """On the client's core, as PostgreSQL is on another machine than who asks it."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="merlon-bench-")
        pathlib.Path(self.folder.name).chmod(0o755)
        self.port = free_port()
        self.process = pinned(CLIENT_CORE, HERE.parent / "tests/postgres/serve", pathlib.Path(self.folder.name) / "server",
                              "listen_addresses=127.0.0.1", f"port={self.port}")
        wait_for_port(self.port, self.process)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)
        self.folder.cleanup()

    def make_database(self, name):
        for _ in range(100):
            done = subprocess.run(["psql", "-X", "-q", "-h", "127.0.0.1", "-p", str(self.port), "-U", "merlon", "-d", "postgres",
                                   "-c", f"CREATE DATABASE {name}"], capture_output=True)
            if done.returncode == 0:
                return f"postgres://merlon@127.0.0.1:{self.port}/{name}"
        raise SystemExit("bench: " + done.stderr.decode())


class ExpressSessions(Subject):
    def __init__(self, *arguments, database, redis, **options):
        super().__init__(*arguments, **options)
        self.database, self.redis = database, redis

    def command(self):
        return ["node", HERE / "rivals/express/sessions.js", self.port, self.database, self.redis, tokens.SECRET]

    def environment(self):
        return {"NODE_ENV": "production"}


def cpu_seconds(subject):
    total = 0
    for pid in subject.pids():
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total * TICK_S


def sessions(bench):
    install_express()
    acts = {"refresh": Person.refresh, "read": Person.read_sessions}
    with contextlib.ExitStack() as running:
        postgres = running.enter_context(Postgres())
        redis = running.enter_context(Redis(bench.directory / "redis"))
        subjects = {
            "merlon": bench.subject(Merlon, "merlon-sessions", store=postgres.make_database("store"), keys=postgres.make_database("keys"), bcrypt_cost=4),
            "express": bench.subject(ExpressSessions, "express-sessions", database=postgres.make_database("seed"), redis=redis.port)}
        crowds = {}
        for name, subject in subjects.items():
            running.enter_context(subject)
            crowds[name] = Crowd(subject.port)
            running.callback(crowds[name].close)
            for act in acts.values():
                crowds[name].do(act, TIMES)  # warm
        done = {(name, act): [0, 0.0] for name in subjects for act in acts}
        for _ in range(ROUNDS):
            for name, subject in subjects.items():
                for act, ask in acts.items():
                    before = cpu_seconds(subject)
                    done[name, act][0] += crowds[name].do(ask, TIMES)
                    done[name, act][1] += cpu_seconds(subject) - before
    figures = {f"{name} {act}": {"requests": requests, "cpu_us": seconds / requests * 1e6} for (name, act), (requests, seconds) in done.items()}
    return figures, [judge_least(f"{what} on PostgreSQL, requests a CPU second of the seed's stack",
                                 figures[f"express {act}"]["cpu_us"] / figures[f"merlon {act}"]["cpu_us"], 5)
                     for act, what in (("refresh", "refresh rotations"), ("read", "session reads"))]
