"""An operator reads the stored security events: beside the running server and without one, as they are and as they come."""

import json
import re
import signal
import sqlite3
import subprocess
import threading

import client
from harness import environment, run, table

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (info|warning|critical) +[A-Z_]+ (-|[0-9a-f-]{36})( \S.*)?")


def tail(server, *arguments):
    done = server.run("audit", "tail", *arguments)
    assert done.returncode == 0, done
    return done.stdout.splitlines()


def events(server, *arguments):
    return [json.loads(line) for line in tail(server, "--json", *arguments)]


def test_the_newest_are_shown_newest_last(merlon):
    account = merlon.register()
    merlon.logout(account.access)
    assert [(one["type"], one["userId"]) for one in events(merlon)][-2:] == [("REGISTERED", account.id), ("LOGOUT", account.id)]
    assert all(LINE.fullmatch(line) for line in tail(merlon)), tail(merlon)
    assert tail(merlon)[-1].split()[2:4] == ["LOGOUT", account.id]
    shown = "\n".join(tail(merlon, "-n", "1000", "--json"))
    assert "127.0.0.1" not in shown and "sealed" not in shown and account.email not in shown


def test_how_many_and_which(merlon):
    for _ in range(25):
        merlon.register()
    assert len(events(merlon)) == 20 and len(events(merlon, "-n", "3")) == 3 and len(events(merlon, "--lines", "1000")) > 25
    merlon.logout(merlon.register().access)
    assert {one["type"] for one in events(merlon, "--type", "REGISTERED", "-n", "1000")} == {"REGISTERED"}
    assert [one["type"] for one in events(merlon, "--type", "LOGOUT", "-n", "1")] == ["LOGOUT"]
    assert {one["severity"] for one in events(merlon, "--severity", "info", "-n", "1000")} == {"info"}
    assert events(merlon, "--severity", "critical") == [] and events(merlon, "--type", "LOGIN", "--severity", "warning") == []


@table({"none": ["-n", "0"], "too many": ["-n", "1001"], "negative": ["-n", "-1"], "no number": ["-n", "x"], "no type": ["--type", "NOTHING"],
        "no severity": ["--severity", "bad"], "SQL": ["--type", "LOGIN' OR 1=1 --"], "wildcard": ["--type", "%"], "more words": ["all"]})
def test_wrong_usage_is_2(tmp_path, row):
    done = run("audit", "tail", *row, directory=tmp_path)
    assert done.returncode == 2 and done.stderr and not done.stdout, done


def test_help_and_completion_know_it(tmp_path):
    text = run("audit", "tail", "--help", directory=tmp_path).stdout
    for word in ("--lines", "--follow", "--type", "--severity", "--json"):
        assert word in text
    script = run("completion", "bash", directory=tmp_path).stdout
    script += "\nCOMP_WORDS=(merlon audit tail --fo); COMP_CWORD=3; _merlon; echo ${COMPREPLY[@]}"
    assert subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout.split() == ["--follow"]


def test_a_wrong_configuration_is_78(tmp_path):
    (tmp_path / "merlon.yaml").write_text("version: 2\n")
    assert run("audit", "tail", directory=tmp_path).returncode == 78


def test_the_socket_takes_no_query_that_the_command_would_not_make(merlon):
    socket = str(merlon.directory / "data/merlon.sock")
    for more in ({}, {"limit": "0"}, {"limit": "1001"}, {"limit": "99999999999999999999"}, {"limit": "1", "type": "%"}, {"limit": "1", "severity": "x"}, {"limit": "1", "after": "-1"}, {"limit": "1", "after": "x"}):
        answer = client.Connection(socket).request("POST", "/command", body=json.dumps({"command": "audit.tail", **more}).encode())
        assert answer.status == 400, (more, answer)
    assert client.Connection(socket).request("POST", "/command", body=b'{"command":"audit.erase"}').status == 400


def test_it_works_without_a_server(launch):
    server = launch()
    account = server.register()
    beside = tail(server)
    server.stop()
    assert tail(server) == beside
    assert events(server, "--type", "REGISTERED", "-n", "1")[0]["userId"] == account.id


class Follower:
    def __init__(self, server, *arguments):
        self.process = subprocess.Popen([str(server.binary), "audit", "tail", "--follow", *arguments], cwd=server.directory,
                                        env=environment(server.env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.lines, self.messages = [], []
        self.readers = [threading.Thread(target=lambda stream=stream, kept=kept: kept.extend(iter(stream.readline, "")), daemon=True)
                        for stream, kept in ((self.process.stdout, self.lines), (self.process.stderr, self.messages))]
        for reader in self.readers:
            reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def wait_for(self, user_id):
        client.wait_for(lambda: any(user_id in line for line in self.lines), what=f"an event of {user_id}")


def test_follow_goes_on_with_what_comes_until_interrupted(launch):
    server = launch()
    first = server.register()
    with Follower(server, "--json", "--type", "REGISTERED", "-n", "1") as follower:
        follower.wait_for(first.id)
        others = [server.register() for _ in range(3)]
        server.logout(others[0].access)
        follower.wait_for(others[-1].id)
        server.restart()  # it waits for a server that is away, and does not open the store itself
        last = server.register()
        follower.wait_for(last.id)
        follower.process.send_signal(signal.SIGINT)
        assert follower.process.wait(client.DEADLINE_S) == 0
        follower.readers[0].join(client.DEADLINE_S)
        assert [json.loads(line)["userId"] for line in follower.lines] == [one.id for one in (first, *others, last)]


def test_follow_ends_when_nobody_reads_any_more(launch):
    server = launch()
    server.register()
    process = subprocess.Popen([str(server.binary), "audit", "tail", "--follow"], cwd=server.directory, env=environment(server.env),
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout.readline()
    process.stdout.close()
    server.register()
    assert process.wait(client.DEADLINE_S) == 1


HOSTILE = {"escape": "\x1b[2J\x1b]0;owned\x07", "C1": "\x9b2J", "line ends": "\r\n2026-01-01T00:00:00.000Z info LOGIN forged", "U+2028": "\u2028x", "bidi": "\u202egnp",
           "no JSON": None}


@table(HOSTILE)
def test_what_somebody_wrote_into_the_store_steers_no_terminal(launch, row):
    server = launch()
    server.register()
    server.stop()
    stored = "\x1b[2J" if row is None else json.dumps({"type": "LOGIN", "severity": "info", "userId": row, "ip": "", "timestamp": row,
                                                       "details": {row: row, "n": 3}}, ensure_ascii=row == HOSTILE["escape"], separators=(",", ":"))
    with sqlite3.connect(server.directory / "data/merlon.db") as store:
        store.execute("INSERT INTO event_outbox (role, happened_at, event) VALUES ('auth', 1, ?)", (stored,))
    store.close()
    for form in ([], ["--json"]):
        done = server.run("audit", "tail", *form)
        assert done.returncode == 0, done
        for bad in ("\x1b", "\x07", "\x9b", "\r", "\u2028", "\u202e"):
            assert bad not in done.stdout + done.stderr
        assert len(done.stdout.splitlines()) == len(events(server)), done.stdout
        assert not any(line.startswith("2026-01-01T00:00:00.000Z info LOGIN forged") for line in done.stdout.splitlines())
