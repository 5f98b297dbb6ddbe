"""What the operating system shows of a running server holds no secret."""

import json
import pathlib
import random
import re
import ssl
import string

import client
import pytest
from harness import certificate, is_sanitized, new_email, table

SECRETS = {"JWT_SECRET": "k7Qd2x9VbR4mT8wZp3LsN6yHc1JfGa5E", "MERLON_KEYS__MASTER": "6f1d2c3b4a5968778695a4b3c2d1e0f06f1d2c3b4a5968778695a4b3c2d1e0f0", "THEIR_OWN": "p9Xw4rTbV2nKs7ZyQ3mLd8HfGc6JaE1U"}


def test_no_secret_is_left_in_the_environment_and_a_reload_still_has_them(launch):
    server = launch({"tokens": {"refresh_secret": "env:THEIR_OWN"}}, SECRETS)
    shown = pathlib.Path(f"/proc/{server.process.pid}/environ").read_bytes().decode("utf-8", "replace")
    assert "JWT_SECRET=" in shown
    for name, value in SECRETS.items():
        assert value not in shown, name
    account = server.register()
    server.reload()
    client.wait_for(lambda: "configuration reloaded" in server.stderr_text(), what="the reload")
    assert server.me(account.access).status == 200
    assert server.login(account.email).access


def test_a_crash_leaves_no_core(launch):
    server = launch()
    limits = pathlib.Path(f"/proc/{server.process.pid}/limits").read_text()
    line = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
    assert is_sanitized() or line.split()[4:6] == ["0", "0"], line


def new_password(length):
    """Of no known beginning or end: no part of it is in memory but as a part of it."""
    letters = random.SystemRandom().choices(string.ascii_letters + string.digits, k=length - 4)
    return "Zq" + "".join(letters) + "%7"


def memory_of(server):
    """Yields what the process can write, mapping by mapping: heaps, stacks and other anonymous memory."""
    pid = server.process.pid
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines():
            place = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw\S* \S+ \S+ \S+\s*(\S*)", line)
            if place is None or place[3].startswith("/"):
                continue
            first, end = (int(text, 16) for text in place.group(1, 2))
            memory.seek(first)
            try:
                yield place[3] or "anonymous", memory.read(end - first)
            except OSError:
                continue  # unmapped meanwhile


def found_in_memory(server, password, encoding="utf-8"):
    """Where eight characters of it in a row are: the allocator writes over the beginning of what was freed, nobody over the rest."""
    parts = {password[at:at + 8].encode(encoding) for at in range(2, len(password) - 8, 1 if len(password) < 16 else 4)}
    return [(name, bytes(data[max(0, data.find(part) - 40):data.find(part) + 40]))
            for name, data in memory_of(server) for part in parts if part in data]


def escaped(text):
    """As JSON that its reader has to unescape."""
    return '"' + "".join(f"\\u{ord(letter):04x}" for letter in text) + '"'


def one_piece(connection, body):
    return connection.request("POST", "/api/auth/login", {"Content-Type": "application/json"}, body)


def head_first(connection, body):
    connection.send(f"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
                    "Expect: 100-continue\r\n\r\n")
    assert connection.head().status == 100
    connection.send(body)
    return connection.response("POST")


def chunks(connection, body):
    connection.send("POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
                    "Expect: 100-continue\r\n\r\n")
    assert connection.head().status == 100
    for at in range(0, len(body), 30):
        piece = body[at:at + 30]
        connection.send(f"{len(piece):x}\r\n{piece}\r\n")
    connection.send("0\r\n\r\n")
    return connection.response("POST")


# Longer than what a string holds in itself, and shorter.
LENGTHS = {"long": 60, "short": 12}


def assert_forgotten(server, *passwords, encoding="utf-8"):
    for password in passwords:
        left = []

        def is_forgotten():
            left[:] = found_in_memory(server, password, encoding)
            return not left

        try:
            client.wait_for(is_forgotten, every=0.5)
        except AssertionError:
            pytest.fail(f"still in memory: {left}")


@pytest.fixture
def server(launch):
    if is_sanitized():
        pytest.skip("a sanitizer keeps what was freed")
    return launch()


@pytest.mark.parametrize("length", LENGTHS.values(), ids=LENGTHS)
@table({
    "with its head": (json.dumps, one_piece),
    "after its head": (json.dumps, head_first),
    "in chunks": (json.dumps, chunks),
    "escaped": (escaped, one_piece),
})
def test_no_password_of_a_sign_in_stays_in_memory(server, row, length):
    """Neither a right one nor a wrong one, also while the connection that sent it waits for its next request."""
    text_of, send = row
    right, wrong = new_password(length), new_password(length)
    email = new_email()
    server.register(email, right)
    with server.connect() as kept:
        for password, status in ((right, 200), (wrong, 401)):
            assert send(kept, f'{{"email": "{email}", "password": {text_of(password)}}}').status == status
        assert_forgotten(server, right, wrong)


@pytest.mark.parametrize("length", LENGTHS.values(), ids=LENGTHS)
def test_no_password_that_came_over_tls_stays_in_memory(launch, length):
    """The library decrypts each record in a buffer of its own."""
    if is_sanitized():
        pytest.skip("a sanitizer keeps what was freed")
    _, _, key, chain = certificate()
    server = launch({"server": {"tls": {"certificate": "tls.crt", "key": "tls.key"}}}, files={"tls.crt": chain, "tls.key": key}, ready=False)
    server.tls = ssl.create_default_context(cadata=chain.decode())
    server.wait_ready()
    right, wrong, next_one = (new_password(length) for _ in range(3))
    email = new_email()
    server.register(email, right)
    with server.connect() as kept:
        for password, status in ((right, 200), (wrong, 401)):
            assert one_piece(kept, json.dumps({"email": email, "password": password})).status == status
        assert_forgotten(server, right, wrong)
        assert server.try_login(email, next_one).status == 401
        assert_forgotten(server, next_one)


@pytest.mark.parametrize("length", LENGTHS.values(), ids=LENGTHS)
@table({"bcrypt": "bcrypt", "argon2id": "argon2id"})
def test_no_password_that_is_set_stays_in_memory(launch, row, length):
    if is_sanitized():
        pytest.skip("a sanitizer keeps what was freed")
    server = launch({"passwords": {"hash": row}})
    first, second, third, of_other = (new_password(length) for _ in range(4))
    account = server.register(password=first)
    admin = server.create_admin()
    assert server.post("/api/auth/password", {"currentPassword": first, "newPassword": second}, token=account.access).status == 204
    done = server.run("user", "password", account.email, "--password-stdin", stdin=third + "\n")
    assert done.returncode == 0, done
    assert server.try_login(account.email, third).status == 200
    form = {"email": new_email(), "password": of_other, "firstName": "Grace", "lastName": "Hopper"}
    assert server.post("/api/users", form, token=admin.access).status == 201
    assert_forgotten(server, first, second, third, of_other)


@table({
    "an undeclared member": ({"email": "ada@example.com", "password": "ok", "old": None}, 401),
    "a broken rule": ({"email": "nobody", "password": None}, 400),
    "broken JSON": ('{"email": "ada@example.com", "password": "%s', 400),
})
def test_no_password_of_a_refused_body_stays_in_memory(server, row):
    body, status = row
    password = new_password(60)
    text = body % password if isinstance(body, str) else json.dumps({name: password if value is None else value for name, value in body.items()})
    with server.connect() as kept:
        assert one_piece(kept, text).status == status
        assert_forgotten(server, password)


def test_no_password_of_another_normalization_form_stays_in_memory(server):
    """It is composed for the hash: neither the typed form nor its code points stay."""
    password = new_password(40)
    typed = password[:20] + "A\u030a" + password[20:]
    email = new_email()
    server.register(email, typed)
    assert server.try_login(email, typed).status == 200
    assert_forgotten(server, password)
    assert_forgotten(server, password, encoding="utf-32-le")


def test_no_password_that_the_limit_refused_stays_in_memory(launch):
    if is_sanitized():
        pytest.skip("a sanitizer keeps what was freed")
    server = launch({"limits": {"auth": {"max": 1}}})
    password = new_password(60)
    with server.connect() as kept:
        body = json.dumps({"email": new_email(), "password": password})
        assert [one_piece(kept, body).status for _ in range(2)] == [401, 429]
        assert_forgotten(server, password)
