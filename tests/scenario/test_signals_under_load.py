"""Signals while it works: storms of SIGHUP and one SIGTERM, with uploads, logins and keep-alive requests on their way.

A request has failed when its connection stood and its answer did not come whole, or was not the one that was due.
"""

import os
import signal
import threading
import time

import pytest
import yaml

import client
from harness import PASSWORD, service, to_yaml

UPLOAD_PIECES, PIECE_BYTES = 12, 32 * 1024


class Load:
    """Threads that ask, log in and upload until stop(); `failures` is what went wrong, `done` counts what did not."""

    def __init__(self, server, accounts, threads_of_each=3):
        self.server, self.accounts = server, accounts
        self.failures, self.done = [], {"ask": 0, "log in": 0, "upload": 0}
        self.ending = threading.Event()
        self.threads = [threading.Thread(target=self.repeat, args=(name, work)) for name, work in
                        (("ask", self.ask), ("log in", self.log_in), ("upload", self.upload)) for _ in range(threads_of_each)]
        for thread in self.threads:
            thread.start()

    def repeat(self, name, work):
        while not self.ending.is_set():
            try:
                connection = self.server.connect()
            except OSError:
                return  # it no longer listens: the honest way to refuse
            try:
                with connection:
                    work(connection, name)
            except ConnectionResetError as fault:
                # The kernel's queue held it when the listener closed: nobody has read a byte of it.
                if not connection.ended and self.server.process is not None:
                    self.failures.append((name, repr(fault)))
            except (client.Malformed, client.Closed, OSError) as fault:
                self.failures.append((name, repr(fault)))

    def expect(self, name, answer, good):
        if good:
            self.done[name] += 1
        else:
            self.failures.append((name, answer))

    def ask(self, connection, name):
        while not self.ending.is_set():
            answer = connection.request("GET", "/private/x", {"Authorization": "Bearer " + self.accounts[0].access})
            self.expect(name, answer, answer.status == 200 and answer.json()["target"] == "/private/x")
            if answer.get("Connection", "") == "close":
                return

    def log_in(self, connection, name):
        body = b'{"email":"%s","password":"%s"}' % (self.accounts[1].email.encode(), PASSWORD.encode())
        answer = connection.request("POST", "/api/auth/login", {"Content-Type": "application/json", "Connection": "close"}, body)
        self.expect(name, answer, answer.status == 200 and answer.data["user"]["email"] == self.accounts[1].email)

    def upload(self, connection, name):
        connection.send(client.build("POST", "/open/upload", {"Content-Length": str(UPLOAD_PIECES * PIECE_BYTES), "Connection": "close"}, b""))
        for _ in range(UPLOAD_PIECES):
            connection.send(b"u" * PIECE_BYTES)
            time.sleep(0.02)
        answer = connection.response()
        self.expect(name, answer, answer.status == 200 and answer.json()["length"] == UPLOAD_PIECES * PIECE_BYTES)

    def stop(self):
        self.ending.set()
        for thread in self.threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in self.threads), "a request hangs"


@pytest.fixture
def loaded(launch, upstream):
    server = launch({"passwords": {"bcrypt_cost": 8}})  # long enough to be in flight when a signal comes
    load = Load(server, [server.register(), server.register()])
    client.wait_for(lambda: all(load.done.values()) or load.failures, what="load of every kind")
    yield server, load, upstream
    load.stop()


def test_a_storm_of_sighup_fails_no_request(loaded):
    server, load, upstream = loaded
    path = server.directory / "merlon.yaml"
    config = yaml.safe_load(path.read_text())
    before = dict(load.done)
    descriptors = len(os.listdir(f"/proc/{server.process.pid}/fd"))
    for number in range(120):
        if number % 10 == 3:
            path.write_text("{[")  # kept out, like any error
        elif number % 2:
            config["services"]["echo"]["routes"][0]["timeout"] = f"{20 + number}s"
            path.write_text(to_yaml(config))
        server.reload()
        time.sleep(0.025)
    config["services"]["echo"]["routes"].append({"path": "/after/**", "methods": ["GET"], "allow": "public"})
    path.write_text(to_yaml(config))
    server.reload()
    client.wait_for(lambda: server.get("/after/x").status == 200, what="the configuration of the last signal")
    client.wait_for(lambda: all(load.done[name] > before[name] for name in load.done), what=f"more of each than {before}")
    load.stop()
    assert not load.failures, load.failures[:3]
    assert server.me(load.accounts[0].access).status == 200
    client.wait_for(lambda: len(os.listdir(f"/proc/{server.process.pid}/fd")) < descriptors + 40, what="the end of what old configurations opened")


def test_of_many_signals_at_once_few_are_reloads_and_the_end_waits_behind_none(launch):
    """Else who sends a thousand keeps it from ending: each reads all files again. They come faster than this much is read."""
    routes = [{"path": f"/{number}/**", "methods": ["GET"], "allow": "public"} for number in range(1_000)]
    server = launch({"services": {"many": service("http://127.0.0.1:1", routes)}})
    began = time.monotonic()
    server.reload()
    client.wait_for(lambda: "configuration reloaded" in server.stderr_text(), every=0.001, what="a reload")
    alone = time.monotonic() - began
    signals, began = 200, time.monotonic()
    for _ in range(signals):
        os.kill(server.process.pid, signal.SIGHUP)
        time.sleep(0.001)  # or the kernel makes one of them
    storm = time.monotonic() - began
    server.stop()
    # On a machine where they came slowly, as many as there was time for.
    assert server.stderr_text().count("configuration reloaded") - 1 < max(signals / 4, 2 * storm / alone)
    assert "reloaded" not in server.stderr_text().partition("draining")[2]


def test_sigterm_during_uploads_and_logins_fails_none_of_them(loaded):
    server, load, upstream = loaded
    time.sleep(0.3)
    os.kill(server.process.pid, signal.SIGTERM)
    for thread in load.threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in load.threads), "a request hangs"
    assert server.wait() == 0
    assert not load.failures, load.failures[:3]
    assert not upstream.violations


def test_further_sigterms_and_sighups_do_not_hurt_a_drain(loaded):
    server, load, _ = loaded
    for sent in (signal.SIGTERM, signal.SIGHUP, signal.SIGTERM, signal.SIGHUP):
        if server.process.poll() is None:
            os.kill(server.process.pid, sent)
        time.sleep(0.05)
    for thread in load.threads:
        thread.join(60)
    assert server.wait() == 0
    assert not load.failures, load.failures[:3]


def test_sigterms_from_the_first_to_the_last_moment_end_it_well(launch):
    """Supervisors repeat themselves, also while it closes its stores."""
    for _ in range(3):
        server = launch()
        while server.process.poll() is None:
            server.process.send_signal(signal.SIGTERM)
        assert server.wait() == 0
