"""A start on a disk that is full or read-only, or on files that are damaged: no server, and the file is named.

Damage that no start meets is met by a request: that one is 503, the log names the file, and others go on.
"""

import errno
import shutil

import client
import pytest
from harness import PASSWORD, Merlon, new_email, table

PAGE_BYTES = 4096
USERS = 40  # their rows fill pages of their own


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """A server that is not running, with a store of some users."""
    server = Merlon(tmp_path_factory.mktemp("damaged"), machine={})
    server.start()
    server.user = [server.register() for _ in range(USERS)][0]
    server.stop()
    shutil.copytree(server.directory / "data", server.directory / "whole")
    return server


@pytest.fixture
def server(stopped):
    shutil.rmtree(stopped.directory / "data", ignore_errors=True)
    shutil.copytree(stopped.directory / "whole", stopped.directory / "data")
    yield stopped
    stopped.machine.disk_error = 0
    if stopped.is_running():
        stopped.stop()


def refuses(server):
    """Starts it, and gives what it said when it did not want to."""
    server.start(ready=False)
    assert server.wait() != 0
    server.check_output()
    return server.stderr_text().replace("merlon.yaml", "")


def damage(server, name, change):
    path = server.directory / "data" / name
    path.write_bytes(change(path.read_bytes()))


def page(number):
    return lambda content: content[:number * PAGE_BYTES] + b"\x5a" * PAGE_BYTES + content[(number + 1) * PAGE_BYTES:]


DAMAGES = {
    "garbage": lambda content: b"\x5a" * len(content),
    "half of it": lambda content: content[:len(content) // 2],
    "a page cut through": lambda content: content[:len(content) // 2 + 100],
    "nothing": lambda content: b"",
    "zeros": lambda content: bytes(len(content)),
    "the first page": page(0),
    "the page of the tables": page(1),
}


@pytest.mark.parametrize("name", ["merlon.db", "keys.db"])
@table(DAMAGES)
def test_no_start_on_a_damaged_database(server, name, row):
    damage(server, name, row)
    assert f"data/{name}" in refuses(server)
    damage(server, name, lambda _: (server.directory / "whole" / name).read_bytes())
    server.start()
    assert server.try_login(server.user.email, PASSWORD).status == 200, "the refused start has changed something"


@table({"garbage": lambda key: b"\x5a" * 65, "half of it": lambda key: key[:32], "nothing": lambda key: b"", "another": lambda key: b"00" * 32,
        "zeros": lambda key: bytes(65), "one letter": lambda key: b"x" + key[1:], "more": lambda key: key + key})
def test_no_start_on_a_damaged_master_key(server, row):
    damage(server, "master.key", row)
    assert "data/master.key" in refuses(server)


@pytest.mark.parametrize("lost", [["merlon.db"], ["keys.db"], ["master.key"], ["keys.db", "master.key"]], ids=" and ".join)
def test_no_start_on_a_part_of_a_store(server, lost):
    """Or it would be taken for a first start: a new admin, and everybody else unknown."""
    for name in lost:
        (server.directory / "data" / name).unlink()
    text = refuses(server)
    assert all(f"data/{name}" in text for name in lost) and "first admin" not in text


def test_a_damaged_page_that_a_request_meets_is_its_503_and_the_log_names_the_file(server):
    pages = len((server.directory / "data/merlon.db").read_bytes()) // PAGE_BYTES
    met = 0
    for number in range(2, pages, 4):
        shutil.copy(server.directory / "whole/merlon.db", server.directory / "data/merlon.db")
        damage(server, "merlon.db", page(number))
        server.start(ready=False)
        if not client.wait_for(lambda: not server.is_running() or server.is_ready(), within=60):
            continue
        if not server.is_running():
            assert server.wait() != 0 and "data/merlon.db" in server.stderr_text()
            continue
        answers = [server.try_login(server.user.email, PASSWORD), server.me(server.user.access), server.post("/api/auth/register", {
            "email": new_email(), "password": PASSWORD, "firstName": "Ada", "lastName": "Lovelace"})]
        for answer in answers:
            assert answer.status in (200, 201) or answer.code == "SERVICE_UNAVAILABLE", answer
        if any(answer.status == 503 for answer in answers) and not met:
            client.wait_for(lambda: "merlon: store: data/merlon.db" in server.stderr_text(), what="a line about the file")
            met += 1
        server.stop()
    assert met, "no page was met by a request only"


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EROFS], ids=["full", "read-only"])
@table({"first start": False, "later start": True})
def test_no_start_on_a_disk_that_takes_nothing(server, error, row):
    if not row:
        shutil.rmtree(server.directory / "data")
    server.machine.disk_error = error
    text = refuses(server)
    assert ("data/keys.db" if row else "data: ") in text and "first admin" not in text
    server.machine.disk_error = 0
    server.start()
    assert server.try_login(server.user.email, PASSWORD).status == (200 if row else 401)
