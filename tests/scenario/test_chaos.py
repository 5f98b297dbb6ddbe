"""An installation whose roles run apart, under faults at random: whatever was acknowledged holds, and it recovers by itself.

`make chaos SEED=… KILLS=…` does it for longer, or again. In doubt is what never got its answer: it may be so or not, but not twice.
"""

import collections
import os
import random
import time

import chaos_checks
from chaos_book import Book, percentiles
from chaos_faults import Faults, Schedule
from chaos_people import Crowd, Monitor
from chaos_town import Town
from harness import PASSWORD, new_email

RECOVERED_WITHIN_S = 60  # never a measurement: those are printed
WATCHED = ("login", "order", "profile", "product", "use")
STOCK = 1_000_000
OF_THE_SUITE_S = 80  # then its faults end, however many there were: the machine may be busy


class Chaos:
    def __init__(self, folder, upstream, seed, config=None, clients=100):
        self.seed, self.book = seed, Book()
        self.town = Town(folder, upstream, config)
        self.clients, self.recoveries = clients, {name: [] for name in WATCHED}
        self.slow, self.crowd, self.monitor = [], None, None

    def open(self):
        town = self.town.start()
        admin = town.create_admin(new_email("root"), PASSWORD)
        product = {"price": 100, "currency": "EUR"}
        stocks = {"Desk": STOCK, "Lamp": STOCK, "Rare": 40}
        self.made = {town.gateway.post("/api/products", product | {"name": name, "stock": stock}, token=admin.access).data["id"]: stock
                     for name, stock in stocks.items()}
        products = list(self.made)
        self.monitor = Monitor(town, self.book, products[0])
        self.crowd = Crowd(town, self.book, lambda number: random.Random(f"{self.seed}.{number}"), products, self.clients).start()

    def until_recovered(self, faults, back):
        """The first success of each kind that began after all was back."""

        end = back + RECOVERED_WITHIN_S
        for name in WATCHED:
            while (took := self.book.first_success_after(back, ("watch " + name,))) is None and time.monotonic() < end:
                time.sleep(0.05)
            if took is None:
                failed = collections.Counter(call.status for call in self.book.calls
                                             if call.operation == "watch " + name and call.began >= back)
                self.book.violation("no recovery", name, dict(failed), *faults)
                continue
            self.recoveries[name].append(took)
            if took > 2:
                tried = [(round(call.began - back, 2), round(call.ended - back, 2), call.gateway, call.status) for call in self.book.calls
                         if call.operation == "watch " + name and call.ended >= back]
                self.slow.append((name, round(took, 2), [(fault.kind, fault.target, round(fault.seconds, 1)) for fault in faults], tried))

    def run(self, kills, seconds=None):
        town, book = self.town, self.book
        schedule = Schedule(self.seed, kills, town.counts, town.proxy.names)
        try:
            self.open()
            Faults(town, book).run(schedule, self.until_recovered, seconds)
            self.monitor.stop()
            self.crowd.stop()
            chaos_checks.check(town, book, self.crowd.people, self.made, self.seed)
        finally:
            self.report()
            for load in filter(None, (self.crowd, self.monitor)):
                load.ending.set()
            town.stop()
        return book.violations

    def report(self):
        book = self.book
        print(f"\nchaos: seed {self.seed}, " + ", ".join(f"{count} {name}" for name, count in sorted(book.counts.items())))
        for name, seconds in self.recoveries.items():
            print(f"recovery of {name}: {percentiles(seconds)}")
        for where, seconds in book.heard.items():
            print(f"a token after its revocation, {where}, passed: {percentiles(seconds)}")
        for began, *faults in book.story if book.violations else ():
            print(f"{began:8.2f}", *(f"{fault.kind} of {fault.target} for {fault.seconds:.2f} s," for fault in faults))
        for slow in self.slow:
            print("slow:", *slow)
        for violation in book.violations[:50]:
            print("VIOLATION", *violation, flush=True)


def chosen_seed():
    return int(os.environ.get("MERLON_CHAOS_SEED") or random.randrange(1 << 32))


def test_what_was_acknowledged_holds_in_an_installation_under_faults(tmp_path, upstream):
    kills = int(os.environ.get("MERLON_CHAOS_KILLS") or 0)
    seconds = float(os.environ.get("MERLON_CHAOS_SECONDS") or 0) or (None if kills else OF_THE_SUITE_S)
    violations = Chaos(tmp_path / "town", upstream, chosen_seed()).run(kills or 20, seconds)
    assert not violations
