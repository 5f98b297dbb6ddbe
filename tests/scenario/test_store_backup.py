"""merlon store backup and restore: a copy of the data and one of the keys, taken while the shop sells, are the same shop elsewhere;
and what does not belong together is refused, with what is missing."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import time

import pytest

import fault_checks
from backup_load import Meanwhile, Town, check_acknowledged, copies, elsewhere, let_act, restored_shop
from fault_load import CONFIG, TABLES
from harness import Merlon, binary, environment, merge, run, table

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
            seen = meanwhile.acknowledged()
            made = back_up(server)
            assert server.is_running()
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
