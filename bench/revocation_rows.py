"""How long a sign-out at one gateway takes to be refused at another, with roles in processes of their own."""

import os
import pathlib
import statistics
import sys
import tempfile
import time

from judging import judge
from session_rows import Postgres
from subjects import BUILD, HERE

sys.path.append(str(HERE.parent / "tests/scenario"))
from apart import Apart  # noqa: E402

TIMES = 300


class Echo:
    """No request of this row reaches a service."""

    url = "http://127.0.0.1:9"


class Stores:
    def __init__(self, postgres):
        self.postgres = postgres

    def stores(self):
        return {"store": {"url": self.postgres.make_database("store")}, "keys": {"url": self.postgres.make_database("keys")}}


def refused_after_ms(one, other):
    """The other gateway is asked again and again for something that needs a good token, over one kept connection."""
    account = one.register()
    fields = [("Authorization", "Bearer " + account.access)]
    with other.connect() as asking, one.connect() as ending:
        while asking.request("GET", "/private/x", fields).status == 401:
            time.sleep(0.001)  # a new key, or no feed yet
        answer = ending.request("POST", "/api/auth/logout", [*fields, ("Content-Type", "application/json")], b"{}")
        if answer.status != 204:
            raise SystemExit(f"bench: {answer}")
        acknowledged = time.monotonic()
        while asking.request("GET", "/private/x", fields).status != 401:
            pass
        return (time.monotonic() - acknowledged) * 1e3


def revoke(bench):
    os.environ["MERLON"] = str(BUILD / "merlon")  # as the scenarios are told of it
    with Postgres() as postgres, tempfile.TemporaryDirectory(dir=bench.directory) as folder:
        fleet = Apart(pathlib.Path(folder), Echo(), Stores(postgres), counts={"gateway": 2}).start()
        try:
            one, other = fleet.servers["gateway"]
            times = sorted(refused_after_ms(one, other) for _ in range(TIMES))
        finally:
            fleet.stop()
    figures = {"revoke to refused": {"times": TIMES, "p50_ms": statistics.median(times), "p99_ms": times[int(TIMES * 0.99)], "max_ms": times[-1]}}
    return figures, [judge("revoke to refused at another gateway, p99", figures["revoke to refused"]["p99_ms"], 100, "ms")]
