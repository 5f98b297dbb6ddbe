"""The manual page, the completion and --json, held against what the command line says of itself."""

import json
import re
import subprocess

import jose
from harness import PASSWORD, REPOSITORY, SECRET, new_email, run, table

PAGE = REPOSITORY / "docs/man/merlon.1"


def leaves(directory, path=()):
    """Every command that can be carried out, by walking through --help."""
    help_text = run(*path, "--help", directory=directory).stdout
    below = re.findall(r"^  (\w+) {2,}\S", help_text.partition("Subcommands:")[2], re.M)
    return [leaf for name in below for leaf in leaves(directory, (*path, name))] if below else [path]


def test_the_committed_page_is_what_the_command_line_makes(tmp_path):
    made = run("man", directory=tmp_path).stdout
    assert made == PAGE.read_text(), "make man writes it anew"


def test_the_page_has_every_command_and_every_option(tmp_path):
    page = PAGE.read_text().replace("\\-", "-").replace("\\fB", "").replace("\\fI", "").replace("\\fR", "")
    for path in leaves(tmp_path):
        usage = re.search(rf"^\.SS merlon {' '.join(path)}\n(.*)$", page, re.M)
        assert usage, path
        for option in re.findall(r"^ +(?:-\w,)?(--[a-z-]+)", run(*path, "--help", directory=tmp_path).stdout, re.M):
            assert option in usage[1].replace("]", " ").replace("[", " ").split() + ["--help"], (path, option)


def test_the_page_has_no_faults_in_its_markup():
    done = subprocess.run(["groff", "-man", "-ww", "-z", PAGE], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and not done.stderr, done


def test_completion_offers_every_command_and_option(tmp_path):
    script = run("completion", "bash", directory=tmp_path).stdout
    for path in leaves(tmp_path):
        words = ["merlon", *path]
        for typed, expected in ((words, words[-1]), ([*words, "--js"], "--json")):
            shell = f"{script}\nCOMP_WORDS=({' '.join(typed)}); COMP_CWORD={len(typed) - 1}; _merlon; echo ${{COMPREPLY[@]}}"
            done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=True)
            assert expected in done.stdout.split(), (typed, done.stdout)


def test_every_command_takes_json(tmp_path):
    found = leaves(tmp_path)
    assert {("migrate", "up"), ("migrate", "status"), ("serve",), ("man",), ("token", "verify")} <= set(found)
    for path in found:
        assert "--json" in run(*path, "--help", directory=tmp_path).stdout.split(), path


TOKEN = jose.token({"alg": "HS256"}, jose.seed_claims(), jose.hs256(SECRET))
KEY = json.dumps({"kty": "oct", "k": jose.b64(SECRET), "alg": "HS256"})


@table({
    "version": (["version"], 0, {"version"}), "config check": (["config", "check"], 0, {"problems"}), "config show": (["config", "show"], 0, {"server"}),
    "config schema": (["config", "schema"], 0, {"$schema"}), "healthcheck": (["healthcheck"], 0, {"ready"}), "completion": (["completion", "fish"], 0, {"script"}), "man": (["man"], 0, {"page"}),
    "token inspect": (["token", "inspect", TOKEN], 0, {"header", "payload"}), "token verify": (["token", "verify", "--jwk", "key", "--signature-only"], 0, {"valid"}),
    "a wrong signature": (["token", "verify", "--jwk", "other", "--signature-only"], 1, {"valid", "rule"}), "a wrong configuration": (["config", "check", "--set", "server.workres=1"], 78, {"problems"}),
    "nobody there": (["healthcheck", "--set", "server.admin=127.0.0.1:1"], 69, {"ready"}), "user list": (["user", "list"], 0, None), "key list": (["key", "list"], 0, None), "migrate status": (["migrate", "status"], 0, None),
    "pki init": (["pki", "init", "-d", "first"], 0, {"certificate", "key", "trustDomain", "expiresAt"}),
    "user create": (["user", "create", "--email", new_email(), "--first-name", "Grace", "--last-name", "Hopper", "--password-stdin"], 0, {"id", "locked"}),
})
def test_json_is_json_whatever_the_outcome(merlon, row):
    arguments, code, members = row
    (merlon.directory / "key").write_text(KEY)
    (merlon.directory / "other").write_text(KEY.replace(jose.b64(SECRET), jose.b64(b"x" * 32)))
    done = merlon.run(*arguments, "--json", stdin=TOKEN if "token" in arguments else PASSWORD)
    assert done.returncode == code, done
    document = json.loads(done.stdout)
    assert members is None and isinstance(document, list) or members <= set(document), document


def test_config_check_tells_a_program_where_to_look(tmp_path):
    (tmp_path / "merlon.yaml").write_text("version: 1\nserver:\n  workres: 2\n")
    [problem] = json.loads(run("config", "check", "--json", directory=tmp_path).stdout)["problems"]
    assert problem["grade"] == "error" and problem["source"] == "merlon.yaml:3:3" and problem["key"] == "server.workres" and "workers" in problem["message"]
