"""The README's session, pasted in front of what `make run` starts, prints what the README shows.

A command stands in the session's block as it is pasted, over several lines where they end in a backslash; comments below it are
its output, line by line, "…" for anything.
"""

import re

import pytest

from documented import FreePorts, Shell, Terminal, copy_with_ports, matches
from harness import REPOSITORY, binary, environment

SESSION = re.compile(r"^## A session\n.*?^```sh\n(.*?)^```$", re.M | re.S)


def commands_of(session):
    """[(command, [lines of its output])]"""
    commands, is_continued = [], False
    for line in session.splitlines():
        if line.startswith("# "):
            commands[-1][1].append(line[2:])
        elif is_continued:
            commands[-1][0] += "\n" + line
        else:
            commands.append([line, []])
        is_continued = line.endswith("\\")
    return commands


@pytest.fixture
def place(tmp_path):
    """A folder like a checkout after `make build`, on free ports."""
    ports = FreePorts("3000", "9090", "9000")
    for name in ("examples/quickstart", "tools/run", "README.md"):
        copy_with_ports(name, tmp_path, ports)
    (tmp_path / "build/release").mkdir(parents=True)
    (tmp_path / "build/release/merlon").symlink_to(binary())
    return tmp_path


def start(folder, log):
    terminal = Terminal(folder, environment(), "exec tools/run", folder / log)
    terminal.expect(["merlon: listening on http://127.0.0.1:…"])
    return terminal


def test_the_session_prints_what_it_shows(place):
    session = SESSION.search((place / "README.md").read_text())[1]
    terminal = start(place, "log")
    shell = Shell(place, environment())
    try:
        for command, expected in commands_of(session):
            printed = shell.run(command)
            assert len(printed) == len(expected) and all(map(matches, expected, printed)), (
                f"{command}\nprinted:\n" + "\n".join(printed) + "\nthe README shows:\n" + "\n".join(expected))
    finally:
        shell.close()
        terminal.stop()


def test_make_run_prints_the_first_admins_password_and_starts_again_with_what_is_there(place):
    terminal = start(place, "first")
    terminal.expect(["merlon: first admin, shown once, change the password: …"])
    terminal.expect(["merlon: the demo has 50 products, 3 users and 60 orders"])
    terminal.stop()
    terminal = start(place, "second")
    terminal.stop()
    assert "first admin" not in (place / "second").read_text()
