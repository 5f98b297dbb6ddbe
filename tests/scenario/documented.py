"""What the tests of documents share: a shell that runs printed commands, and the ports of the page exchanged for free ones."""

import os
import re
import shutil
import signal
import subprocess

import client
from harness import REPOSITORY, START_DEADLINE_S, free_port


class FreePorts:
    """The ports that a page and its examples name, each with a free one to stand for it."""

    def __init__(self, *named):
        self.free = {port: str(free_port()) for port in named}
        self.pattern = re.compile(r"\b(" + "|".join(named) + r")\b")

    def exchange(self, text):
        return self.pattern.sub(lambda found: self.free[found[0]], text)


def copy_with_ports(name, folder, ports):
    """A file or folder of the repository into `folder`, with its ports exchanged."""
    source = REPOSITORY / name
    for path in [source] if source.is_file() else source.rglob("*"):
        if path.is_file() and "node_modules" not in path.parts:
            made = folder / path.relative_to(REPOSITORY)
            made.parent.mkdir(parents=True, exist_ok=True)
            made.write_text(ports.exchange(path.read_text()))
            shutil.copymode(path, made)


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
