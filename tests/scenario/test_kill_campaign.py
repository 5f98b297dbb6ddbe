"""kill -9 and power cuts under load: whatever was acknowledged holds, and nothing is done by halves.

`make faults SEED=… COUNT=…` does it more often, or begins with the same seed again.
"""

import collections
import os
import random
import time

import fault_checks
import fault_load

ROUNDS_OF_A_SHOP = 40  # then a new one opens: its first start and its few keys count, too


class Campaign:
    def __init__(self, folder, seed, rounds, apart=()):
        self.folder, self.seed, self.rounds, self.apart = folder, seed, rounds, apart
        self.chance = random.Random(seed)
        self.counts = collections.Counter()

    def run(self, fault):
        try:
            for first in range(0, self.rounds, ROUNDS_OF_A_SHOP):
                self.run_shop(fault, f"{fault}.{first}", min(ROUNDS_OF_A_SHOP, self.rounds - first))
        finally:
            counts = ", ".join(f"{count} {name}" for name, count in sorted(self.counts.items()))
            print(f"\n{fault}: seed {self.seed}, {counts}", flush=True)

    def strike(self, server, fault):
        if fault == "kill":
            server.kill()
        else:
            server.cut_power(self.chance)

    def start(self, server, fault):
        """Starts it; first, at times, only to strike it while it makes or mends its store."""
        while self.chance.random() < 0.3:
            server.start(ready=False)
            time.sleep(self.chance.uniform(0, 0.15))
            self.strike(server, fault)
            self.counts["interrupted starts"] += 1
        server.start()

    def run_shop(self, fault, name, rounds):
        shop = fault_load.Shop(self.folder / name, self.counts, self.apart)
        try:
            self.start(shop.server, fault)
            shop.open()
            while rounds:
                this = fault if self.chance.random() < 0.7 else "kill"  # some power cuts come after a kill
                self.counts["rounds of " + this] += 1
                rounds -= this == fault
                people = fault_load.run(shop, self.chance.random(), self.chance.uniform(0.2, 0.8),
                                        lambda: self.strike(shop.server, this))
                self.start(shop.server, fault)
                others = [person for person in shop.people if person not in people]
                fault_checks.check(shop, people + self.chance.sample(others, min(10, len(others))))
            fault_checks.check(shop, shop.people)
        finally:
            if shop.server.is_running():
                shop.server.stop()


def campaign(tmp_path, rounds, apart=()):
    seed = int(os.environ.get("MERLON_FAULTS_SEED") or random.randrange(1 << 32))
    return Campaign(tmp_path, seed, rounds, apart)


def test_what_was_acknowledged_survives_kills_under_load(tmp_path):
    campaign(tmp_path, int(os.environ.get("MERLON_FAULTS_COUNT") or 12)).run("kill")


def test_the_same_with_every_role_in_a_database_of_its_own(tmp_path):
    """An order takes its stock in another file than its own: no commit is of both."""
    rounds = int(os.environ.get("MERLON_FAULTS_COUNT") or 8) // 2
    campaign(tmp_path / "kills", rounds, fault_load.TABLES).run("kill")
    campaign(tmp_path / "cuts", rounds, fault_load.TABLES).run("power cut")


def test_what_was_acknowledged_survives_power_cuts_under_load(tmp_path):
    count = int(os.environ.get("MERLON_FAULTS_COUNT") or 0) * 3 // 10
    campaign(tmp_path, count or 8).run("power cut")
