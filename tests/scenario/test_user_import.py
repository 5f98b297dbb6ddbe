"""merlon user import: people come from another system with their ids and passwords, and no kill at any moment costs anybody anything.

MERLON_IMPORT_PEOPLE says how many people the import has that is killed again and again: 2,000 by default, 100,000 for a release."""

import json
import os
import sqlite3
import stat
import subprocess
import time
import uuid
import warnings

import pytest

from client import wait_for
from harness import Merlon, PASSWORD, binary, environment, free_port, new_email, table

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import crypt

PEOPLE = int(os.environ.get("MERLON_IMPORT_PEOPLE", "2000"))
BATCH = 256  # ImportLines::lines_max

# Of the password "password": what each kind of old system has.
HASHES = {
    "bcrypt of Node and Python": crypt.crypt("password", "$2b$04$" + "abcdefghijklmnopqrstuu"),
    "bcrypt of pgcrypto, gen_salt('bf')": crypt.crypt("password", "$2a$06$" + "abcdefghijklmnopqrstuu"),
    "bcrypt of PHP": crypt.crypt("password", "$2y$05$" + "abcdefghijklmnopqrstuu"),
    # Of the reference implementation's test.c; argon2i's and argon2d's by Debian's libargon2, as in password_hash_test.cc.
    "argon2id": "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
    "argon2i": "$argon2i$v=19$m=256,t=2,p=2$c29tZXNhbHQ$T/XOJ2mh1/TIpJHfCdQan76Q5esCFVoT5MAeIM1Oq2E",
    "argon2d": "$argon2d$v=19$m=256,t=2,p=2$c29tZXNhbHQ$e2nJLXw4iarRKB28i678Esw3yA8cdeM+8sLUDCjrxXM",
}
QUICK = HASHES["bcrypt of Node and Python"]


def person(**more):
    return {"id": str(uuid.uuid4()), "email": new_email("old"), "firstName": "Ada", "lastName": "King"} | more


def to_lines(people):
    return "".join(json.dumps(one) + "\n" for one in people)


def write(server, people, name="people.jsonl"):
    path = server.directory / name
    path.write_bytes(people if isinstance(people, bytes) else to_lines(people).encode())
    path.chmod(0o600)
    return path


def summary(done, code=0):
    assert done.returncode == code, done
    return json.loads(done.stdout)


def import_(server, people, *flags, code=0):
    return summary(server.run("user", "import", "--json", *flags, write(server, people), timeout=1200), code)


def report_of(server, people, *flags, code=1):
    """The refused lines of an import: number → rule."""
    counts = import_(server, people, *flags, "--report", "refused.jsonl", code=code)
    refused = [json.loads(line) for line in (server.directory / "refused.jsonl").read_text().splitlines()]
    assert counts["refused"] == len(refused)
    return {one["line"]: one["rule"] for one in refused}


class Store:
    """What is in a server's databases, whichever they are."""

    def __init__(self, server, postgres):
        self.server, self.postgres = server, postgres

    def rows(self, sql, database="merlon"):
        if self.postgres is None:
            with sqlite3.connect(f"file:{self.server.directory}/data/{database}.db?mode=ro", uri=True) as store:
                return ["|".join(map(str, row)) for row in store.execute(sql)]
        section = {"merlon": "store", "keys": "keys"}[database]
        return self.postgres.rows(sql, self.server.config[section]["url"].rpartition("/")[2])

    def hash_of(self, one):
        return self.rows(f"SELECT password FROM accounts WHERE id = '{one['id']}'")[0]

    def accounts(self):
        return self.rows("SELECT id FROM accounts ORDER BY id")

    def keys(self):
        return self.rows("SELECT person FROM person_keys WHERE role = 'auth' ORDER BY person", "keys")

    def pending(self):
        return self.rows("SELECT person FROM pending_people", "keys")


@pytest.fixture(params=["sqlite", "postgres"])
def installation(request, launch):
    postgres = request.getfixturevalue("postgres") if request.param == "postgres" else None
    server = launch(postgres.stores() if postgres else {"store": {"url": "sqlite:data/merlon.db"}, "keys": {"url": "sqlite:data/keys.db"}})
    return server, Store(server, postgres)


def test_each_kind_of_hash_signs_in_and_is_replaced_at_once(installation):
    server, store = installation
    people = {kind: person(hash=value, createdAt="2019-05-06T07:08:09.123Z") for kind, value in HASHES.items()}
    counts = import_(server, people.values())
    assert counts == {"people": 6, "imported": 6, "present": 0, "refused": 0, "withoutPassword": 0, "unverified": 0, "dryRun": False,
                      "roles": {"user": 6}}
    for kind, one in people.items():
        assert store.hash_of(one) == one["hash"], kind
        assert server.try_login(one["email"], "Password").status == 401, kind
        assert store.hash_of(one) == one["hash"], kind
        user = server.login(one["email"].upper(), "password").user
        assert {key: user[key] for key in ("id", "email", "firstName", "lastName", "role", "createdAt")} == {
            "id": one["id"], "email": one["email"], "firstName": "Ada", "lastName": "King", "role": "user", "createdAt": "2019-05-06T07:08:09.123Z"}
        assert store.hash_of(one).startswith("$2b$04$"), kind  # the configured kind and cost
        server.login(one["email"], "password")


def test_without_a_server_the_store_is_worked_on_and_a_second_run_finds_all_there(installation):
    server, store = installation
    server.stop()
    people = [person(hash=QUICK) for _ in range(BATCH + 10)]
    assert import_(server, people)["imported"] == len(people)
    again = import_(server, people)
    assert (again["imported"], again["present"], again["refused"]) == (0, len(people), 0)
    assert set(store.accounts()) > {one["id"] for one in people} and store.accounts() == store.keys()
    assert not set(store.pending()) & {one["id"] for one in people}
    server.start()
    assert import_(server, people)["present"] == len(people)
    assert server.login(people[-1]["email"], "password").id == people[-1]["id"]


def test_roles_are_the_declared_ones_and_an_imported_admin_is_a_warning(installation):
    server, store = installation
    root = person(role="admin", hash=QUICK)
    assert report_of(server, [root, person(role="moderator"), person(role="king"), person(role="Admin"), person()]) == {
        3: "schema.violation", 4: "schema.violation"}
    assert server.get("/api/users", token=server.login(root["email"], "password").access).status == 200
    (event,) = server.wait_for_event("ADMIN_ACTION")
    assert event["severity"] == "warning" and event["details"]["roles"] == "admin 1, moderator 1, user 1", event
    stored = [json.loads(line) for line in server.run("audit", "tail", "--json", "--type", "ADMIN_ACTION").stdout.splitlines()]
    assert len(stored) == 1 and stored[0]["details"]["accounts"] == "3"


def test_who_has_no_password_signs_in_after_an_operator_gave_one(launch):
    server = launch()
    one = person(verified=False)
    assert import_(server, [one]) == {"people": 1, "imported": 1, "present": 0, "refused": 0, "withoutPassword": 1, "unverified": 1,
                                      "dryRun": False, "roles": {"user": 1}}
    assert server.try_login(one["email"], "password").status == 401
    assert server.run("user", "password", one["email"], "--password-stdin", stdin=PASSWORD + "\n").returncode == 0
    assert server.login(one["email"], PASSWORD).id == one["id"]


# ---- what is refused, and how it is said

def test_a_dry_run_refuses_what_the_import_refuses_and_changes_nothing(installation):
    server, store = installation
    there = server.register()
    first = person(hash=QUICK)
    people = [first, *(person() for _ in range(BATCH)),  # those behind come in another batch
              first, first | {"email": new_email()}, person(email=first["email"].upper()),
              person(email=there.email), person(id=there.id), person(id=there.id, email=there.email),
              person(hash="$2b$31$" + QUICK[7:]), person(hash="$1$salt$hash"), person(hash="$2b$12$short"), person(role="king"),
              person(id="17"), person(id=17), person(passwordHash=QUICK), person(firstName="A"), person(email="none"),
              person(createdAt="2999-01-01T00:00:00Z")]
    before = store.accounts(), store.keys(), store.pending()
    n = BATCH + 1
    expected = {n + 2: "import.id_taken", n + 3: "account.email_taken", n + 4: "account.email_taken", n + 5: "import.id_taken",
                n + 7: "password.cost", n + 8: "password.kind", n + 9: "password.encoding", n + 10: "schema.violation",
                n + 11: "import.id", n + 12: "schema.violation", n + 13: "import.field", n + 14: "schema.violation",
                n + 15: "schema.violation", n + 16: "import.created_at"}
    assert report_of(server, people, "--dry-run") == expected
    dry = import_(server, people, "--dry-run", code=1)
    assert (store.accounts(), store.keys(), store.pending()) == before and not server.events("ADMIN_ACTION")
    assert report_of(server, people) == expected
    assert dry == {"people": len(people), "imported": n, "present": 2, "refused": len(expected), "withoutPassword": n - 1, "unverified": 0,
                   "dryRun": True, "roles": {"user": n}}
    assert len(store.accounts()) == len(before[0]) + n


def test_what_is_said_of_refusals_repeats_no_hash_and_no_address(launch):
    server = launch()
    there = server.register()
    people = [person(email=there.email), person(hash="$2b$31$" + QUICK[7:]), person(hash="SECRET-HASH"), person(email="SECRET-ADDRESS"),
              person(id="SECRET-ID"), person(SECRET=1, email=there.email), *([person(role="king")] * 30)]
    done = server.run("user", "import", write(server, people))
    assert done.returncode == 1 and done.stdout.startswith("36 people: 0 imported, 0 were there already, 36 refused\n")
    assert "line 1: account.email_taken: an account of another id has this address" in done.stderr
    assert "16 more lines were refused; --report FILE" in done.stderr
    report_of(server, people)
    report = server.directory / "refused.jsonl"
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    for text in (done.stdout, done.stderr, report.read_text(), server.output().decode()):
        assert there.email not in text and QUICK[7:] not in text and "SECRET-" not in text and "old." not in text


FORMS = {
    "a byte order mark": (lambda lines: b"\xef\xbb\xbf" + lines, 2, {}),
    "CRLF": (lambda lines: lines.replace(b"\n", b"\r\n"), 2, {}),
    "no line feed at the end": (lambda lines: lines.rstrip(b"\n"), 2, {}),
    "empty and blank lines": (lambda lines: b"\n  \n" + lines + b"\r\n\t\n", 2, {}),
    "nothing": (lambda lines: b"", 0, {}),
    "bytes that are no UTF-8": (lambda lines: lines.replace(b"Ada", b"Ad\xe9"), 0, {1: "json.malformed", 2: "json.malformed"}),
    "UTF-16": (lambda lines: lines.decode().encode("utf-16"), 0, {1: "json.malformed", 2: "json.malformed", 3: "json.malformed"}),
    "a member twice": (lambda lines: b'{"role":"admin",' + lines[1:].replace(b"}", b',"role":"user"}', 1), 1, {1: "json.duplicate_key"}),
    "a line that is too long": (lambda lines: b" " * 100_000 + b"\n" + b"x" * 100_000 + b"\n" + lines, 2, {2: "import.line"}),
    "an array of people": (lambda lines: b"[" + b",".join(lines.splitlines()) + b"]", 0, {1: "import.line"}),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_file_is_lines_of_json_in_utf_8(merlon, form):
    change, imported, refused = FORMS[form]
    people = change(to_lines([person(), person()]).encode())
    assert report_of(merlon, people, code=1 if refused else 0) == refused
    counts = import_(merlon, people, code=1 if refused else 0)
    assert (counts["imported"], counts["present"]) == (0, imported)


def test_standard_input_is_a_file_too_and_names_keep_their_letters(merlon):
    one = person(firstName="Åsa-伟", lastName="O’Brien", hash=QUICK)
    done = merlon.run("user", "import", "-", stdin=json.dumps(one, ensure_ascii=False))
    assert done.returncode == 0 and done.stdout == "1 people: 1 imported, 0 were there already, 0 refused\n1 with the role user\n", done
    user = merlon.login(one["email"], "password").user
    assert (user["firstName"], user["lastName"]) == (one["firstName"], one["lastName"])


def test_a_file_that_others_can_open_is_a_warning(merlon):
    path = write(merlon, [person()])
    assert "others can open" not in merlon.run("user", "import", path).stderr
    path.chmod(0o640)
    done = merlon.run("user", "import", path)
    assert done.returncode == 0 and "others can open" in done.stderr and "chmod 600" in done.stderr


@table({"no file": ["absent.jsonl"], "none named": [], "a report where the people are": ["people.jsonl", "--report", "people.jsonl"],
        "a report that is a link": ["people.jsonl", "--report", "link"], "a report in no folder": ["people.jsonl", "--report", "no/report"]})
def test_wrong_usage_is_2_and_imports_nothing(merlon, row):
    one = person()
    path = write(merlon, [one])
    link = merlon.directory / "link"
    if not link.is_symlink():
        link.symlink_to("people.jsonl")
    assert merlon.run("user", "import", *row).returncode == 2
    assert json.loads(path.read_text()) == one
    assert merlon.try_login(one["email"], "password").status == 401


@table({"standard output": "/dev/stdout", "standard error": "/dev/stderr", "one of the shell's": "/dev/fd/2"})
def test_a_report_may_go_where_the_shell_has_opened_something(merlon, row):
    path = write(merlon, [person(id="no id"), person()])
    done = merlon.run("user", "import", "--report", row, path)
    reported, other = (done.stdout, done.stderr) if row == "/dev/stdout" else (done.stderr, done.stdout)
    assert done.returncode == 1 and '{"line":1,"rule":"import.id"' in reported and "1 imported" in done.stdout and "import.id" not in other, done


def test_what_the_shell_has_opened_is_not_emptied_and_is_not_the_file_of_the_people(merlon):
    path = write(merlon, [person(id="no id")])
    kept = merlon.directory / "kept.txt"
    kept.write_text("before\n")
    with open(kept, "a") as end:
        done = subprocess.run([binary(), "user", "import", "--report", "/dev/stderr", path], cwd=merlon.directory, env=environment(), stderr=end, stdout=subprocess.DEVNULL)
    assert done.returncode == 1 and kept.read_text().startswith('before\n{"line":1,"rule":"import.id"')
    with open(path, "a") as end:
        done = subprocess.run([binary(), "user", "import", "--report", "/dev/stdout", path], cwd=merlon.directory, env=environment(), stdout=end, stderr=subprocess.PIPE)
    assert done.returncode == 2 and b"a file of its own" in done.stderr, done
    assert merlon.run("user", "import", "--report", "/dev/fd/77", path).returncode == 2


NOWHERE = {"SQLite": lambda postgres: {"store": {"url": "sqlite:data/merlon.db"}, "keys": {"url": "sqlite:keys/keys.db"}}, "PostgreSQL": lambda postgres: postgres.stores()}


@table(NOWHERE)
def test_a_dry_run_before_the_first_start_leaves_nothing_behind(tmp_path, postgres, row):
    stores = row(postgres)
    server = Merlon(tmp_path, stores)
    server.port, server.admin_port = free_port(), free_port()
    server.write()
    people = [person(hash=QUICK), person(role="admin"), person(role="king"), person()]
    people.append(people[0] | {"firstName": "Twice"})
    before = sorted(path for path in tmp_path.rglob("*"))
    done = import_(server, people, "--dry-run", code=1)
    assert (done["imported"], done["present"], done["refused"], done["dryRun"]) == (3, 1, 1, True) and done["roles"] == {"admin": 1, "user": 2}, done
    assert sorted(path for path in tmp_path.rglob("*")) == sorted([*before, tmp_path / "people.jsonl"])
    if "postgres" in stores["store"]["url"]:
        assert postgres.rows("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", stores["store"]["url"].rpartition("/")[2]) == ["0"]
    server.start()
    try:
        assert "first admin" in server.stderr_text()
        assert import_(server, people, code=1)["imported"] == 3
    finally:
        server.stop()
    there = sorted(path for path in tmp_path.rglob("data/*"))
    assert import_(server, people, "--dry-run", code=1)["present"] == 4, "a store that is there is looked at"
    assert sorted(path for path in tmp_path.rglob("data/*")) == there


def test_a_dry_run_makes_no_master_key_and_no_tables_of_another_release(launch):
    server = launch({"store": {"url": "sqlite:data/merlon.db"}, "keys": {"url": "sqlite:data/keys.db"}})
    server.stop()
    path = write(server, [person()])
    key = server.directory / "data/master.key"
    key.rename(server.directory / "away")
    done = server.run("user", "import", "--dry-run", path)
    assert done.returncode != 0 and "master.key" in done.stderr and not key.exists(), done
    (server.directory / "away").rename(key)
    with sqlite3.connect(server.directory / "data/merlon.db") as store:
        store.execute("DELETE FROM schema_migrations WHERE role = 'auth' AND number = (SELECT max(number) FROM schema_migrations WHERE role = 'auth')")
    done = server.run("user", "import", "--dry-run", path)
    assert done.returncode != 0 and "migrate up" in done.stderr, done


def test_a_folder_cannot_be_read(merlon):
    done = merlon.run("user", "import", ".")
    assert done.returncode == 69 and "import.read" in done.stderr


# ---- kills

def start(server, path, *flags, stdin=subprocess.DEVNULL):
    return subprocess.Popen([binary(), "user", "import", "--json", *flags, path], cwd=server.directory, env=environment(), stdin=stdin,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def kill_while_it_works(server, path, moment_s):
    """False: it was over before."""
    process = start(server, path)
    try:
        process.wait(moment_s)
    except subprocess.TimeoutExpired:
        pass
    is_over = process.poll() is not None
    process.kill()
    process.communicate()
    return not is_over


def require_whole(server, store, people):
    """Everybody is there once and can be read; nobody has a key without an account, or an account without a key."""
    accounts = store.accounts()
    assert len(accounts) == len(set(accounts)) == len(people) + 1  # the first admin
    assert set(accounts) > {one["id"] for one in people}
    assert store.keys() == accounts and set(store.pending()) <= set(accounts)
    seen, cursor = set(), ""
    root = server.create_admin().access
    while cursor is not None:
        page = server.get("/api/users?limit=100" + (f"&cursor={cursor}" if cursor else ""), token=root)
        assert page.status == 200, page
        seen |= {(one["id"], one["email"]) for one in page.data if not one.get("unreadable")}
        cursor = page.json()["meta"]["nextCursor"]
    assert seen > {(one["id"], one["email"]) for one in people}
    assert page.json()["meta"]["total"] == len(people) + 2
    for one in people[:: max(1, len(people) // 20)]:
        assert server.login(one["email"], "password").id == one["id"]


def test_a_second_run_goes_on_behind_what_a_killed_one_stored(installation):
    server, store = installation
    server.stop()
    people = [person(hash=QUICK) for _ in range(BATCH * 2)]
    process = start(server, "-", stdin=subprocess.PIPE)
    process.stdin.write(to_lines(people[:BATCH + 10]).encode())
    process.stdin.flush()
    wait_for(lambda: len(store.accounts()) > BATCH, what="the first batch")
    process.kill()
    process.communicate()
    counts = import_(server, people)
    assert (counts["imported"], counts["present"]) == (BATCH, BATCH)
    server.start()
    require_whole(server, store, people)


def test_an_import_without_a_server_that_is_killed_goes_on_when_it_runs_again(installation):
    server, store = installation
    server.stop()
    people = [person(hash=QUICK) for _ in range(PEOPLE)]
    path = write(server, people)
    killed = sum(kill_while_it_works(server, path, PEOPLE / 2000 * step / 20) for step in range(1, 13))
    assert killed > 0
    counts = import_(server, people)
    assert counts["imported"] + counts["present"] == len(people) and counts["refused"] == 0
    server.start()
    require_whole(server, store, people)


def test_an_import_through_a_server_outlives_kills_of_either(installation):
    server, store = installation
    people = [person(hash=QUICK) for _ in range(PEOPLE)]
    path = write(server, people)
    for step in range(1, 7):
        if step % 2:
            kill_while_it_works(server, path, PEOPLE / 2000 * step / 15)
            continue
        process = start(server, path)
        time.sleep(PEOPLE / 2000 * step / 15)
        server.kill()
        process.communicate(timeout=60)
        assert process.returncode in (0, 69)  # 0: it was over
        server.start()
    counts = import_(server, people)
    assert counts["imported"] + counts["present"] == len(people) and counts["refused"] == 0
    require_whole(server, store, people)
    stored = server.run("audit", "tail", "-n", "1000", "--json", "--type", "ADMIN_ACTION").stdout.splitlines()
    assert sum(int(json.loads(line)["details"]["accounts"]) for line in stored) == len(people)


def test_two_imports_of_one_file_at_once_import_everybody_once(installation):
    server, store = installation
    people = [person(hash=QUICK) for _ in range(BATCH * 3)]
    path = write(server, people)
    both = [start(server, path) for _ in range(2)]
    counts = []
    for process in both:
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
        counts.append(json.loads(out))
    assert sum(one["imported"] for one in counts) == len(people)
    assert all(one["imported"] + one["present"] == len(people) for one in counts)
    require_whole(server, store, people)


def test_a_server_that_stops_meanwhile_ends_the_import_with_69(launch):
    server = launch()
    people = [person() for _ in range(BATCH * 2)]
    process = start(server, "-", stdin=subprocess.PIPE)
    process.stdin.write(to_lines(people[:BATCH]).encode())
    process.stdin.flush()
    server.wait_for_event("ADMIN_ACTION")
    server.stop()
    _, err = process.communicate(to_lines(people[BATCH:]).encode(), timeout=60)
    assert process.returncode == 69 and f"stopped after line {BATCH}".encode() in err and b"run it again" in err
    assert b"the server has stopped" in err
    server.start()
    counts = import_(server, people)
    assert (counts["imported"], counts["present"]) == (BATCH, BATCH)


def test_memory_does_not_grow_with_the_file(launch):
    server = launch()
    path = write(server, b"")
    os.truncate(path, 1 << 30)  # one line of NULs
    limit = 128 << 20
    done = subprocess.run(["prlimit", f"--data={limit}", binary(), "user", "import", "--json", path], cwd=server.directory,
                          env=environment(), capture_output=True, text=True, timeout=300)
    assert summary(done, 1)["refused"] == 1
