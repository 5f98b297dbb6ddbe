"""Orders of many writers on a disk whose every fsync takes 5 ms longer: how many commits share one."""

import json
import shutil
import sqlite3
import sys

from judging import judge_least
from stores import filled
from subjects import BUILD, HERE, Merlon

sys.path.append(str(HERE.parent / "tests/scenario"))
from machine import Machine  # noqa: E402

WRITERS = 64
SYNC_DELAY_MS = 5
TRANSACTIONS = 3  # of an order, each durable before the next: pending, its stock taken, confirmed


def group_commit(bench):
    store = filled(1_000)
    subject = bench.subject(Merlon, "merlon-orders")
    data = subject.directory / "data"
    shutil.copytree(store, data)
    with sqlite3.connect(data / "merlon.db") as products:
        ids = [id for id, in products.execute("SELECT id FROM products")]
    orders = bench.directory / "orders.json"
    orders.write_text("\n".join(json.dumps({"items": [{"productId": id, "quantity": 1}]}) for id in ids))
    machine = Machine(bench.directory / "machine", disk=data, library=BUILD / "libtest_machine.so")
    subject.preload = machine.environment()
    with subject:
        machine.sync_delay_ms = SYNC_DELAY_MS
        before = machine.syncs
        made = bench.load(subject, bench.hs256, "201", method="POST", path="/api/orders", bodies=orders,
                          idempotency_keys="yes", connections=WRITERS, seconds=5, sleep="yes", upstream_port=0)
        syncs = machine.syncs - before
    figures = {"orders": made["requests"], "seconds": made["seconds"], "syncs": syncs,
               "orders_a_sync": made["requests"] / syncs, "orders_a_second": made["requests"] / made["seconds"]}
    return figures, [judge_least(
        f"orders by {WRITERS} writers, {TRANSACTIONS} transactions each, every fsync {SYNC_DELAY_MS} ms later "
        f"({figures['orders_a_second']:.0f} orders a second, {figures['orders_a_sync']:.1f} an fsync)",
        TRANSACTIONS * figures["orders_a_sync"], 10, "transactions / fsync")]
