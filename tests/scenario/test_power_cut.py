"""The power goes, and of all that was not synced nothing is left: what somebody was told before is still there."""

import random
import threading
import time

import client
import pytest
from harness import OTHER_PASSWORD, PASSWORD, Merlon, new_email, table


class Worst(random.Random):
    """Keeps nothing that did not have to be kept."""

    def choice(self, _):
        return "nothing"


@pytest.fixture
def start(launch):
    return lambda config=None: launch(config, machine={"journal": True})


def cut_power(server):
    server.cut_power(Worst())
    server.start()


@table({"one folder": {}, "folders that have to be made": {"store": {"url": "sqlite:data/of/store/merlon.db"}, "keys": {"url": "sqlite:data/of/keys/keys.db"}}})
def test_the_first_account_of_a_first_start_is_there(start, row):
    server = start(row)
    account = server.register()
    cut_power(server)
    assert account.login().id == account.id
    assert server.me(account.access).status == 200, "signed with a key that is gone"


def test_what_is_read_after_a_kill_is_there_after_the_power_cut_that_follows(start):
    """A process that died before its sync left its change with the kernel: the next one reads it, so it has to last."""
    server = start()
    admin, account = server.create_admin(), server.register()
    server.machine.sync_delay_ms = 60_000

    def change():
        try:
            server.call("PATCH", "/api/users/" + account.id, json_body={"role": "moderator"}, token=admin.access)
        except OSError:
            pass

    length = server.machine.journal.stat().st_size
    asking = threading.Thread(target=change)
    asking.start()
    client.wait_for(lambda: server.machine.journal.stat().st_size > length + 4096, what="a write of the change")
    server.kill()
    asking.join()
    server.machine.sync_delay_ms = 0
    server.start()
    read = server.get("/api/users/" + account.id, token=admin.access).data["role"]
    assert read == "moderator", "the test no longer dies between write and sync"
    cut_power(server)
    assert server.get("/api/users/" + account.id, token=admin.access).data["role"] == read


def test_an_account_and_its_password_outlive_one_power_cut_after_the_other(start):
    server = start()
    account = server.register(new_email())
    for old, new in ((PASSWORD, OTHER_PASSWORD), (OTHER_PASSWORD, PASSWORD)) * 2:
        cut_power(server)
        session = server.login(account.email, old)
        assert server.post("/api/auth/password", {"currentPassword": old, "newPassword": new}, token=session.access).status == 204
        cut_power(server)
        assert server.try_login(account.email, old).code == "INVALID_CREDENTIALS"


def test_a_first_start_that_is_cut_at_any_moment_can_begin_again(tmp_path):
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    for moment in range(15):
        server = Merlon(tmp_path / str(moment), machine={"journal": True})
        for _ in range(2):  # the second one finds what the first one left
            server.start(ready=False)
            time.sleep(chance.uniform(0, 0.1))
            assert server.is_running(), f"seed {seed}, start {moment}: {server.stderr_text()}"
            server.cut_power(chance)
        server.start()
        account = server.register()
        server.cut_power(chance)
        server.start()
        assert account.login().id == account.id, f"seed {seed}, start {moment}"
        server.stop()
