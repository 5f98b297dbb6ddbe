"""merlon.yaml: precedence, exact errors, references, masked secrets; and what is unsafe does not start."""

import json

import pytest

from harness import SECRET, REFRESH_SECRET, free_port, run, table, to_yaml


def write(directory, text):
    (directory / "merlon.yaml").write_text(text)
    return directory


def check(directory, text, env=None):
    return run("config", "check", directory=write(directory, text), env=env)


def value(directory, text, path, env=None, *flags):
    done = run("config", "show", "--json", *flags, directory=write(directory, text), env=env)
    assert done.returncode == 0, done
    found = json.loads(done.stdout)
    for name in path.split("."):
        found = found[name]
    return found


@table({
    "nothing but the version": "version: 1\n", "the contract's example parts": "version: 1\nserver: {listen: ['127.0.0.1:3000', 'unix:/tmp/x.sock'], trusted_proxies: [unix], workers: 2}\n",
    "durations and sizes": "version: 1\nserver: {timeouts: {header: 10s, drain: 1m}, limits: {body: 2MiB, target: 8KiB}}\n", "a role": "version: 1\naccess: {roles: {user: ['read:profile']}}\n",
})
def test_good_configuration_passes(tmp_path, row):
    assert check(tmp_path, row).returncode == 0


@table({
    "unknown key": ("version: 1\nserver:\n  lisen: 127.0.0.1:1\n", ["merlon.yaml:3", "lisen", "listen"]), "unknown section": ("version: 1\nlimitz: {}\n", ["merlon.yaml:2", "limitz", "limits"]),
    "unknown nested": ("version: 1\ntokens:\n  algorithm: ES256\n  acess_ttl: 15m\n", ["merlon.yaml:4", "acess_ttl", "access_ttl"]), "number for a list": ("version: 1\ncors:\n  origins: 5\n", ["merlon.yaml:3"]),
    "duration without unit word": ("version: 1\ntokens:\n  access_ttl: soon\n", ["merlon.yaml:3", "access_ttl"]), "negative": ("version: 1\nlimits:\n  api: {max: -1}\n", ["merlon.yaml:3"]),
    "unknown algorithm": ("version: 1\ntokens:\n  algorithm: none\n", ["merlon.yaml:3", "algorithm"]), "cost 3": ("version: 1\npasswords:\n  bcrypt_cost: 3\n", ["merlon.yaml:3", "bcrypt_cost"]),
    "cost 17": ("version: 1\npasswords:\n  bcrypt_cost: 17\n", ["merlon.yaml:3"]), "a Unix socket whose clients are one": ("version: 1\nserver:\n  listen: ['127.0.0.1:3000', 'unix:/tmp/x.sock']\n", ["merlon.yaml:3", "trusted_proxies: [unix]"]),
    "a name as a name server": ("version: 1\nserver:\n  dns_servers: [dns.example]\n", ["merlon.yaml:3", "dns_servers"]), "no time for a body": ("version: 1\nserver:\n  timeouts: {upload: 0s}\n", ["merlon.yaml:3", "upload"]),
    "no time for a stream": ("version: 1\nserver:\n  timeouts: {stream: 10ms}\n", ["merlon.yaml:3", "stream"]),
    "a pool of nothing": ("version: 1\nservices:\n  a:\n    url: http://127.0.0.1:1\n    pool: {requests: 0}\n    routes: [{path: /a, methods: [GET], allow: public}]\n", ["merlon.yaml:5", "requests"]),
    "bad CIDR": ("version: 1\nserver:\n  trusted_proxies: ['10.0.0.0/33']\n", ["merlon.yaml:3"]),
    "route without access": ("version: 1\nservices:\n  a:\n    url: http://127.0.0.1:1\n    routes:\n      - { path: /x, methods: [GET] }\n", ["merlon.yaml:6", "allow"]),
    "duplicate key": ("version: 1\nserver: {}\nserver: {}\n", ["merlon.yaml:3"]), "anchor": ("version: 1\nserver: &a {}\n", ["merlon.yaml:2"]), "tag": ("version: !!python/object 1\n", ["merlon.yaml:1"]),
    "origin star with credentials": ("version: 1\ncors:\n  origins: ['*']\n  credentials: true\n", ["merlon.yaml:3"]), "version 2": ("version: 2\n", ["merlon.yaml:1", "version"]),
    "public without TLS": ("version: 1\nserver:\n  listen: 0.0.0.0:3000\n", ["listen"]),  # loopback only, unless behind_tls_proxy
    "empty, as while it is written": ("", ["merlon.yaml", "empty"]), "only a comment": ("# later\n", ["merlon.yaml", "empty"]),
    "missing environment reference": ("version: 1\nkeys:\n  master: env:NO_SUCH_NAME\n", ["NO_SUCH_NAME"]), "missing file reference": ("version: 1\nkeys:\n  master: file:/no/such/file\n", ["/no/such/file"]),
})
def test_a_fault_is_named_with_file_line_and_nearest_key(tmp_path, row):
    text, words = row
    done = check(tmp_path, text)
    assert done.returncode == 78, done
    for word in words:
        assert word in done.stderr, done.stderr
    served = run("serve", "-c", "merlon.yaml", directory=tmp_path, timeout=60)
    assert served.returncode == 78, served


def test_all_faults_or_the_first_but_never_a_default_instead(tmp_path):
    assert check(tmp_path, "version: 1\nserver: [1, 2]\n").returncode == 78
    assert run("config", "check", "-c", "absent.yaml", directory=tmp_path).returncode in (66, 78)


def test_an_unknown_variable_is_an_error(tmp_path):
    done = check(tmp_path, "version: 1\n", {"MERLON_SERVER__LISEN": "127.0.0.1:1"})
    assert done.returncode == 78 and "MERLON_SERVER__LISEN" in done.stderr and "LISTEN" in done.stderr.upper().replace("LISEN", "")


def test_precedence_is_variable_then_its_file_then_yaml_then_default(tmp_path):
    text = "version: 1\nserver: {listen: '127.0.0.1:1111'}\n"
    (tmp_path / "listen").write_text("127.0.0.1:2222\n")
    from_file = {"MERLON_SERVER__LISTEN_FILE": str(tmp_path / "listen")}
    both = from_file | {"MERLON_SERVER__LISTEN": "127.0.0.1:3333"}
    assert "4444" in str(value(tmp_path, text, "server.listen", both, "--set", "server.listen=127.0.0.1:4444"))
    for env, port in ((None, "1111"), (from_file, "2222"), (both, "3333")):
        assert port in str(value(tmp_path, text, "server.listen", env)), port
    assert "3000" in str(value(tmp_path, "version: 1\n", "server.listen"))


def test_show_sources_names_them_and_masks_secrets(tmp_path):
    write(tmp_path, "version: 1\nserver: {workers: 3}\n")
    done = run("config", "show", "--sources", directory=tmp_path, env={"JWT_SECRET": SECRET, "JWT_REFRESH_SECRET": REFRESH_SECRET, "MERLON_TOKENS__ISSUER": "auth-service"})
    assert done.returncode == 0, done
    assert SECRET not in done.stdout + done.stderr and REFRESH_SECRET not in done.stdout + done.stderr
    assert "merlon.yaml" in done.stdout and "MERLON_TOKENS__ISSUER" in done.stdout and "JWT_SECRET" in done.stdout and "default" in done.stdout


def test_the_schemas_defaults_are_what_show_shows(tmp_path):
    schema = json.loads(run("config", "schema", directory=tmp_path).stdout)
    shown = json.loads(run("config", "show", "--json", directory=write(tmp_path, "version: 1\n")).stdout)

    def compare(properties, values, path):
        for name, described in properties.items():
            assert described.get("description"), f"{path}{name} is not described"
            if "default" in described and name in values:
                assert described["default"] == values[name], path + name
            compare(described.get("properties", {}), values.get(name, {}), f"{path}{name}.")

    compare(schema["properties"], shown, "")


def test_the_schema_is_json_schema_and_knows_the_sections(tmp_path):
    done = run("config", "schema", directory=tmp_path)
    assert done.returncode == 0
    schema = json.loads(done.stdout)
    assert "$schema" in schema and {"server", "tokens", "limits", "cors", "services", "access"} <= set(schema["properties"])


@table({"seed's sample": "your-secret-key", "seed's sample, long": "your-secret-key-your-secret-key-your-secret-key", "secret": "secret", "jwt.io": "your-256-bit-secret", "jwt.io, long": "a-string-secret-at-least-256-bits-long", "31 bytes": SECRET[:31], "one letter": "a" * 32, "changeme": "changeme" * 4, "empty": ""})
def test_known_and_short_secrets_do_not_start(tmp_path, row):
    write(tmp_path, to_yaml({"version": 1, "server": {"listen": f"127.0.0.1:{free_port()}", "admin": f"127.0.0.1:{free_port()}"}, "tokens": {"algorithm": "HS256"}}))
    done = run("serve", "-c", "merlon.yaml", directory=tmp_path, env={"JWT_SECRET": row, "JWT_REFRESH_SECRET": REFRESH_SECRET}, timeout=60)
    assert done.returncode == 78, done
    assert not row or row in ("secret",) or row not in done.stderr, "the secret is in the message"


def test_references_from_environment_and_file_work(launch, tmp_path):
    (tmp_path / "master").write_text("n4Wd8ZkQ2mVx7TbR9pYc3HsL6gJf1EaU")
    for reference, env in (("env:MY_MASTER", {"MY_MASTER": "n4Wd8ZkQ2mVx7TbR9pYc3HsL6gJf1EaU"}), (f"file:{tmp_path}/master", {})):
        server = launch({"keys": {"master": reference}}, env)
        account = server.register()
        server.restart()
        assert server.me(account.access).data["email"] == account.email


def test_a_wrong_master_key_does_not_start_and_destroys_nothing(launch):
    server = launch({"keys": {"master": "env:MY_MASTER"}}, {"MY_MASTER": "n4Wd8ZkQ2mVx7TbR9pYc3HsL6gJf1EaU"})
    account = server.register()
    server.stop()
    done = run("serve", "-c", "merlon.yaml", directory=server.directory, env={"MY_MASTER": "Z4Wd8ZkQ2mVx7TbR9pYc3HsL6gJf1EaU"}, timeout=60)
    assert done.returncode in (1, 69, 77, 78), done
    server.start()
    assert server.me(account.access).status == 200


def test_roles_come_from_the_configuration(launch):
    server = launch({"access": {"roles": {"user": ["read:profile", "delete:products"]}}})
    account = server.register()
    assert set(account.user["permissions"]) == {"read:profile", "delete:products"}
    assert server.call("DELETE", "/management/1", token=account.access).status == 200
    assert server.get("/catalog/x", token=account.access).status == 403


@pytest.mark.parametrize("limit, target, status", [({"body": "1KiB"}, "/open/x", 413), ({"target": "64B"}, "/open/" + "a" * 100, 414), ({"fields": 5}, "/open/x", 431)])
def test_the_servers_limits_are_configurable(launch, limit, target, status):
    server = launch({"server": {"limits": limit}})
    answer = server.call("POST", target, {f"X-{n}": "1" for n in range(6 if status == 431 else 0)}, b"x" * 2000 if status == 413 else b"")
    assert answer.status == status
