"""After a chaos run, when all parties are back: everything that was acknowledged holds, nothing was done twice or by halves."""

import collections
import concurrent.futures
import contextlib
import random
import time

import client
from chaos_people import Unexpected
from fault_people import Died

UNFINISHED_WITHIN_S = 60  # what an error left half done is taken up again after 30 s
CHECKED_BY_LOGIN = 400
TELLING_S = 0.3  # an outage of less may fall between two requests
USES, SIGN_INS = ("use", "watch use"), ("login", "watch login")


def insist(operation, *about, within=60):
    """All parties are back: what fails now may fail for a while, not for ever."""
    end = time.monotonic() + within
    while True:
        try:
            return operation(*about)
        except Unexpected:
            raise
        except Died:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def check_accounts(town, book, people):
    stored = {row[0] for row in town.query("SELECT id FROM accounts")}
    for person in people:
        if person.is_there and person.id not in stored:
            book.violation("a lost registration", person.email, person.id)
    # email_index is one address's, whatever its spelling.
    for row in town.query("SELECT encode(email_index, 'hex'), count(*) FROM accounts GROUP BY 1 HAVING count(*) > 1"):
        book.violation("two accounts of one address", *row)


def check_events(town, book, people):
    stored = collections.defaultdict(collections.Counter)
    for user, kind, count in town.query("SELECT event::json->>'userId', event::json->>'type', count(*) FROM event_outbox GROUP BY 1, 2"):
        stored[user][kind] += int(count)
    for person in people:
        if not person.is_there:
            continue
        for kind in ("REGISTERED", "LOGIN", "LOGOUT", "SESSION_REVOKED", "REFRESH_REUSE"):
            count, least = stored[person.id][kind], person.events[kind]
            if count < least:
                book.violation("an acknowledged event missing", kind, person.email, f"{count} of {least}")
            if count > least + person.maybe[kind]:
                book.violation("an event of nothing", kind, person.email, f"{count}, not {least} to {least + person.maybe[kind]}")


def check_person(person):
    """Signs in, uses what it has, and finds its orders as it was told of them."""
    if not person.is_there:
        with contextlib.suppress(Died):
            person.tell("login", "POST", "/api/auth/login", json_body={"email": person.email, "password": person.password})
        return
    with contextlib.suppress(Unexpected):  # which is a violation
        check_own(person)


def check_own(person):
    insist(person.login)
    session = person.sessions[-1]
    for order in person.orders:
        if order.status is None:
            insist(person.send_order, order, session)
    for one in person.sessions:
        if one.is_alive:
            insist(person.use, one)
        elif one.is_alive is False:
            insist(person.use_ended, one)
    answer = insist(
        lambda: person.ask([200], "GET", "/api/orders?limit=100", token=session.access))
    seen = {order["id"]: order["status"] for order in answer.data}
    told = {order.id: order.status for order in person.orders if order.id}
    if set(seen) != set(told):
        person.book.violation("orders that differ", person.email, set(seen) ^ set(told))
    for identifier, status in told.items():
        if identifier in seen and seen[identifier] not in status:
            person.book.violation("an order's status", person.email, identifier, status, seen[identifier])


def check_people(book, people, chance):
    some = chance.sample(people, min(CHECKED_BY_LOGIN, len(people)))
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for _ in pool.map(check_person, some):
            pass
    book.counts["persons checked one by one"] = len(some)


def check_orders(town, book, made):
    """`made`: product → stock it began with."""
    with contextlib.suppress(AssertionError):
        client.wait_for(lambda: town.query("SELECT count(*) FROM orders WHERE status IN (0, 3)") == [["0"]], UNFINISHED_WITHIN_S, 0.5)
    for row in town.query("SELECT id, status FROM orders WHERE status NOT IN (1, 2, 4)"):
        book.violation("a half-done order", *row)
    sold = dict(town.query("SELECT product_id, sum(quantity) FROM order_lines JOIN orders ON orders.id = order_id "
                           "WHERE status = 1 GROUP BY 1"))
    for product, stock in town.query("SELECT id, stock FROM products"):
        if int(stock) + int(sold.get(product, 0)) != made[product]:
            book.violation("stock and orders do not add up", product, made[product], stock, sold.get(product))
    for row in town.query("SELECT user_id, key FROM order_repeats GROUP BY 1, 2 HAVING count(DISTINCT order_id) > 1"):
        book.violation("one key, two orders", *row)


def check_outages(town, book):
    """While auth, PostgreSQL or Redis is away, a gateway that was not hit serves valid tokens at declared services; without
    Redis people sign in, too: their guesses are counted by each process for itself.

    Where tokens are refused without fresh news of revocations (when_stale: closed), only for as long as those are fresh:
    so the first second of an outage is looked at. Overlapping faults at the gateways are left out, and outages too short to tell.
    """
    served = collections.defaultdict(list)
    looked_at = (("tokens were used", USES, ("auth", "postgres", "redis")), ("people signed in", SIGN_INS, ("redis",)))
    for fault, began, ended in book.outages:
        others = [one for one in book.outages if one.fault is not fault and one.began < ended and one.ended > began]
        if fault.kind != "kill" or others:
            continue
        target = fault.target.rstrip("01")
        until = min(ended, began + 1) if town.is_closed and target == "postgres" else ended
        for what, operations, targets in looked_at:
            # One may have begun before: the next has to fit.
            if target in targets and until - began >= TELLING_S + 2 * book.usual_s(operations):
                served[target, what].append(book.successes_within(began, until, operations))
    for (target, what), counts in served.items():
        book.counts[f"outages of {target} during which {what}"] = sum(count > 0 for count in counts)
        book.counts[f"outages of {target} during which {what}, of"] = len(counts)
        if sum(counts) == 0:
            book.violation("refused while away", target, what)


def check(town, book, people, made, seed):
    people = [person for person in people if person.id or person.maybe["REGISTERED"]]
    time.sleep(min(2 + town.late_max, 5))
    check_people(book, people, random.Random(f"{seed}.checks"))
    check_accounts(town, book, people)
    check_orders(town, book, made)
    check_events(town, book, people)
    check_outages(town, book)
