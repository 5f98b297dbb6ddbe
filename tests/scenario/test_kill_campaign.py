"""kill -9 and power cuts under load: whatever was acknowledged holds, and nothing is done by halves.

`make faults SEED=… COUNT=…` does it more often, or begins with the same seed again.
"""

import collections
import os
import random

import fault_checks
import fault_load

ROUNDS_OF_A_SHOP = 40  # then a new one opens: its first start and its few keys count, too


class Campaign:
    def __init__(self, folder, seed, rounds):
        self.folder, self.seed, self.rounds = folder, seed, rounds
        self.chance = random.Random(seed)
        self.counts = collections.Counter()

    def run(self, fault):
        try:
            for first in range(0, self.rounds, ROUNDS_OF_A_SHOP):
                self.run_shop(fault, f"{fault}.{first}", min(ROUNDS_OF_A_SHOP, self.rounds - first))
        finally:
            counts = ", ".join(f"{count} {name}" for name, count in sorted(self.counts.items()))
            print(f"\n{fault}: seed {self.seed}, {counts}", flush=True)

    def run_shop(self, fault, name, rounds):
        shop = fault_load.Shop(self.folder / name, self.counts)
        try:
            shop.open()
            while rounds:
                this = fault if self.chance.random() < 0.7 else "kill"  # some power cuts come after a kill
                self.counts["rounds of " + this] += 1
                rounds -= this == fault
                stop = shop.server.kill if this == "kill" else lambda: shop.server.cut_power(self.chance)
                people = fault_load.run(shop, self.chance.random(), self.chance.uniform(0.2, 0.8), stop)
                shop.server.start()
                others = [person for person in shop.people if person not in people]
                fault_checks.check(shop, people + self.chance.sample(others, min(10, len(others))))
            fault_checks.check(shop, shop.people)
        finally:
            if shop.server.is_running():
                shop.server.stop()


def campaign(tmp_path, rounds):
    seed = int(os.environ.get("MERLON_FAULTS_SEED") or random.randrange(1 << 32))
    return Campaign(tmp_path, seed, rounds)


def test_what_was_acknowledged_survives_kills_under_load(tmp_path):
    campaign(tmp_path, int(os.environ.get("MERLON_FAULTS_COUNT") or 12)).run("kill")


def test_what_was_acknowledged_survives_power_cuts_under_load(tmp_path):
    count = int(os.environ.get("MERLON_FAULTS_COUNT") or 0) * 3 // 10
    campaign(tmp_path, count or 8).run("power cut")
