"""The README's session of an installation in parts, on the PostgreSQL and Redis that the tests start, prints what the README shows."""

import re
import socket

from documented import Shell, matches
from harness import REPOSITORY, binary, environment, free_port
from redis_server import Redis
from test_readme import commands_of

SESSION = re.compile(r"^## In production\n.*?^```sh\n(.*?)^```$", re.M | re.S)
ROLES = {"auth": 3001, "users": 3002, "products": 3003, "orders": 3004}
ADMIN = 9090  # the first of six that follow each other


def free_ports_in_a_row(count):
    for _ in range(200):
        first = free_port()
        try:
            for port in range(first, first + count):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
    raise AssertionError("no free ports in a row")


def of_server(session, postgres):
    """The session on the tests' PostgreSQL, where the user merlon and its databases are others'."""
    run_as_postgres = f"psql -h 127.0.0.1 -p {postgres.port} -U merlon -d postgres"
    for shown, here in {"sudo -u postgres psql": run_as_postgres, "CREATE ROLE merlon": "CREATE ROLE readme",
                        "OWNER merlon": "OWNER readme", "DATABASE merlon": "DATABASE readme",
                        "postgres://merlon@127.0.0.1:5432/merlon": f"postgres://readme@127.0.0.1:{postgres.port}/readme"}.items():
        assert shown in session
        session = session.replace(shown, here)
    return session


def exchange(text, ports):
    return re.sub(r"(?<=[:=])(" + "|".join(ports) + r")\b", lambda found: ports[found[0]], text)


def test_the_session_prints_what_it_shows(tmp_path, postgres):
    session = SESSION.search((REPOSITORY / "README.md").read_text())[1]
    first = free_ports_in_a_row(6)
    ports = {str(ADMIN + i): str(first + i) for i in range(6)} | {str(port): str(free_port()) for port in (3000, *ROLES.values())}
    (tmp_path / "build/release").mkdir(parents=True)
    (tmp_path / "build/release/merlon").symlink_to(binary())
    # What no command names is in the file: the roles' own ports, which others may have on this machine.
    (tmp_path / "merlon.yaml").write_text(exchange(
        "version: 1\nserver: { listen: 127.0.0.1:3000 }\nfleet:\n" + "".join(
            f"  {role}: {{ listen: 127.0.0.1:{port}, url: 'https://127.0.0.1:{port}' }}\n" for role, port in ROLES.items()), ports))
    session = of_server(session, postgres)
    redis = Redis(tmp_path / "redis").start()
    shell = Shell(tmp_path, environment())
    try:
        for command, expected in commands_of(exchange(session.replace("127.0.0.1:6379", f"127.0.0.1:{redis.port}"), ports)):
            printed = shell.run(command)
            assert len(printed) == len(expected) and all(map(matches, expected, printed)), (
                f"{command}\nprinted:\n" + "\n".join(printed) + "\nthe README shows:\n" + "\n".join(expected))
    finally:
        shell.run("kill $(jobs -p) 2>kill.log; wait")
        shell.close()
        redis.kill()
