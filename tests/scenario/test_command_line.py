"""The commands: exit codes, data on stdout and messages on stderr, --json, keys that rotate without a failed request."""

import contextlib
import json
import socket
import subprocess
import threading
import time

import client
import jose
from harness import PASSWORD, REFRESH_SECRET, SECRET, new_email, run, table


def test_version_says_it(tmp_path):
    done = run("version", directory=tmp_path)
    assert done.returncode == 0 and any(c.isdigit() for c in done.stdout)
    assert isinstance(json.loads(run("version", "--json", directory=tmp_path).stdout), dict)


@table({"unknown command": ["fly"], "unknown flag": ["serve", "--fly"], "missing argument": ["token", "verify", "--jwk"], "unknown subcommand": ["config", "fly"], "unknown role": ["serve", "--role", "fly"]})
def test_wrong_usage_is_2_and_says_so_on_stderr(tmp_path, row):
    done = run(*row, directory=tmp_path)
    assert done.returncode == 2 and done.stderr and not done.stdout


def test_help_is_on_stdout(tmp_path):
    done = run("--help", directory=tmp_path)
    assert done.returncode == 0 and "serve" in done.stdout


@table({"commands": (["merlon", ""], "serve"), "subcommands": (["merlon", "config", "s"], "schema"), "options": (["merlon", "config", "show", "--so"], "--sources")})
def test_completion_offers_what_the_command_line_has(tmp_path, row):
    words, offered = row
    script = run("completion", "bash", directory=tmp_path).stdout
    script += f"\nCOMP_WORDS=({' '.join(repr(word) for word in words)}); COMP_CWORD={len(words) - 1}; _merlon; echo ${{COMPREPLY[@]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert offered in done.stdout.split(), done
    for shell in ("zsh", "fish"):
        assert offered in run("completion", shell, directory=tmp_path).stdout


def test_token_inspect_shows_and_does_not_judge(tmp_path):
    token = jose.token({"alg": "HS256", "typ": "JWT"}, jose.seed_claims(), jose.hs256(SECRET))
    done = run("token", "inspect", "--json", directory=tmp_path, stdin=token)
    if done.returncode == 2:
        done = run("token", "inspect", "--json", token, directory=tmp_path)
    assert done.returncode == 0 and "550e8400-e29b-41d4-a716-446655440000" in done.stdout
    json.loads(done.stdout)


@table({"right": (SECRET, 0), "wrong": ("x" * 32, 1)})
def test_token_verify_judges_by_exit_code(tmp_path, row):
    secret, code = row
    (tmp_path / "key").write_text(json.dumps({"kty": "oct", "k": jose.b64(SECRET), "alg": "HS256"}))
    token = jose.token({"alg": "HS256"}, jose.seed_claims(), jose.hs256(secret))
    assert run("token", "verify", "--jwk", "key", "--signature-only", directory=tmp_path, stdin=token).returncode == code
    assert run("token", "verify", "--jwk", "key", "--signature-only", directory=tmp_path, stdin=token + "\n").returncode == code


def test_users_are_made_and_listed_beside_a_running_server(merlon):
    email = new_email("cli")
    create = ["user", "create", "--email", email, "--first-name", "Grace", "--last-name", "Hopper", "--role", "moderator", "--password-stdin"]
    assert merlon.run(*create, stdin=PASSWORD + "\n").returncode == 0
    assert merlon.login(email).user["role"] == "moderator"
    again = merlon.run(*create, stdin=PASSWORD + "\n")
    assert again.returncode == 1 and again.stderr
    listed = merlon.run("user", "list", "--json")
    assert listed.returncode == 0 and email in listed.stdout
    json.loads(listed.stdout)
    assert PASSWORD not in listed.stdout and "$2b$" not in listed.stdout


@table({"weak password": {"stdin": "weak\n"}, "unknown role": {"role": "king"}, "bad e-mail": {"email": "x"}})
def test_user_create_follows_the_same_rules(merlon, row):
    done = merlon.run("user", "create", "--email", row.get("email", new_email()), "--first-name", "Grace", "--last-name", "Hopper", "--role", row.get("role", "user"), "--password-stdin", stdin=row.get("stdin", PASSWORD + "\n"))
    assert done.returncode in (1, 2) and done.stderr and "weak" not in done.stderr


def test_users_are_made_without_a_server_too(launch):
    server = launch()
    server.stop()
    email = new_email("offline")
    done = server.run("user", "create", "--email", email, "--first-name", "Grace", "--last-name", "Hopper", "--role", "admin", "--password-stdin", stdin=PASSWORD)
    assert done.returncode == 0, done
    server.start()
    assert server.login(email).user["role"] == "admin"


def test_key_rotation_overlaps(launch):
    server = launch()
    account = server.register()
    old = jose.decode(account.access)[0]["kid"]
    done = server.run("key", "rotate")
    assert done.returncode == 0, done
    kids = [key["kid"] for key in server.get("/.well-known/jwks.json").json()["keys"]]
    assert old in kids and len(kids) >= 2, "publish before signing"
    assert server.me(account.access).status == 200
    assert server.try_refresh(account.refresh).status == 200
    token = server.register().access
    assert server.me(token).status == 200 and jose.decode(token)[0]["kid"] in kids
    assert json.loads(server.run("key", "list", "--json").stdout)
    server.wait_for_event("KEY_ROTATED")
    server.restart()
    assert server.me(account.access).status == 200


def test_healthcheck_follows_readiness(launch):
    server = launch()
    assert server.run("healthcheck").returncode == 0
    server.stop()
    assert server.run("healthcheck").returncode in (1, 69)


def health_of(directory, answer):
    """What `merlon healthcheck` says of an admin listener whose every connection `answer(socket)` serves."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def serve():
            with contextlib.suppress(OSError):
                link, _ = listener.accept()
                with link:
                    link.recv(4096)
                    answer(link)

        (directory / "merlon.yaml").write_text(f"server: {{admin: '127.0.0.1:{listener.getsockname()[1]}'}}\n")
        threading.Thread(target=serve, daemon=True).start()
        return run("healthcheck", directory=directory)


def pieces(*texts, pause=0.0):
    def send(link):
        for text in texts:
            time.sleep(pause)
            link.sendall(text)
    return send


def test_healthcheck_reads_an_answer_that_comes_in_pieces(tmp_path):
    assert health_of(tmp_path, pieces(b"HTT", b"P/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", pause=0.1)).returncode == 0
    assert health_of(tmp_path, pieces(b"HTTP/1.1 503 ", b"Service Unavailable\r\n\r\n")).returncode == 69


@table({
    "silent for long": pieces(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", pause=2.5),
    "a byte at a time": pieces(*[bytes([byte]) for byte in b"HTTP/1.1 200 OK\r\n"], pause=0.4),
})
def test_healthcheck_does_not_wait_for_a_server_that_takes_its_time(tmp_path, row):
    """Docker and Kubernetes kill a check that takes long, and its reason with it."""
    done = health_of(tmp_path, row)
    assert (done.returncode, done.stdout) == (69, "")
    assert "no response" in done.stderr


def test_start_to_ready_and_stop_leave_nothing_behind(launch):
    server = launch(env={"JWT_SECRET": SECRET, "JWT_REFRESH_SECRET": REFRESH_SECRET})
    assert server.is_ready()
    server.stop()
    assert not (server.directory / "data" / "merlon.sock").exists(), "the admin socket outlived the server"
    server.start()
    client.wait_for(server.is_ready)
    assert server.get("/health").json() == {"status": "ok"}


def test_a_stale_admin_socket_after_kill_9_is_no_obstacle(launch):
    server = launch()
    server.kill()
    server.start()
    assert server.run("user", "list", "--json").returncode == 0
