"""Random and mutated requests: never a crash, never a 500, never bytes of one request inside the next.

`make random SEED=… COUNT=…` runs more of them, or the same again.
"""

import json
import os
import random

import random_generator
import random_requests
from harness import service, standard_routes
from upstream import Upstream

FILES = {"schemas/marked.json": json.dumps(random_generator.SCHEMA)}


def CONFIG(upstream):
    return {"server": {"timeouts": {"header": "5s", "body": "5s", "idle": "10s", "upstream": "15s"}},
            "limits": {"api": {"max": 100_000_000}, "auth": {"max": 100_000_000}},
            "services": {"echo": service(upstream.url, [
                *standard_routes(),
                {"path": "/judged/**", "methods": ["POST"], "allow": "public", "schema": "schemas/marked.json"},
                {"path": "/live/**", "methods": ["GET"], "allow": "public", "upgrade": "websocket"}])}}


def test_random_requests_never_crash_never_500_never_mix(launch):
    count = int(os.environ.get("MERLON_RANDOM_COUNT") or 6000)
    seed = int(os.environ.get("MERLON_RANDOM_SEED") or random.randrange(1 << 32))
    with Upstream(keep_raw=False) as quiet:
        server = launch(CONFIG(quiet), files=FILES)
        assert random_requests.run(server, quiet, count, seed)["requests"] >= count
        server.check_output()
