"""What a chaos run's clients were told, when, and what must never have been: kept by all threads together."""

import collections
import statistics
import threading
import time

CLEAR_FAILURES = (502, 503, 504)
Call = collections.namedtuple("Call", "operation gateway began ended status")  # status 0: no whole answer came


class Book:
    def __init__(self):
        self.lock = threading.Lock()
        self.calls, self.violations, self.outages, self.story = [], [], [], []
        self.counts = collections.Counter()
        self.heard = collections.defaultdict(list)  # seconds from a revocation's answer to when an old token still passed
        self.killed_at = collections.defaultdict(float)  # by party, the last time
        self.begun = time.monotonic()

    def note(self, operation, gateway, began, status):
        self.calls.append(Call(operation, gateway, began, time.monotonic(), status))

    def count(self, operation):
        with self.lock:
            self.counts[operation] += 1

    def violation(self, kind, *about):
        with self.lock:
            self.counts["VIOLATION " + kind] += 1
            self.violations.append((kind, round(time.monotonic() - self.begun, 3), *about))

    # ---- what the calls say

    def first_success_after(self, moment, operations):
        """Seconds from a moment to the end of the first call that began after it and was answered well."""
        first = None
        for call in reversed(self.calls):  # in the order of their ends, nearly
            if call.ended < moment - 1:
                break
            if call.operation in operations and call.began >= moment and 200 <= call.status < 300:
                first = call.ended
        return first and first - moment

    def successes_within(self, begin, end, operations):
        return sum(call.operation in operations and call.began >= begin and call.ended <= end and 200 <= call.status < 300
                   for call in self.calls)

    def usual_s(self, operations):
        """How long these take, nine of ten of those answered well, on this machine: a sanitizer's sign-in takes a second."""
        took = sorted(call.ended - call.began for call in self.calls if call.operation in operations and 200 <= call.status < 300)
        return took[len(took) * 9 // 10] if took else 0


def percentiles(seconds):
    if not seconds:
        return "none"
    ordered = sorted(seconds)
    return (f"p50 {statistics.median(ordered):.3f} s, p99 {ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]:.3f} s, "
            f"max {ordered[-1]:.3f} s of {len(ordered)}")
