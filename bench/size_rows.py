"""What a million users and products cost: requests that must not notice, and the start."""

import contextlib
import json
import statistics

from bench import ROUNDS, Asked
from judging import judge
from process_rows import seconds_to_ready
from stores import filled
from subjects import Merlon

SMALL, LARGE = 1_000, 1_000_000
ADDRESSES_MAX = 100_000  # of each store's accounts, spread over all of them


def bodies(path, values):
    path.write_text("\n".join(json.dumps(value) for value in values))
    return path


def requests(bench, count):
    """What is asked of a store with `count` users and products: name → token file, options and status."""
    post = {"method": "POST"}
    unknown = bodies(bench.directory / "unknown.json",
                     [{"email": "nobody{unique}@example.com", "password": "Horse$Battery9"}])
    taken = bodies(bench.directory / f"taken-{count}.json",
                   [{"email": f"person{number}@example.com", "password": "Horse$Battery9", "firstName": "Ada",
                     "lastName": "Lovelace"} for number in range(0, count, max(1, count // ADDRESSES_MAX))])
    return {
        "first page of products": (bench.hs256, {"path": "/api/products"}, "200"),
        "search for a rare word": (bench.hs256, {"path": "/api/products?q=rareword"}, "200"),
        "first page of users": (bench.admins, {"path": "/api/users"}, "200"),
        "login look-up: registering an address that has an account, refused before its hash":
            (None, {**post, "path": "/api/auth/register", "bodies": taken}, "409"),
        "login of an unknown address, with a hash of bcrypt cost 4":
            (None, {**post, "path": "/api/auth/login", "bodies": unknown}, "401"),
    }


def million(bench):
    sizes = (SMALL, LARGE)
    figures, judged = {}, []
    with contextlib.ExitStack() as running:
        subjects = {count: running.enter_context(
            bench.subject(Merlon, f"merlon-{count}", data=filled(count), bcrypt_cost=4)) for count in sizes}
        asked = {count: requests(bench, count) for count in sizes}
        for what in asked[SMALL]:
            pair = [Asked(f"{what}, {count:,}", subjects[count], *asked[count][what]) for count in sizes]
            measured = bench.measure_cpu(pair, warm_up=64)
            small, large = (measured[one.name]["cpu_us"] for one in pair)
            judged.append(judge(f"{what}: CPU with {LARGE:,} users and products, of with {SMALL:,}",
                                large / small, 1.3))
            figures |= measured
    return figures, judged


def million_start(bench):
    data = filled(LARGE)
    seconds, mebibytes = [], []
    for _ in range(ROUNDS):
        subject = bench.subject(Merlon, "merlon-million-start", data=data)
        seconds.append(seconds_to_ready(subject))
        mebibytes.append(subject.resident_bytes() / 2**20)
        subject.__exit__()
    return {"seconds": seconds, "resident_mib": mebibytes}, [
        judge(f"start to ready with {LARGE:,} users and products and {LARGE // 10:,} revocations "
              f"({statistics.median(mebibytes):.0f} MiB resident then)", statistics.median(seconds), 1, "s")]
