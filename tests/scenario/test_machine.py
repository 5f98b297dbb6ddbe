"""The test machine itself: a server on it has the disk and the clock that a test says, and nobody notices that there is none."""

import time

import jose
import pytest
from machine import library_of


def test_each_sync_is_counted_and_takes_as_long_as_told(launch):
    server = launch(machine={})
    before = server.machine.syncs
    assert before > 0, "the start stores keys and an account"
    server.register()
    assert server.machine.syncs > before
    server.machine.sync_delay_ms = 300
    began = time.monotonic()
    server.register()
    assert time.monotonic() - began >= 0.3
    server.machine.sync_delay_ms = 0
    syncs, answers = server.machine.syncs, [server.get("/open/x").status for _ in range(5)]
    assert answers == [200] * 5 and server.machine.syncs <= syncs + 4, "only a checkpoint may come between"


def test_the_wall_clock_jumps_and_no_deadline_does(launch):
    server = launch(machine={})
    account = server.register()
    for offset_s in (86_400, -86_400, 0):
        server.machine.clock_offset_s = offset_s
        issued = jose.decode(account.login().access)[1]["iat"]
        assert abs(issued - time.time() - offset_s) < 60
        assert server.get("/open/x").status == 200 and server.is_ready()


def test_a_machine_that_is_not_built_says_how_to_build_it(tmp_path):
    with pytest.raises(AssertionError, match="cmake --build .* --target test_machine"):
        library_of(tmp_path / "merlon")
