"""What people see on a terminal: tables and sentences; programs get JSON. And an installation keeps an admin."""

import contextlib
import json
import os
import pty
import re
import socket
import sqlite3
import subprocess
import threading

import pytest

from harness import PASSWORD, binary, environment, new_email, run, table, together


def on_terminal(server, *arguments, code=0):
    """What a command prints on a terminal."""
    controller, terminal = pty.openpty()
    done = subprocess.Popen([binary(), *arguments], cwd=server.directory, env=environment(), stdin=subprocess.DEVNULL, stdout=terminal, stderr=terminal)
    os.close(terminal)
    text = b""
    while True:
        try:
            piece = os.read(controller, 65536)
        except OSError:  # how the end of a terminal reads
            break
        if not piece:
            break
        text += piece
    os.close(controller)
    assert done.wait(60) == code, text
    return text.decode().replace("\r\n", "\n")


def listed(server, *flags):
    return json.loads(server.run("user", "list", *flags).stdout)


def create(server, *, role="user", first="Ada", last="Lovelace", email=None):
    email = email or new_email()
    done = server.run("user", "create", "--email", email, "--first-name", first, "--last-name", last, "--role", role, "--password-stdin", stdin=PASSWORD + "\n")
    assert done.returncode == 0, done
    return json.loads(done.stdout)


def test_people_get_a_table_and_programs_json(merlon):
    account = merlon.register(first="Grace", last="Hopper")
    lines = on_terminal(merlon, "user", "list").splitlines()
    assert lines[0].split() == ["ID", "ADDRESS", "NAME", "ROLE", "SINCE", "STATE"]
    row = next(line for line in lines if account.email in line)
    assert row.split()[:5] == [account.id, account.email, "Grace", "Hopper", "user"]
    assert all(line.index(word) == lines[0].index(heading) for line, word, heading in [(row, account.email, "ADDRESS"), (row, "Grace", "NAME")])
    assert account.id in {one["id"] for one in json.loads(on_terminal(merlon, "user", "list", "--json"))}
    assert account.id in {one["id"] for one in listed(merlon)}


def test_what_was_done_is_a_sentence(merlon):
    account = merlon.register()
    assert on_terminal(merlon, "user", "lock", account.email) == f"{account.email} is locked, and signed out everywhere\n"
    assert "locked" in on_terminal(merlon, "user", "list", "--email", account.email)
    assert on_terminal(merlon, "user", "unlock", account.id) == f"{account.email} may sign in\n"
    assert on_terminal(merlon, "user", "role", account.id, "moderator") == f"{account.email} is moderator\n"
    account.login()
    lines = on_terminal(merlon, "session", "list", account.email).splitlines()
    assert lines[0].startswith("SESSION") and len(lines) == 2 and "127.0.0.1" in lines[1]
    assert on_terminal(merlon, "session", "revoke", lines[1].split()[0]).startswith("the session has ended")
    assert on_terminal(merlon, "session", "list", account.email).startswith("no session")
    assert "signing" in on_terminal(merlon, "key", "list")


@table({
    "nobody of this address": (["user", "lock", "nobody@example.com"], "user list"), "nobody of this id": (["user", "unlock", "550e8400-e29b-41d4-a716-446655440000"], "user list"),
    "neither address nor id": (["user", "role", "ada", "admin"], "e-mail address or an id"), "no such session": (["session", "revoke", "550e8400-e29b-41d4-a716-446655440000"], "session list USER"),
    "no such key": (["key", "retire", "nothing"], "key list"), "no such role": (["user", "role", "USER", "king"], "role"),
})
def test_an_error_says_what_to_do(merlon, user, row):
    arguments, words = row
    arguments = [user.email if one == "USER" else one for one in arguments]
    for said in (on_terminal(merlon, *arguments, code=1), merlon.run(*arguments).stderr):
        assert said.startswith("merlon: ") and words in said and "{" not in said, said
    done = merlon.run(*arguments, "--json")
    assert done.returncode == 1 and json.loads(done.stderr)["rule"], done


def test_users_are_found_by_role_address_and_words(merlon):
    mary, zoe = create(merlon, first="Mary", last="Seacole"), create(merlon, first="Zoë", last="Quirk", role="moderator")
    assert {one["id"] for one in listed(merlon, "--role", "moderator")} >= {zoe["id"]} and mary["id"] not in {one["id"] for one in listed(merlon, "--role", "moderator")}
    assert [one["id"] for one in listed(merlon, "--email", mary["email"].upper())] == [mary["id"]]
    assert [one["id"] for one in listed(merlon, "--search", "seaco")] == [mary["id"]]
    assert [one["id"] for one in listed(merlon, "--search", zoe["email"][:12])] == [zoe["id"]]
    assert [one["id"] for one in listed(merlon, "--search", "ZOË")] == [zoe["id"]]
    for nothing in (["--role", "king"], ["--email", "nobody@example.com"], ["--email", "no address"], ["--search", "no such words"]):
        assert listed(merlon, *nothing) == [], nothing
    assert on_terminal(merlon, "user", "list", "--search", "no such words") == "no such user\n"


def test_a_list_goes_on_to_its_end(launch, tmp_path):
    """More than one page holds; imported, since registering so many takes long."""
    server = launch()
    people = tmp_path / "people.jsonl"
    people.write_text("".join(json.dumps({"id": f"0192f0c8-2f5e-7a52-9c1d-{number:012x}", "email": f"p{number}@example.com", "firstName": "Ada", "lastName": "Many"}) + "\n"
                              for number in range(2050)))
    people.chmod(0o600)
    assert server.run("user", "import", people).returncode == 0
    users = listed(server, "--search", "many")
    assert len(users) == 2050 and len({one["id"] for one in users}) == 2050
    server.stop()
    assert len(listed(server)) == 2051, "without a server, too: them and the first admin"


def with_one_admin(server):
    server.only = listed(server, "--role", "admin")[0]
    return server


@pytest.fixture
def alone(launch):
    """A server with one admin."""
    return with_one_admin(launch())


@pytest.fixture
def in_files(launch):
    """The same with files that a test may change while it is stopped."""
    return with_one_admin(launch({"store": {"url": "sqlite:data/merlon.db"}, "keys": {"url": "sqlite:data/keys.db"}}))


def test_an_admin_who_has_no_password_is_not_the_one_who_is_left(alone, tmp_path):
    people = tmp_path / "people.jsonl"
    people.write_text(json.dumps({"id": "0192f0c8-2f5e-7a52-9c1d-0a3f5f6e7d21", "email": "none@example.com", "firstName": "Ada", "lastName": "None", "role": "admin"}))
    assert alone.run("user", "import", people).returncode == 0
    done = alone.run("user", "lock", alone.only["id"])
    assert done.returncode == 1 and "last admin" in done.stderr, done
    assert alone.run("user", "password", "none@example.com", "--password-stdin", stdin=PASSWORD + "\n").returncode == 0
    assert alone.run("user", "lock", alone.only["id"]).returncode == 0
    for _ in range(2):
        assert alone.run("user", "role", alone.only["id"], "user").returncode == 0, "who is locked takes no admin away"


def lose_keys(server, *ids):
    """As a key store does that is older than the data. The server is stopped, since a running one remembers keys."""
    with contextlib.closing(sqlite3.connect(server.directory / "data/keys.db")) as keys:
        keys.executemany("DELETE FROM person_keys WHERE person = ?", [(one,) for one in ids])
        keys.commit()


def first_admin(server):
    """The address and the password that the last start printed; None: it made no admin."""
    found = re.search(r"^merlon: first admin, shown once, change the password: (\S+) (\S+)$", server.stderr_text(), re.M)
    return found.groups() if found else None


def test_an_admin_whose_key_is_gone_is_not_the_one_who_is_left(in_files):
    other, caller = create(in_files, role="admin"), in_files.create_admin()
    in_files.stop()
    lose_keys(in_files, other["id"], caller.id)
    in_files.start()
    for arguments in (["lock", in_files.only["id"]], ["role", in_files.only["id"], "user"]):
        done = in_files.run("user", *arguments)
        assert done.returncode == 1 and "last admin" in done.stderr, done
    for change in ({"locked": True}, {"role": "user"}):
        answer = in_files.call("PATCH", f"/api/users/{in_files.only['id']}", json_body=change, token=caller.access)
        assert answer.status == 409 and answer.error["message"] == "It is the last admin", answer
    assert in_files.run("user", "lock", other["id"]).returncode == 0, "who cannot sign in takes no admin away"


def no_password(server):
    people = server.directory / "people.jsonl"
    people.write_text(json.dumps({"id": "0192f0c8-2f5e-7a52-9c1d-0a3f5f6e7d21", "email": "none@example.com", "firstName": "Ada", "lastName": "None", "role": "admin"}))
    assert server.run("user", "import", people).returncode == 0
    assert server.run("user", "role", server.only["id"], "user", "--force").returncode == 0
    server.stop()
    with contextlib.closing(sqlite3.connect(server.directory / "data/merlon.db")) as store:  # the first admin's address is free
        store.execute("DELETE FROM accounts WHERE role = 'user'")
        store.commit()


def no_key(server):
    create(server)  # a key store without anybody's key is another fault, and no start
    server.stop()
    lose_keys(server, server.only["id"])


@table({"an imported one has no password": no_password, "the key of the one is gone": no_key})
def test_a_start_makes_an_admin_where_none_can_sign_in(in_files, row):
    assert first_admin(in_files)
    row(in_files)
    in_files.start()
    address, password = first_admin(in_files)
    assert in_files.try_login(address, password).status == 200
    in_files.restart()
    assert first_admin(in_files) is None and "no admin can sign in" not in in_files.stderr_text()


@table({"locked by an operator": ["lock", "ID"], "demoted, and the address is taken": ["role", "ID", "user"]})
def test_a_start_undoes_nothing_that_an_operator_did_to_the_last_admin(alone, row):
    assert alone.run("user", *[alone.only["id"] if one == "ID" else one for one in row], "--force").returncode == 0
    alone.restart()
    assert first_admin(alone) is None and "no admin can sign in" in alone.stderr_text() and "merlon user create --role admin" in alone.stderr_text()


@table({"locked": ["lock", "ID"], "demoted": ["role", "ID", "user"]})
def test_the_last_admin_stays_unless_it_is_forced(alone, row):
    arguments = ["user"] + [alone.only["id"] if one == "ID" else one for one in row]
    done = alone.run(*arguments)
    assert done.returncode == 1 and "last admin" in done.stderr and "--force" in done.stderr, done
    assert listed(alone, "--role", "admin") == [alone.only]
    other = create(alone, role="admin")
    assert alone.run("user", "lock", other["email"]).returncode == 0
    assert alone.run(*arguments).returncode == 1, "one who is locked is none"
    assert alone.run(*arguments, "--force").returncode == 0
    assert [one for one in listed(alone, "--role", "admin") if not one["locked"]] == []


def test_of_admins_who_demote_each_other_at_once_one_is_left(alone):
    admins = [create(alone, role="admin") for _ in range(4)] + [alone.only]
    together(5, lambda index: alone.run("user", "role", admins[index]["id"], "user"))
    assert len(listed(alone, "--role", "admin")) == 1


@table({
    "a command": (["sevre"], "merlon has no command sevre; did you mean serve?"), "one below": (["user", "crate"], "merlon user has no command crate; did you mean create?"),
    "an option": (["user", "list", "--rol", "admin"], "merlon user list has no option --rol; did you mean --role?"), "nothing near": (["xylophone"], "merlon has no command xylophone\n"),
    "nothing": ([], "say what to do"), "help of nothing": (["help", "sevre"], "did you mean serve?"), "an option of the program": (["--verson"], "did you mean --version?"), "an option before the command": (["--config", "x", "user", "list"], "merlon has no option --config"),
})
def test_what_was_meant_is_said(tmp_path, row):
    arguments, words = row
    done = run(*arguments, directory=tmp_path)
    assert done.returncode == 2 and words in done.stderr and not done.stdout, done


class OddServer:
    """Answers whatever it is told on the socket of operators."""

    def __init__(self, directory, status, body):
        (directory / "data").mkdir(mode=0o700)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(directory / "data/merlon.sock"))
        self.socket.listen()
        self.answer = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
        self.asked = 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                link, _ = self.socket.accept()
            except OSError:
                return
            self.asked += 1
            with link:
                link.recv(65536)
                link.sendall(self.answer)


@table({
    "no JSON": (200, "hello", "not understood"), "no list": (200, '{"x":1}', "not understood"), "users without ids": (200, "[{}]", "not understood"), "numbers": (200, "[1]", "not understood"),
    "an error of another shape": (500, '{"x":1}', "merlon: "), "odd details": (400, '{"rule":"a.b","error":{"message":"m","details":["x"]}}', "merlon: m"),
    "the same page again": (200, json.dumps([{"id": "a", "role": "user"}] * 1000), "another version"),
})
def test_an_odd_answer_ends_a_command_with_a_sentence(tmp_path, row):
    """An older server, for one, gives its first page to whoever asks for the next."""
    status, body, words = row
    server = OddServer(tmp_path, status, body)
    done = run("user", "list", "--role", "user", directory=tmp_path, timeout=60)
    server.socket.close()
    assert done.returncode == 1 and words in done.stderr and server.asked <= 2, done


def test_nothing_steers_the_terminal(merlon):
    """U+009B begins an escape sequence, U+202E turns what follows."""
    user = create(merlon, first="A\u009b31mB", last="Curie")
    shown = on_terminal(merlon, "user", "list", "--email", user["email"])
    assert "A?31mB" in shown and "\u009b" not in shown


def test_commands_do_not_keep_a_server_from_starting(launch):
    server = launch()
    server.stop()
    done = threading.Event()
    failed = []

    def ask():
        while not done.is_set():
            answer = server.run("user", "list")
            if answer.returncode not in (0, 69):
                failed.append(answer)
    asking = threading.Thread(target=ask)
    asking.start()
    try:
        for _ in range(3):
            server.start()
            server.stop()
    finally:
        done.set()
        asking.join()
    assert not failed, failed[0]


def test_help_and_version(tmp_path):
    assert run("help", "user", "create", directory=tmp_path).stdout == run("user", "create", "--help", directory=tmp_path).stdout
    assert run("help", directory=tmp_path).stdout == run("--help", directory=tmp_path).stdout
    assert run("--version", directory=tmp_path).stdout == run("version", directory=tmp_path).stdout
