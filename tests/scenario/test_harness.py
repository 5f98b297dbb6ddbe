"""The tests' own client and upstream, against each other: a broken tool would make every other file lie."""

import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading

import pytest

import client
import conftest
import random_generator
import random_requests
import upstream as upstreams
from harness import merge, table


def served(raw):
    """A port that answers one connection with exactly these bytes."""
    listener = socket.create_server(("127.0.0.1", 0))

    def run():
        sock, _ = listener.accept()
        sock.recv(65536)
        sock.sendall(raw)
        sock.close()
        listener.close()
    threading.Thread(target=run, daemon=True).start()
    return listener.getsockname()[1]


def test_client_and_upstream_agree_on_a_request(upstream):
    answer = client.fetch(upstream.port, "POST", "/x?y=1", {"X-Mark": "m1"}, b"hello")
    body = answer.json()
    assert (answer.status, body["method"], body["target"], body["body"]) == (200, "POST", "/x?y=1", "hello")
    assert upstreams.header(body, "x-mark") == ["m1"]
    assert upstream.only("m1").body == b"hello"


def test_chunks_and_pipelining_arrive_in_order(upstream):
    with client.Connection(upstream.port) as connection:
        connection.send(client.build("POST", "/a", {"Transfer-Encoding": "chunked"}, b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n")
                        + client.build("GET", "/b"))
        first, second = connection.response().json(), connection.response().json()
    assert (first["body"], second["target"], second["request"]) == ("abcde", "/b", 2)
    assert not upstream.violations


def test_upstream_notices_bytes_that_are_no_request():
    with upstreams.Upstream() as one:
        client.exchange(one.port, b"SMUGGLED\r\n\r\n")
        assert one.violations


@table({
    "bare LF": b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
    "space before the colon": b"HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
    "length and chunked": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "204 with a length": b"HTTP/1.1 204 No\r\nContent-Length: 0\r\n\r\n",
    "chunk size of minus one": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
    "folded field": b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n",
})
def test_client_refuses_a_malformed_answer(row):
    with pytest.raises(client.Malformed):
        client.fetch(served(row), "GET", "/")


@table({"nothing at all": b"", "half a body": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"})
def test_client_notices_an_answer_cut_short(row):
    with pytest.raises(client.Closed):
        client.fetch(served(row), "GET", "/")


def test_merge_lays_sections_over_each_other():
    assert merge({"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"b": 4}, "d": None}) == {"a": {"b": 4, "c": 2}}


def test_every_file_of_scenarios_has_its_builds():
    """In builds.txt: without a line a file runs twice in make check."""
    here = pathlib.Path(__file__).parent
    assert set(conftest.builds()) == {path.name for path in here.glob("test_*.py")}
    assert all(set(where) <= {"dev", "asan"} and where for where, _ in conftest.builds().values())


def test_a_mark_is_told_from_a_mutated_one():
    mark = random_generator.mark("p", 0x01000007, 3)
    assert random_generator.marks(f"..{mark}..{mark}".encode()) == {("p", 0x01000007, 3)}
    assert not random_generator.marks(mark.replace("7", "8", 1).encode()) and not random_generator.marks(mark.upper().encode())


@table({"its own": (["p0"], 0), "none": ([], 0), "two plain ones": (["p0", "p1"], 1), "a plain and a hostile one": (["p0", "h0"], 1),
        "hostile ones of one connection": (["h0", "h1"], 0)})
def test_the_campaign_notices_parts_of_another_request(row):
    held, faults = row
    text = "".join(random_generator.mark(one[0], 9, int(one[1])) for one in held)
    for place in ("target", "field", "body"):
        violations = []
        received = upstreams.Received(None, None, "GET", "/open/" + text * (place == "target"), [("X-Mark", text * (place == "field"))])
        received.body = text.encode() * (place == "body")
        random_requests.judge_upstream(violations)(received)
        assert len(violations) == faults, violations


def test_the_campaign_notices_a_body_read_as_a_request():
    violations = []
    random_requests.judge_upstream(violations)(upstreams.Received(None, None, "GET", "/open/poison-x", []))
    assert violations


def test_the_campaign_fails_on_a_server_that_mixes_answers():
    """A server that answers with the answer of the request before."""
    other = random_generator.mark("p", 8, 0).encode()
    port = served(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(other), other))
    worker = random_requests.Worker(port, 1, 0, 1)
    with client.Connection(port) as link:
        one = random_generator.call("GET", "/x", (200,), random_generator.mark("p", 9, 0))
        link.send(one.data)
        worker.check(link, 9, one, one.data)
    assert len(worker.problems) == 1 and "bytes of other requests" in worker.problems[0]


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_ended_from_outside_stops_the_servers_it_started(tmp_path, number):
    file = tmp_path / "test_that_waits.py"
    file.write_text("import time\n\n\ndef test_waits(launch):\n    print(launch().process.pid, flush=True)\n    time.sleep(600)\n")
    # Whoever runs us may ignore the signal (nohup), which a child would inherit.
    here = pathlib.Path(__file__).parent
    command = ["env", f"--default-signal={number.name}", sys.executable, "-m", "pytest", "-q", "-s",
               "-c", here / "pytest.ini", "-p", "conftest", "--basetemp", tmp_path / "run", file]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(here)}) as run:
        server = int(next(line for line in run.stdout if line.strip().isdigit()))
        run.send_signal(number)
        run.communicate(timeout=60)
    assert run.returncode == (2 if number == signal.SIGINT else 128 + number)
    with pytest.raises(ProcessLookupError):
        os.kill(server, 0)
