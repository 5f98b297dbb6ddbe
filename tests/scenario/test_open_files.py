"""Few open files: a start that cannot work says so; a start that works with fewer connections than it was told says that."""

import resource
import subprocess
import threading

import pytest
import yaml

import client
from harness import binary, environment, free_port, service, to_yaml
from upstream import Upstream

EXIT_UNAVAILABLE = 69


def serve(directory, files, limits=None, services=None, workers=2):
    config = {"version": 1, "server": {"listen": f"127.0.0.1:{free_port()}", "admin": f"127.0.0.1:{free_port()}", "workers": workers,
                                       "limits": limits or {}},
              "services": services or {}}
    (directory / "merlon.yaml").write_text(to_yaml(config))
    return subprocess.Popen([str(binary()), "serve"], cwd=directory, env=environment(), stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files)))


@pytest.mark.parametrize("files", [20, 26, 28, 30, 32, 64, 95])
def test_too_few_open_files_end_the_start_with_a_sentence(tmp_path, files):
    server = serve(tmp_path, files)
    printed, _ = server.communicate(timeout=60)
    assert server.returncode == EXIT_UNAVAILABLE, printed
    assert f"needs at least 96 open files with 2 workers, and may open {files}" in printed
    assert "listening" not in printed


def test_more_connections_than_files_are_warned_of(tmp_path):
    server = serve(tmp_path, 256, {"connections": 10_000})
    try:
        lines = iter(server.stdout.readline, "")
        warning = next(line for line in lines if "warning" in line)
        assert warning == "merlon: warning: server.limits.connections is 10000, but 256 open files allow 64, each with a request at a service\n"
        assert any("listening" in line for line in lines)
    finally:
        server.terminate()
        server.wait(60)


def test_as_many_connections_as_auto_allows_are_served_and_looked_after(tmp_path):
    """Each of them has a request at a service, which is a second file; and the admin listener is not theirs."""
    release = threading.Event()
    with Upstream(keep_raw=False) as upstream:
        upstream.on("/open/held", lambda _, link: release.wait(client.DEADLINE_S) and link.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
        routes = [{"path": "/open/**", "methods": ["GET"], "allow": "public", "limit": "none"}]
        server = serve(tmp_path, 1_024, {"connections_per_client": 100_000}, {"echo": service(upstream.url, routes, pool={"client_requests": 1_024})}, workers=1)
        port, admin = (int(yaml.safe_load((tmp_path / "merlon.yaml").read_text())["server"][name].rpartition(":")[2]) for name in ("listen", "admin"))
        connections = []
        try:
            assert any("listening" in line for line in iter(server.stdout.readline, ""))
            for _ in range(430):
                connections.append(client.Connection(port))
                connections[-1].send(client.build("GET", "/open/held"))
            flood = [client.Connection(port) for _ in range(300)]  # wait in the kernel's queue
            connections += flood
            client.wait_for(lambda: len(upstream.seen("/open/held")) == 430, what="the requests at the service")
            assert client.fetch(admin, "GET", "/livez").status == 200
            release.set()
            assert {connection.response().status for connection in connections[:430]} == {200}
        finally:
            release.set()
            for connection in connections:
                connection.close()
            server.terminate()
            server.wait(60)
            upstream.drop()
