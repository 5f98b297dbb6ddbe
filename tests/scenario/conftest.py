"""Fixtures of the scenario tests. A module says what server it wants with CONFIG, ENV and FILES at its top.

CONFIG is laid over the harness's defaults (merge in harness.py); it, ENV and FILES may be functions of the
module's upstream. `merlon` and `upstream` live as long as the module; `launch` starts more servers for one test. With REDIS
their limits are in a Redis of the module's own.
"""

import math
import os
import pathlib
import signal
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import harness  # noqa: E402
from harness import Merlon, merge, service, standard_routes  # noqa: E402
from postgres import Postgres  # noqa: E402
from redis_server import Redis  # noqa: E402
from upstream import Upstream  # noqa: E402


def pytest_configure():
    """A run that is ended from outside, as by a terminal that closes, stops what it started, as one that is interrupted does."""
    for number in (signal.SIGHUP, signal.SIGTERM):
        if signal.getsignal(number) == signal.SIG_DFL:  # not where somebody wants it to go on (nohup)
            signal.signal(number, lambda number, _: pytest.exit(signal.strsignal(number), 128 + number))
    # A shell without job control starts what runs in its background with SIGINT ignored, and so would be what we start.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def builds():
    """File → (builds in which make check runs it, seconds it took there), as builds.txt says."""
    lines = (pathlib.Path(__file__).parent / "builds.txt").read_text().splitlines()
    rows = [line.split(maxsplit=3) for line in lines if line and not line.startswith("#")]
    return {file: (where.split(","), int(seconds)) for file, where, seconds, _ in rows}


def pytest_addoption(parser):
    parser.addoption("--build", choices=["dev", "asan"], help="only the files that make check runs in this build")
    parser.addoption("--postgres", action="store_true", help="the servers' stores are databases of a PostgreSQL that the tests start")


@pytest.fixture(scope="session")
def postgres():
    server = Postgres().start()
    yield server
    server.stop()


@pytest.fixture(scope="session", autouse=True)
def stores(request):
    if request.config.getoption("--postgres"):
        harness.stores = request.getfixturevalue("postgres").stores


def pytest_ignore_collect(collection_path, config):
    build = config.getoption("--build")
    where, _ = builds().get(collection_path.name, ((build,), 0))
    return True if build and build not in where else None


def pytest_collection_modifyitems(items):
    """Puts the longest files first, so that none of them begins when the others' workers are done. Skips, saying so, the promises
    of parts that are not built yet: pending.txt lists them. Whoever builds one takes its lines out."""
    known = builds()
    items.sort(key=lambda item: -known.get(item.path.name, ((), math.inf))[1])
    lines = (pathlib.Path(__file__).parent / "pending.txt").read_text().splitlines()
    pending = {line for line in lines if line and not line.startswith("#")}
    for item in items:
        name = item.path.name + "::" + item.nodeid.split("::", 1)[1]  # test_file.py::test_name[row]
        if pending & {name, name.split("[")[0], name.split("::")[0]}:
            item.add_marker(pytest.mark.skip(reason="pending: not built yet (tests/scenario/pending.txt)"))


def _value(module, name, upstream):
    value = getattr(module, name, None)
    return value(upstream) if callable(value) else value


@pytest.fixture(scope="module")
def upstream():
    with Upstream() as one:
        yield one


@pytest.fixture(scope="module")
def module_redis(request, tmp_path_factory):
    """The Redis of a module that says REDIS, else none."""
    if not getattr(request.module, "REDIS", False):
        yield None
        return
    server = Redis(tmp_path_factory.mktemp("redis")).start()
    yield server
    server.stop()


def _state(redis):
    return {"state": {"url": redis.url}} if redis else {}


@pytest.fixture(scope="module")
def merlon(request, upstream, tmp_path_factory, module_redis):
    config = merge({"services": {"echo": service(upstream.url, standard_routes())}, **_state(module_redis)},
                   _value(request.module, "CONFIG", upstream) or {})
    server = Merlon(tmp_path_factory.mktemp("merlon"), config, _value(request.module, "ENV", upstream),
                    _value(request.module, "FILES", upstream))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def launch(tmp_path, upstream, module_redis):
    """launch(config, env, files, flags=[…]) → a started server of this test's own, with the standard routes unless it names
    services; on a test machine when `machine` has options of one, such as {}."""
    servers = []
    if module_redis:
        module_redis.command("FLUSHALL")  # what earlier tests of the same client counted

    def start(config=None, env=None, files=None, ready=True, name=None, flags=(), machine=None):
        base = {} if "services" in (config or {}) else {"services": {"echo": service(upstream.url, standard_routes())}}
        base |= _state(module_redis)
        server = Merlon(tmp_path / (name or f"merlon{len(servers)}"), merge(base, config or {}), env, files, flags, machine)
        servers.append(server)
        return server.start(ready)

    yield start
    failures = []
    for server in servers:
        try:
            server.stop()
        except AssertionError as failure:
            failures.append(failure)
    if failures:
        raise failures[0]


@pytest.fixture(autouse=True)
def still_alive(request):
    """No test may end with the module's server dead: that would be a crash somebody else's assertion hid."""
    yield
    if "merlon" in request.fixturenames:
        server = request.getfixturevalue("merlon")
        assert server.is_running(), f"merlon died during this test:\n{server.stderr_text()[-4000:]}"


@pytest.fixture(scope="module")
def user(merlon):
    """A registered user with role `user`. Tests that end its sessions register their own."""
    return merlon.register()


@pytest.fixture(scope="module")
def admin(merlon):
    return merlon.create_admin()


def pytest_report_header(config):
    return f"merlon binary: {os.environ.get('MERLON', 'build/release/merlon, else build/dev/merlon')}"
