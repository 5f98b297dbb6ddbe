"""The faults of a chaos run: a schedule that follows from its seed alone, and who carries it out.

A round is one fault or several that begin together, each at a party or a link of its own; the next begins when all are over.
"""

import collections
import random
import signal
import threading
import time

Fault = collections.namedtuple("Fault", "kind target seconds ms after")  # after: seconds from the round's begin
Outage = collections.namedtuple("Outage", "fault began ended")

PARTIES = {"postgres": 4, "redis": 3, "auth": 6, "gateway": 4, "products": 3, "orders": 3, "users": 2}
NETWORK = {"delay": 3, "drip": 1, "stall": 2, "hole": 2, "reset": 3, "half_close": 2, "cut": 2}


class Schedule:
    def __init__(self, seed, kills, counts, links):
        self.chance, self.counts, self.links = random.Random(f"{seed}.faults"), counts, links
        self.rounds = []
        left = kills
        while left > 0:
            faults = [fault for fault in self.round()]
            left -= sum(fault.kind == "kill" for fault in faults)
            self.rounds.append((self.chance.uniform(0.2, 0.8), faults))  # the pause before it

    def party(self):
        role = self.chance.choices(list(PARTIES), PARTIES.values())[0]
        return role if role not in self.counts else f"{role}{self.chance.randrange(self.counts[role])}"

    def round(self):
        targets = set()
        for _ in range(self.chance.choices((1, 2, 3), (3, 4, 3))[0]):
            fault = self.fault()
            if fault.target not in targets:
                targets.add(fault.target)
                yield fault

    def fault(self):
        chance = self.chance
        kind = chance.choices(("kill", "stop", "network"), (8, 2, 3))[0]
        after = chance.uniform(0, 0.3)
        if kind == "kill":
            return Fault("kill", self.party(), chance.uniform(0, 1), 0, after)
        if kind == "stop":
            return Fault("stop", self.party(), chance.uniform(0.2, 3), 0, after)
        mode = chance.choices(list(NETWORK), NETWORK.values())[0]
        target = self.party() if mode == "cut" else chance.choice(self.links)
        return Fault(mode, target, chance.uniform(0.3, 3), chance.randint(1, 2) if mode == "drip" else chance.randint(20, 300), after)


class Faults:
    def __init__(self, town, book):
        self.town, self.book, self.failures = town, book, []

    def strike(self, fault):
        """Does it, and undoes it. Gives when the party, or the network, was as before."""
        town = self.town
        time.sleep(fault.after)
        began = time.monotonic()
        if fault.kind == "kill":
            self.book.killed_at[fault.target] = began
            town.kill(fault.target)
            time.sleep(fault.seconds)
            town.begin(fault.target)
        elif fault.kind == "stop":
            town.send(fault.target, signal.SIGSTOP)
            time.sleep(fault.seconds)
            town.send(fault.target, signal.SIGCONT)
        elif fault.kind == "cut":
            town.cut(fault.target)
            time.sleep(fault.seconds)
            town.mend(fault.target)
        else:
            town.proxy.set([fault.target], fault.kind, fault.ms)
            time.sleep(fault.seconds)
            town.proxy.set([fault.target], "pass")
        self.book.outages.append(Outage(fault, began, time.monotonic()))
        self.book.count(("kill of " if fault.kind == "kill" else fault.kind + " of ") + fault.target.rstrip("0123456789"))

    def guarded(self, fault):
        try:
            self.strike(fault)
        except BaseException as failure:  # raised by the caller's thread
            self.failures.append((fault, failure))

    def run(self, schedule, until_recovered, seconds=None):
        end = time.monotonic() + (seconds or float("inf"))
        for pause, faults in schedule.rounds:
            if time.monotonic() > end:
                return
            time.sleep(pause)
            self.book.story.append((round(time.monotonic() - self.book.begun, 2), *faults))
            threads = [threading.Thread(target=self.guarded, args=(fault,)) for fault in faults]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            if self.failures:
                fault, failure = self.failures[0]
                raise AssertionError(f"{fault}: {failure}") from failure
            until_recovered(faults, time.monotonic())
