"""Every command of the guides, run as printed, prints what the guide shows.

A ```console block holds commands behind "$ " and, below each, its output; "…" in a line stands for anything. The blocks of a
page share one shell. A block with a name (```console service) is a terminal of its own, whose last command goes on running
until <!-- stop service -->. Ports are exchanged for free ones, in the page and in the example's files.
"""

import re

import pytest

import npm
from documented import FreePorts, Shell, Terminal, copy_with_ports, matches
from harness import REPOSITORY, binary, environment
from redis_server import Redis

GUIDES = sorted((REPOSITORY / "docs/guide").glob("*.md"))
STEP = re.compile(r"^```console(?: (?P<terminal>\w+))?\n(?P<text>.*?)^```$|^<!-- stop (?P<stopped>\w+) -->$", re.M | re.S)


def commands_of(text):
    """[(command, [lines of its output])]"""
    commands = []
    for line in text.splitlines():
        if line.startswith("$ "):
            commands.append((line[2:], []))
        else:
            commands[-1][1].append(line)
    return commands


@pytest.fixture
def place(tmp_path):
    """A folder with the examples on free ports and merlon on the path: (folder, environment, port → free port)."""
    ports = FreePorts("3000", "9090", "9100", "4000", "6379", "9101", "9102", "3443", "3080")
    copy_with_ports("examples", tmp_path, ports)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/merlon").symlink_to(binary())
    env = environment()
    return tmp_path, env | {"PATH": f"{tmp_path / 'bin'}:{env['PATH']}"}, ports


@pytest.fixture
def servers(request, place):
    """What a page that calls psql finds on its machine: PostgreSQL, Redis, and the packages of npm in npm's cache."""
    folder, _, ports = place
    if "psql" not in request.node.callspec.params["guide"].read_text():
        yield {}
        return
    npm.install(REPOSITORY / "examples/express-shop")
    redis = Redis(folder / "redis", port=int(ports.free["6379"])).start()
    postgres = request.getfixturevalue("postgres")
    yield {"PGHOST": "127.0.0.1", "PGPORT": str(postgres.port), "PGUSER": "merlon", "npm_config_prefer_offline": "true"}
    redis.stop()


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_every_command_of_a_guide_prints_what_it_shows(place, servers, guide):
    folder, env, ports = place
    env |= servers
    page = ports.exchange(guide.read_text())
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
