"""What the operating system shows of a running server holds no secret."""

import pathlib

import client
from harness import is_sanitized

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
