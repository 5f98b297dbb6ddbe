"""Random and mutated requests: never a crash, never a 500, never bytes of one request inside the next."""

import os
import random

import random_requests


def test_random_requests_never_crash_never_500_never_mix(merlon, upstream):
    count = int(os.environ.get("MERLON_RANDOM_COUNT", "3000"))
    seed = int(os.environ.get("MERLON_RANDOM_SEED", random.randrange(1 << 32)))
    upstream.keep_raw = False
    assert random_requests.run(merlon, upstream, count, seed) >= count
    merlon.check_output()
