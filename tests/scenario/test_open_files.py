"""Few open files: a start that cannot work says so; a start that works with fewer connections than it was told says that."""

import resource
import subprocess

import pytest

from harness import binary, environment, free_port, to_yaml

EXIT_UNAVAILABLE = 69


def serve(directory, files, limits=None):
    config = {"version": 1, "server": {"listen": f"127.0.0.1:{free_port()}", "admin": f"127.0.0.1:{free_port()}", "workers": 2,
                                       "limits": limits or {}}}
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
