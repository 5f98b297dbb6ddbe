"""Every command of the guides, run as printed, prints what the guide shows.

A ```console block holds commands behind "$ " and, below each, its output; "…" in a line stands for anything. The blocks of a
page share one shell. A block with a name (```console service) is a terminal of its own, whose last command goes on running
until <!-- stop service -->. Ports are exchanged for free ones, in the page and in the example's files.
"""

import os
import re
import shutil
import signal
import subprocess

import pytest

import client
from harness import REPOSITORY, START_DEADLINE_S, binary, environment, free_port

GUIDES = sorted((REPOSITORY / "docs/guide").glob("*.md"))
STEP = re.compile(r"^```console(?: (?P<terminal>\w+))?\n(?P<text>.*?)^```$|^<!-- stop (?P<stopped>\w+) -->$", re.M | re.S)
PORT = re.compile(r"\b(3000|9090|9100)\b")


def commands_of(text):
    """[(command, [lines of its output])]"""
    commands = []
    for line in text.splitlines():
        if line.startswith("$ "):
            commands.append((line[2:], []))
        else:
            commands[-1][1].append(line)
    return commands


def matches(shown, line):
    return re.fullmatch(".*?".join(re.escape(part) for part in shown.split("…")), line) is not None


class Shell:
    """One bash for all foreground blocks, so that variables and the folder stay."""

    def __init__(self, directory, env):
        self.process = subprocess.Popen(["bash", "--noprofile", "--norc"], cwd=directory, env=env, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8")

    def run(self, command):
        end = "--- end of command ---"
        self.process.stdin.write(f"{{ {command}\n}} </dev/null\nprintf '\\n%s\\n' '{end}'\n")
        self.process.stdin.flush()
        lines = []
        while (line := self.process.stdout.readline()) and line != end + "\n":
            lines.append(line.rstrip("\n"))
        assert line, f"the shell ended in: {command}"
        return lines[:-1] if lines[-1] == "" else lines

    def close(self):
        self.process.stdin.close()
        self.process.wait(60)


class Terminal:
    """A command that goes on running, in a process group of its own."""

    def __init__(self, directory, env, command, log):
        self.command, self.log = command, log
        with open(log, "wb") as out:
            self.process = subprocess.Popen(["bash", "--noprofile", "--norc", "-c", command], cwd=directory, env=env, stdin=subprocess.DEVNULL,
                                            stdout=out, stderr=subprocess.STDOUT, start_new_session=True)

    def shows(self, expected):
        lines = self.log.read_text("utf-8", "replace").splitlines()
        return any(all(matches(*pair) for pair in zip(expected, lines[at:])) and len(lines) - at >= len(expected) for at in range(len(lines)))

    def expect(self, expected):
        def check():
            assert self.process.poll() is None, f"{self.command} ended:\n{self.log.read_text()}"
            return self.shows(expected)
        client.wait_for(check, within=START_DEADLINE_S, what=f"{expected} of {self.command}")

    def stop(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(60)


@pytest.fixture
def place(tmp_path):
    """A folder with the examples on free ports and merlon on the path: (folder, environment, port → free port)."""
    ports = {port: str(free_port()) for port in ("3000", "9090", "9100")}
    shutil.copytree(REPOSITORY / "examples", tmp_path / "examples")
    for path in (tmp_path / "examples").rglob("*"):
        if path.is_file():
            path.write_text(PORT.sub(lambda found: ports[found[0]], path.read_text()))
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/merlon").symlink_to(binary())
    env = environment()
    return tmp_path, env | {"PATH": f"{tmp_path / 'bin'}:{env['PATH']}"}, ports


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_every_command_of_a_guide_prints_what_it_shows(place, guide):
    folder, env, ports = place
    page = PORT.sub(lambda found: ports[found[0]], guide.read_text())
    shell, terminals, ran = Shell(folder, env), {}, 0
    try:
        for number, step in enumerate(STEP.finditer(page)):
            if step["stopped"]:
                terminals.pop(step["stopped"]).stop()
                continue
            for command, expected in commands_of(step["text"]):
                ran += 1
                if step["terminal"]:
                    assert step["terminal"] not in terminals, f"{step['terminal']} still runs"
                    terminals[step["terminal"]] = Terminal(folder, env, command, folder / f"log.{number}")
                    terminals[step["terminal"]].expect(expected)
                else:
                    printed = shell.run(command)
                    assert len(printed) == len(expected) and all(map(matches, expected, printed)), (
                        f"$ {command}\nprinted:\n" + "\n".join(printed) + "\nthe guide shows:\n" + "\n".join(expected))
    finally:
        for terminal in terminals.values():
            terminal.stop()
        shell.close()
    assert ran > 20


def test_a_guide_quotes_the_example_as_it_is():
    for guide in GUIDES:
        files = "\n".join(path.read_text() for path in (REPOSITORY / "examples").rglob("*.yaml"))
        for quoted in re.findall(r"^```yaml\n(.*?)^```$", guide.read_text(), re.M | re.S):
            assert quoted in files, f"{guide.name} quotes what stands in no example:\n{quoted}"


def test_no_block_of_a_guide_is_left_out():
    """A block of another kind would not be run."""
    for guide in GUIDES:
        kinds = set(re.findall(r"^```(\w+)", guide.read_text(), re.M))
        assert kinds <= {"console", "yaml"}, f"{guide.name}: {kinds}"
