"""merlon store backup and restore: a copy of the data and one of the keys, taken while the shop sells, are the same shop elsewhere;
and what does not belong together is refused, with what is missing."""

import errno
import hashlib
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess

import pytest

import client
import fault_checks
from backup_load import Meanwhile, Town, check_acknowledged, copies, elsewhere, let_act, restored_shop
from fault_load import CONFIG, TABLES
from harness import Merlon, binary, environment, merge, run, table
from machine import Machine, library_of
from test_demo import everything, people

FILES = {"store": {"url": "sqlite:data/merlon.db"}, "keys": {"url": "sqlite:data/keys.db"}}
IN_ONE = {role: "data/merlon.db" for role in TABLES}
IN_FILES = {role: f"data/{role}.db" for role in TABLES}
APART = {"roles": {role: {"url": "sqlite:" + path} for role, path in IN_FILES.items()}}


def back_up(server, name="", code=0):
    done = server.run("store", "backup", "--data", f"copies{name}/data", "--keys", f"copies{name}/keys", "--json")
    assert done.returncode == code, done
    return json.loads(done.stdout) if code == 0 else done


def restore(server, data, keys, *flags, code=0):
    done = server.run("store", "restore", "--data", data, "--keys", keys, "--json", *flags)
    assert done.returncode == code, done
    return json.loads(done.stdout) if code == 0 else done


def folders(server, made):
    return [server.directory / made[part]["folder"] for part in ("data", "keys")]


def on_postgres(postgres, is_apart):
    stores = postgres.stores()
    if is_apart:
        stores["store"]["roles"] = {role: {"url": postgres.url(postgres.make_database())} for role in TABLES}
    return stores


# Where the shop is, and where it is restored: with every role in a database of its own there, or not.
UNDER_LOAD = {"SQLite": ("sqlite", False, False), "PostgreSQL": ("postgres", False, False), "roles in files of their own": ("sqlite", True, True),
              "roles in databases of their own": ("postgres", True, True)}


@table(UNDER_LOAD)
def test_a_backup_under_load_is_the_same_shop_elsewhere(tmp_path, postgres, row):
    kind, is_apart, is_apart_there = row
    where = on_postgres(postgres, is_apart) if kind == "postgres" else merge(FILES, {"store": APART if is_apart else {}})
    server = Merlon(tmp_path / "here", CONFIG | where).start()
    there = elsewhere(tmp_path / "there", server.directory / "data/master.key", CONFIG | merge(FILES, {"store": APART if is_apart_there else {}}))
    try:
        shop = Town(server, IN_FILES if is_apart else IN_ONE)
        shop.open()
        before = let_act(shop, 1.5)
        with Meanwhile(shop) as meanwhile:
            first, backups = meanwhile.answers(), 0
            while backups < 3 or meanwhile.answers() < first + 50:
                seen, backups = meanwhile.acknowledged(), backups + 1
                made = back_up(server, str(backups))
            assert server.is_running() and meanwhile.answers() > first
        assert made["withoutKey"] == 0 and made["people"] >= len(before)
        server.stop()
        restored = restore(there, *folders(server, made))
        assert [restored[part] for part in ("data", "keys")] == [made[part] | {"folder": str(folder)} for part, folder in zip(("data", "keys"), folders(server, made))]
        there.start()
        other = restored_shop(shop, there, IN_FILES if is_apart_there else IN_ONE)
        fault_checks.check(other, [person for person in other.people if person.email in {one.email for one in before}])
        check_acknowledged(there, seen)
    finally:
        server.stop()
        there.stop()


# ---- what a copy is, and where

@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A shop with three people and its backup, that nobody changes: (server, people, made). It runs."""
    server = Merlon(tmp_path_factory.mktemp("shop"), FILES).start()
    people = [server.register() for _ in range(3)]
    made = back_up(server)
    yield server, people, made
    server.stop()


@pytest.fixture
def pair(shop, tmp_path):
    """A copy of the copies, to be damaged: their folders."""
    server, _, made = shop
    return [pathlib.Path(shutil.copytree(folder, tmp_path / "copies" / folder.name)) for folder in folders(server, made)]


@pytest.fixture
def empty(shop, tmp_path):
    """Another place, with the shop's master key."""
    server = elsewhere(tmp_path / "there", shop[0].directory / "data/master.key")
    yield server
    server.stop()


def is_untouched(server):
    return sorted(path.name for path in (server.directory / "data").iterdir()) == ["master.key"]


def test_copies_are_their_owners_alone_and_say_what_is_in_them(shop):
    server, people, made = shop
    data, keys = folders(server, made)
    assert {path.name for path in data.iterdir()} == {"data.db", "manifest.json"} and {path.name for path in keys.iterdir()} == {"keys.db", "manifest.json"}
    for folder in (data, keys, data.parent, keys.parent):
        assert folder.stat().st_mode & 0o077 == 0, folder
        assert all(path.stat().st_mode & 0o177 == 0 for path in folder.iterdir() if path.is_file()), folder
    said = [json.loads((folder / "manifest.json").read_text()) for folder in (data, keys)]
    assert said[0]["backup"] == said[1]["backup"] == made["data"]["backup"] and said[0]["store"] == said[1]["store"] and said[0]["takenAt"] <= said[1]["takenAt"]
    for folder, one in zip((data, keys), said):
        for file in one["files"]:
            assert file["sha256"] == hashlib.sha256((folder / file["name"]).read_bytes()).hexdigest()
    rows = {one["table"]: one["rows"] for one in said[0]["tables"] + said[1]["tables"]}
    assert rows["accounts"] == made["people"] == len(people) + 1 and made["withoutKey"] == 0  # and the first admin
    assert rows["person_keys"] >= len(people)
    master = (server.directory / "data/master.key").read_text().strip()
    for path in (*data.iterdir(), *keys.iterdir()):
        assert master.encode() not in path.read_bytes() and bytes.fromhex(master) not in path.read_bytes(), "never the master key"
    assert all(person.email.encode() not in (data / "data.db").read_bytes() for person in people)


def test_a_person_is_told_what_was_done(shop, tmp_path):
    done = shop[0].run("store", "backup", "--data", tmp_path / "d", "--keys", tmp_path / "k")
    assert done.returncode == 0 and "backup" not in done.stderr, done
    data, keys = done.stdout.splitlines()
    assert data.startswith(f"data  {tmp_path}/d/merlon-data-") and " rows" in data and keys.startswith(f"keys  {tmp_path}/k/merlon-keys-")


@table({"one for both": ("b", "b"), "by another spelling": ("b", "./x/../b/"), "keys in the data's": ("b", "b/keys"), "data in the keys'": ("b/data", "b"),
        "through a link": ("b", "link"), "in a link": ("b", "link/keys"), "the root": ("b", "/"), "nowhere": ("", "b")})
def test_one_place_for_both_is_refused(shop, tmp_path, row):
    (tmp_path / "b").mkdir()
    (tmp_path / "link").symlink_to("b")
    data, keys = (place and tmp_path / place for place in row)
    done = shop[0].run("store", "backup", "--data", data, "--keys", keys)
    assert done.returncode == 2 and "backup.places" in done.stderr, done
    assert list((tmp_path / "b").iterdir()) == []


@table({"the data's": ("data", "k"), "the keys'": ("d", "data"), "by another spelling": ("d", "./data/../data/")})
def test_the_stores_own_folder_is_no_place_for_a_copy(shop, tmp_path, row):
    """The master key is there."""
    server = shop[0]
    before = sorted(path.name for path in (server.directory / "data").iterdir())
    data, keys = (server.directory / place if "data" in place else tmp_path / place for place in row)
    done = server.run("store", "backup", "--data", data, "--keys", keys)
    assert done.returncode == 2 and "backup.places" in done.stderr and "a place of their own" in done.stderr, done
    assert sorted(path.name for path in (server.directory / "data").iterdir()) == before


@table({"everybody's": (0o777, 0o700), "with the bit for setgid": (0o2777, 0o2700), "a group's": (0o2770, 0o2770), "everybody's, where only owners rename": (0o1777, 0o1777),
        "for others to read": (0o755, 0o755)})
def test_a_place_that_everybody_may_write_to_becomes_its_owners_alone(shop, tmp_path, row):
    """Who may write there may put another copy in the place of ours. Its group was not chosen either."""
    before, after = row
    for name in ("d", "k"):
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(before)
    assert shop[0].run("store", "backup", "--data", tmp_path / "d", "--keys", tmp_path / "k").returncode == 0
    assert [oct((tmp_path / name).stat().st_mode & 0o7777) for name in ("d", "k")] == [oct(after)] * 2


def test_a_place_may_be_a_link_but_what_is_planted_there_is_not_followed(shop, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("mine")
    for name in ("d", "k"):
        (tmp_path / f"real-{name}").mkdir(mode=0o700)
        (tmp_path / name).symlink_to(f"real-{name}")
    assert shop[0].run("store", "backup", "--data", tmp_path / "d", "--keys", tmp_path / "k").returncode == 0
    (tmp_path / "real-k/.merlon-backup.lock").unlink()
    (tmp_path / "real-k/.merlon-backup.lock").symlink_to(victim)
    (tmp_path / "real-d/.merlon-data-x.partial").symlink_to(tmp_path / "real-k")
    done = shop[0].run("store", "backup", "--data", tmp_path / "d", "--keys", tmp_path / "k")
    assert done.returncode == 69 and ".merlon-backup.lock" in done.stderr, done
    assert victim.read_text() == "mine" and len(copies(tmp_path / "k", "keys")) == 1 and len(copies(tmp_path / "d", "data")) == 1


def start_backup(server, place):
    return subprocess.Popen([binary(), "store", "backup", "--data", place / "d", "--keys", place / "k"], cwd=server.directory, env=environment(),
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def partials(place):
    return [path for part in ("d", "k") for path in (place / part).glob(".merlon-*.partial")]


@table({"killed": signal.SIGKILL, "stopped": signal.SIGTERM, "interrupted": signal.SIGINT})
def test_a_backup_that_ends_early_leaves_nothing_that_looks_whole(launch, postgres, tmp_path, row):
    stores = postgres.stores()
    server = launch(stores)
    server.register()
    # It waits for this table, with the data half copied.
    holder = postgres.hold_transaction(stores["store"]["url"].rpartition("/")[2], "LOCK TABLE event_outbox")
    client.wait_for(lambda: postgres.rows("SELECT 1 FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = 'event_outbox'::regclass",
                                          stores["store"]["url"].rpartition("/")[2]), what="the lock")
    process = start_backup(server, tmp_path)
    client.wait_for(lambda: len(partials(tmp_path)) == 2, what="the first files")
    second = start_backup(server, tmp_path)
    assert second.wait(60) == 1 and "backup.busy" in second.stderr.read()
    process.send_signal(row)
    assert process.wait(60) != 0
    holder.send_signal(signal.SIGINT)
    holder.wait()
    assert copies(tmp_path / "d", "data") == copies(tmp_path / "k", "keys") == []
    assert len(partials(tmp_path)) == 2
    done = server.run("store", "backup", "--data", tmp_path / "d", "--keys", tmp_path / "k")
    assert done.returncode == 0 and partials(tmp_path) == [], done
    assert len(copies(tmp_path / "d", "data")) == len(copies(tmp_path / "k", "keys")) == 1


@table({"the data's": "d", "the keys'": "k"})
def test_a_full_disk_is_named_and_leaves_nothing(shop, tmp_path, row):
    (tmp_path / row).mkdir()
    machine = Machine(tmp_path / "machine", tmp_path / row, library_of(binary()))
    machine.disk_error = errno.ENOSPC
    done = shop[0].run("store", "backup", "--data", tmp_path / "d", "--keys", tmp_path / "k", env=machine.environment())
    assert done.returncode == 69 and str(tmp_path / row) in done.stderr and ("full" in done.stderr or "No space" in done.stderr), done
    assert copies(tmp_path / "d", "data") == copies(tmp_path / "k", "keys") == partials(tmp_path) == []


# ---- restoring

def damage(path, change):
    content = bytearray(path.read_bytes())
    change(content)
    path.write_bytes(content)


def flip(content):
    content[len(content) // 2] ^= 1


def cut(content):
    del content[-1:]


def say(folder, **members):
    """Changes the manifest as somebody would who knows how its digest is made."""
    path = folder / "manifest.json"
    body = json.loads(path.read_text())
    del body["digest"]
    text = json.dumps(body | members)[:-1]
    path.write_text(text + ',\n"digest":"' + hashlib.sha256(text.encode()).hexdigest() + '"}\n')


DAMAGES = {
    "a byte of the data": (lambda data, keys: damage(data / "data.db", flip), "data.db: its bytes have changed"),
    "a byte of the keys": (lambda data, keys: damage(keys / "keys.db", flip), "keys.db: its bytes have changed"),
    "data cut off": (lambda data, keys: damage(data / "data.db", cut), "it was cut off"),
    "no data": (lambda data, keys: (data / "data.db").unlink(), "No such file"),
    "a link": (lambda data, keys: ((data / "data.db").rename(data / "x"), (data / "data.db").symlink_to("x")), "data.db"),
    "a folder": (lambda data, keys: ((keys / "keys.db").unlink(), (keys / "keys.db").mkdir()), "no regular file"),
    "a pipe": (lambda data, keys: ((keys / "keys.db").unlink(), os.mkfifo(keys / "keys.db")), "no regular file"),
    "a byte of a manifest": (lambda data, keys: damage(data / "manifest.json", flip), "manifest.json"),
    "half a manifest": (lambda data, keys: damage(keys / "manifest.json", lambda content: content.__delitem__(slice(len(content) // 2, None))), "cut off"),
    "no JSON": (lambda data, keys: say_raw(data, "["), "no JSON"),
    "a manifest of megabytes": (lambda data, keys: (data / "manifest.json").write_bytes(b" " * (9 << 20)), "manifest.json"),
    "a file from elsewhere": (lambda data, keys: say(data, files=[{"name": "../x.db", "bytes": 1, "sha256": "", "roles": []}]), "no such value"),
    "a number too few": (lambda data, keys: say(data, tables=json.loads((data / "manifest.json").read_text())["tables"][1:]), "not what the manifests say"),
    "a later format": (lambda data, keys: say(data, format=2), "format"),
}


def say_raw(folder, text):
    (folder / "manifest.json").write_text(text + ',\n"digest":"' + hashlib.sha256(text.encode()).hexdigest() + '"}\n')


@table(DAMAGES)
def test_a_damaged_copy_is_refused(pair, empty, row):
    do, said = row
    do(*pair)
    done = restore(empty, *pair, code=1)
    assert "backup.damaged" in done.stderr and said in done.stderr, done
    if said == "not what the manifests say":  # which shows at the end: no server starts on it
        tried = run("serve", directory=empty.directory, timeout=20)
        assert tried.returncode == 78 and "has not come to its end" in tried.stderr, tried
    else:
        assert is_untouched(empty)


def test_the_wrong_way_round_and_no_copy_are_told_apart(pair, empty, tmp_path):
    data, keys = pair
    assert "wrong way round" in restore(empty, keys, data, code=1).stderr
    assert "backup.absent" in restore(empty, tmp_path / "copies", keys, code=1).stderr
    assert is_untouched(empty)


def test_copies_that_nobody_may_write_to_are_enough(pair, empty, shop):
    """A medium that is mounted read-only."""
    for folder in pair:
        for path in (*folder.iterdir(), folder):
            path.chmod(path.stat().st_mode & ~0o222)
    before = {path: path.read_bytes() for folder in pair for path in folder.iterdir()}
    restore(empty, *pair)
    assert before == {path: path.read_bytes() for folder in pair for path in folder.iterdir()}, "and no file beside them"
    empty.start()
    assert [empty.try_login(one.email, one.password).status for one in shop[1]] == [200, 200, 200]


def test_only_an_empty_store_is_restored_into(shop, pair, empty):
    assert "store.in_use" in restore(shop[0], *pair, code=1).stderr, "a server runs there"
    restore(empty, *pair)
    assert restore(empty, *pair)["people"] == 4, "once more, it only compares"
    empty.start()
    empty.register()
    empty.stop()
    done = restore(empty, *pair, code=1)
    assert "copy.not_empty" in done.stderr and "restore into an empty store" in done.stderr, done


def test_another_master_key_is_refused_and_none_is_made(pair, empty):
    key = empty.directory / "data/master.key"
    key.write_text("ab" * 32 + "\n")
    said = json.loads((pair[1] / "manifest.json").read_text())["master"]
    done = restore(empty, *pair, code=78)
    assert "keys.master" in done.stderr and said in done.stderr and "ab" * 32 not in done.stderr, done
    assert is_untouched(empty)
    key.unlink()
    done = restore(empty, *pair, code=78)
    assert "data/master.key" in done.stderr and "put it there first" in done.stderr, done
    assert list((empty.directory / "data").iterdir()) == []


def test_tables_of_another_release_are_refused(pair, empty):
    schema = json.loads((pair[0] / "manifest.json").read_text())["schema"]
    say(pair[0], schema=schema | {"auth": schema["auth"] + 1}, release="9.9.9")
    done = restore(empty, *pair, code=1)
    assert "backup.schema" in done.stderr and "tables of auth" in done.stderr and "restore it with release 9.9.9" in done.stderr, done
    assert is_untouched(empty)


def test_keys_of_another_installation_are_refused(pair, empty, launch):
    other = launch(FILES)
    done = restore(empty, pair[0], folders(other, back_up(other))[1], code=1)
    assert "backup.mismatch" in done.stderr and "two installations" in done.stderr, done
    assert is_untouched(empty)


def test_keys_of_before_the_data_are_refused_with_who_is_missing(launch, tmp_path):
    server = launch(FILES)
    early = server.register()
    first = back_up(server)
    late = [server.register() for _ in range(7)]
    second = back_up(server)
    server.stop()
    there = elsewhere(tmp_path / "there", server.directory / "data/master.key")
    pair = folders(server, second)[0], folders(server, first)[1]
    done = restore(there, *pair, code=1)
    assert "backup.mismatch" in done.stderr and "7 of 9 people have no key there" in done.stderr, done
    assert first["keys"]["backup"] in done.stderr and second["data"]["backup"] in done.stderr
    named = [person.id for person in late if person.id in done.stderr]
    assert len(named) == 5 and early.id not in done.stderr and is_untouched(there)
    # When there is nothing else.
    assert restore(there, *pair, "--older-keys")["withoutKey"] == 7
    there.start()
    try:
        assert there.try_login(early.email, early.password).status == 200
        assert {there.try_login(one.email, one.password).status for one in late} == {401}
        there.register(late[0].email)  # their addresses are free again
    finally:
        there.stop()


def test_keys_of_after_the_data_are_right_and_who_was_erased_stays_so(launch, tmp_path):
    """Monday's data with Tuesday's keys: those of Monday are gone, as they should be."""
    server = launch(FILES)
    people = [server.register() for _ in range(3)]
    monday = back_up(server, name="monday")
    server.register()
    server.stop()
    with sqlite3.connect(server.directory / "data/keys.db") as keys:
        keys.execute("DELETE FROM person_keys WHERE person = ?", (people[0].id,))
    server.start()
    tuesday = back_up(server, name="tuesday")
    shutil.rmtree(folders(server, monday)[1])
    there = elsewhere(tmp_path / "there", server.directory / "data/master.key")
    restored = restore(there, folders(server, monday)[0], folders(server, tuesday)[1])
    assert (restored["people"], restored["withoutKey"]) == (4, 1)
    assert restored["data"]["backup"] == monday["data"]["backup"] and restored["keys"]["backup"] == tuesday["keys"]["backup"]
    there.start()
    try:
        assert [there.try_login(one.email, one.password).status for one in people] == [401, 200, 200]
    finally:
        there.stop()


def test_a_restore_that_is_killed_goes_on(launch, postgres, tmp_path, pair, shop):
    stores = postgres.stores()
    there = elsewhere(tmp_path / "there", shop[0].directory / "data/master.key", stores)
    database = stores["store"]["url"].rpartition("/")[2]
    assert there.run("migrate", "up").returncode == 0
    holder = postgres.hold_transaction(database, "LOCK TABLE event_outbox IN SHARE MODE")
    process = subprocess.Popen([binary(), "store", "restore", "--data", pair[0], "--keys", pair[1]], cwd=there.directory, env=environment(),
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    client.wait_for(lambda: postgres.rows("SELECT 1 FROM schema_migrations WHERE number = 1000000 LIMIT 1", database), what="its marks")
    process.kill()
    process.wait()
    holder.send_signal(signal.SIGINT)
    holder.wait()
    tried = run("serve", directory=there.directory, timeout=20)
    assert tried.returncode == 78 and "has not come to its end" in tried.stderr, tried
    restore(there, *pair)
    there.start()
    try:
        assert [there.try_login(one.email, one.password).status for one in shop[1]] == [200, 200, 200]
    finally:
        there.stop()


def test_the_store_of_a_server_that_was_killed_is_copied(launch, tmp_path):
    """What it had acknowledged is in its journal still."""
    server = launch(FILES)
    people = [server.register() for _ in range(3)]
    server.kill()
    there = elsewhere(tmp_path / "there", server.directory / "data/master.key")
    restore(there, *folders(server, back_up(server)))
    there.start()
    try:
        assert [there.try_login(one.email, one.password).status for one in people] == [200, 200, 200]
    finally:
        there.stop()


def test_a_copy_of_either_store_goes_into_either(launch, postgres, tmp_path):
    demo = launch(FILES, flags=["--demo"])
    mail, (password, _) = next((mail, found) for mail, found in people(demo).items() if found[1] == "user")
    user = demo.login(mail, password)
    before = [everything(demo, path, user.access) for path in ("/api/products", "/api/orders")]
    made, server = back_up(demo), demo
    for number, stores in enumerate((postgres.stores(), on_postgres(postgres, True), FILES)):
        there = elsewhere(tmp_path / f"there{number}", demo.directory / "data/master.key", stores)
        restore(there, *folders(server, made))
        there.start()
        try:
            assert [everything(there, path, user.access) for path in ("/api/products", "/api/orders")] == before
            assert there.try_login(mail, password).status == 200 and there.try_refresh(user.refresh).status == 200
            made, server = back_up(there), there
        finally:
            there.stop()


def without_orders(store):
    return {"services": {"orders": {"enabled": False}}} | merge(FILES, {"store": {"roles": {"orders": {"url": store}}}})


def test_a_role_that_never_ran_is_absent_from_the_copy_and_from_what_is_restored(launch, postgres, tmp_path):
    for number, store in enumerate(("sqlite:data/orders.db", postgres.url(postgres.make_database()))):
        server = launch(without_orders(store))
        user = server.register()
        made = back_up(server)
        assert "orders" not in {one["role"] for one in made["data"]["tables"]}
        assert not (server.directory / "data/orders.db").exists(), "a backup makes nothing"
        there = elsewhere(tmp_path / f"there{number}", server.directory / "data/master.key", merge(FILES, {"store": APART}))
        restore(there, *folders(server, made))
        assert not (there.directory / "data/orders.db").exists()
        there.start()
        try:
            user.server = there
            assert there.get("/api/orders", token=user.login().access).data == []
        finally:
            there.stop()


def test_a_file_that_has_to_be_there_is_asked_for(launch):
    server = launch(merge(FILES, {"store": {"roles": {"orders": {"url": "sqlite:data/orders.db"}}}}))
    server.stop()
    (server.directory / "data/orders.db").unlink()
    done = back_up(server, code=1)
    assert "sqlite:data/orders.db is not there" in done.stderr and "tables of orders" in done.stderr and "the first start of merlon serve makes it" in done.stderr, done
    assert not list((server.directory / "copies/data").glob("merlon-*"))


def test_there_is_nothing_to_copy_before_the_first_start(tmp_path):
    done = run("store", "backup", "--data", tmp_path / "d", "--keys", tmp_path / "k", directory=tmp_path)
    assert done.returncode == 69 and "data/master.key" in done.stderr, done
    assert not (tmp_path / "data").exists() and not (tmp_path / "d").exists()
