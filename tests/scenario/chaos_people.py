"""The clients of a chaos run: persons as in fault_people.py, who go on after a failure and keep apart what is in doubt.

Whatever did not get its answer, or got 502, 503 or 504, may have been carried out or not: its event is one of `maybe`, a session
it was about is neither alive nor ended from then on (is_alive is None), an order is sent again with its key until it is answered.
"""

import collections
import contextlib
import threading
import time

import client
from chaos_book import CLEAR_FAILURES
from fault_people import Died, Order, Person, Session
from harness import PASSWORD

PATIENCE_S = 8  # of a client, for one answer
PLACES = {"use": "/private/x", "me": "/api/auth/me", "profile": "/api/profile"}


class Unexpected(Died):
    """A whole answer, and not one that was due."""


class Resident(Person):
    def __init__(self, town, book, chance):
        super().__init__(None)
        self.town, self.book, self.chance = town, book, chance
        self.maybe = collections.Counter()  # events that may be stored
        self.is_there = False  # registered, as far as was acknowledged

    # ---- asking

    def tell(self, operation, method, target, gateway=None, **more):
        """One request: its answer, whatever it says. No answer or a clear failure: Died."""
        number = self.chance.randrange(len(self.town.gateways)) if gateway is None else gateway
        began = time.monotonic()
        status = 0
        try:
            answer = self.town.gateways[number].call(method, target, timeout=PATIENCE_S, **more)
            status = answer.status
        except client.Malformed as malformed:
            self.book.violation("malformed answer", operation, repr(malformed))
            raise Died from malformed
        except OSError as lost:
            raise Died from lost
        finally:
            self.book.note(operation, number, began, status)
        if status >= 500:
            if status not in CLEAR_FAILURES:
                self.book.violation("5xx", operation, repr(answer))
            raise Died(status)
        return answer

    def ask(self, expected, method, target, operation="other", **more):
        answer = self.tell(operation, method, target, **more)
        if answer.status not in expected:
            self.book.violation("unexpected answer", operation, method, target, self.email, repr(answer)[:600])
            raise Unexpected(answer.status)
        return answer

    @contextlib.contextmanager
    def perhaps(self, event, *sessions):
        try:
            yield
        except Died:
            self.maybe[event] += 1
            self.book.count("in doubt: " + event)
            for session in sessions:
                session.is_alive = None
            raise
        self.events[event] += 1
        self.book.count(event)

    def end(self, sessions, gateway):
        for session in sessions:
            if session.is_alive:
                session.is_alive, session.ended_at, session.ended_by = False, time.monotonic(), gateway

    # ---- operations

    def register(self):
        with self.perhaps("REGISTERED"):
            answer = self.ask([201], "POST", "/api/auth/register", operation="register", json_body={
                "email": self.email, "password": self.password, "firstName": "Ada", "lastName": "Lovelace"})
        self.id, self.is_there = answer.data["user"]["id"], True
        self.sessions.append(Session(answer.data))

    def login(self):
        with self.perhaps("LOGIN"):
            answer = self.ask([200], "POST", "/api/auth/login", operation="login",
                              json_body={"email": self.email, "password": self.password})
        self.sessions.append(Session(answer.data))

    def logout(self, session):
        gateway = self.chance.randrange(len(self.town.gateways))
        with self.perhaps("LOGOUT", session):
            self.ask([204], "POST", "/api/auth/logout", operation="logout", json_body={}, token=session.access, gateway=gateway)
        self.end([session], gateway)
        self.use_ended(session, gateway if self.chance.random() < 0.5 else None)

    def logout_all(self, session):
        gateway, alive = self.chance.randrange(len(self.town.gateways)), self.alive()
        with self.perhaps("SESSION_REVOKED", *alive):
            self.ask([204], "POST", "/api/auth/logout-all", operation="logout-all", token=session.access, gateway=gateway)
        self.end(alive, gateway)

    def refresh(self, session):
        with self.perhaps("refresh", session):
            answer = self.ask([200], "POST", "/api/auth/refresh", operation="refresh", json_body={"refreshToken": session.refresh})
        session.older, session.previous, session.refresh = session.previous, session.refresh, answer.data["refreshToken"]
        session.access = answer.data["accessToken"]

    def redeem_again(self, session):
        """What was redeemed, and its successor too, is redeemed no second time; who tries ends the session."""
        stolen, gateway = session.older, self.chance.randrange(len(self.town.gateways))
        with self.perhaps("REFRESH_REUSE", session):
            answer = self.tell("redeem again", "POST", "/api/auth/refresh", json_body={"refreshToken": stolen}, gateway=gateway)
            if answer.status != 401:
                self.book.violation("a refresh token redeemed twice", self.email, repr(answer)[:300])
                raise Died(answer.status)
        self.end([session], gateway)

    def redeem_at_once(self, session):
        """Several at once: all that are answered get the same successor."""
        successors = []

        def redeem():
            with contextlib.suppress(Died):
                answer = self.tell("redeem at once", "POST", "/api/auth/refresh", json_body={"refreshToken": session.refresh})
                if answer.status == 200:
                    successors.append(answer.data["refreshToken"])

        threads = [threading.Thread(target=redeem) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        session.is_alive = None
        self.book.count("redeemed at once")
        if len(set(successors)) > 1:
            self.book.violation("a refresh token redeemed twice", self.email, len(successors))

    def use(self, session):
        operation = self.chance.choice(list(PLACES))
        answer = self.tell(operation, "GET", PLACES[operation], token=session.access)
        if answer.status != 200:
            self.book.violation("a good token refused", operation, self.email, repr(answer)[:400])
            session.is_alive = None

    def use_ended(self, session, gateway=None):
        """At any gateway, and by how much later than the revocation's answer it passed all the same. Never at the one that gave it."""
        gateway = self.chance.randrange(len(self.town.gateways)) if gateway is None else gateway
        operation = self.chance.choice(list(PLACES))
        late = time.monotonic() - session.ended_at
        answer = self.tell("ended: " + operation, "GET", PLACES[operation], token=session.access, gateway=gateway)
        is_same = gateway == session.ended_by and self.book.killed_at[f"gateway{gateway}"] < session.ended_at
        where = "same gateway" if is_same else "another gateway"
        if answer.status == 401:
            self.book.count("ended token refused, " + where)
        else:
            self.book.heard[where].append(late)
            if is_same or late > self.town.late_max:
                self.book.violation("a revoked token accepted", f"{late:.3f} s after", where, operation, self.email, repr(answer)[:200])

    # ---- orders

    def send_order(self, order, session):
        answer = self.ask([201, 409], "POST", "/api/orders", operation="order", json_body=order.body, token=session.access,
                          headers={"Idempotency-Key": order.key})
        if order.id and answer.status == 201 and answer.data["id"] != order.id:
            self.book.violation("one key, two orders", self.email, order.key)
        order.status = answer.data["status"] if answer.status == 201 else "rejected"
        order.id = answer.data["id"] if answer.status == 201 else None
        self.book.count("order " + order.status)
        return answer

    def order(self, session, product, quantity):
        order = Order(product, quantity)
        self.orders.append(order)
        self.send_order(order, session)

    def cancel(self, session, order):
        order.status = "confirmed or cancelled"
        self.ask([200], "POST", f"/api/orders/{order.id}/cancel", operation="cancel", token=session.access)
        order.status = "cancelled"
        self.book.count("order cancelled")

    # ---- one step

    def act(self, products):
        chance = self.chance
        if not self.is_there:
            return self.register()
        ended = [session for session in self.sessions[-8:] if session.is_alive is False]
        if ended and chance.random() < 0.25:
            return self.use_ended(chance.choice(ended))
        if not self.alive():
            return self.login()
        session = chance.choice(self.alive())
        unanswered = [order for order in self.orders if order.status is None]
        if unanswered:
            return self.send_order(unanswered[0], session)
        confirmed = [order for order in self.orders if order.status == "confirmed"]
        possible = [(12, self.use, session), (3, self.login), (3, self.logout, session), (1, self.logout_all, session),
                    (4, self.refresh, session), (1, self.redeem_at_once, session),
                    (5, self.order, session, chance.choice(products), chance.randint(1, 3))]
        if session.older:
            possible.append((2, self.redeem_again, session))
        if confirmed:
            possible.append((3, self.cancel, session, chance.choice(confirmed)))
        _, operation, *about = chance.choices(possible, [one[0] for one in possible])[0]
        return operation(*about)


class Crowd:
    """So many threads, each playing a person after the other until stop()."""

    def __init__(self, town, book, chance_of, products, count=100, pause_s=0.4):
        self.people, self.ending, self.failures = [], threading.Event(), []
        self.town, self.book, self.products, self.pause_s = town, book, products, pause_s
        self.threads = [threading.Thread(target=self.play, args=(chance_of(number),), daemon=True) for number in range(count)]

    def start(self):
        for thread in self.threads:
            thread.start()
        return self

    def play(self, chance):
        try:
            while not self.ending.is_set():
                person = Resident(self.town, self.book, chance)
                self.people.append(person)
                for _ in range(chance.randint(10, 60)):
                    if self.ending.wait(chance.uniform(0, 2 * self.pause_s)):
                        return
                    with contextlib.suppress(Died):
                        person.act(self.products)
                    if person.maybe["REGISTERED"] or person.maybe["SESSION_REVOKED"]:
                        break  # it may come true later: of the same address again, or of sessions that began since
        except BaseException as failure:  # raised by the caller's thread
            self.failures.append(failure)

    def stop(self):
        self.ending.set()
        for thread in self.threads:
            thread.join(120)
        if self.failures:
            raise self.failures[0]


class Monitor:
    """Asks for one thing at one gateway all the time, impatiently: when it works again is known to a tenth of a second."""

    def __init__(self, town, book, product, every_s=0.1):
        self.town, self.book, self.ending = town, book, threading.Event()
        # Two accounts: the oldest of very many sessions of one are ended.
        account, body = town.gateway.register(), {"email": town.gateway.register().email, "password": PASSWORD}
        order = {"items": [{"productId": product, "quantity": 1}]}
        asked = {"login": ("POST", "/api/auth/login", {"json_body": body}),
                 "order": ("POST", "/api/orders", {"json_body": order, "token": account.access}),
                 "profile": ("GET", "/api/profile", {"token": account.access}),
                 "product": ("GET", "/api/products/" + product, {"token": account.access}),
                 "use": ("GET", "/private/x", {"token": account.access})}
        self.threads = [threading.Thread(target=self.watch, args=("watch " + name, gateway, *how, every_s), daemon=True)
                        for name, how in asked.items() for gateway in range(len(town.gateways))]
        for thread in self.threads:
            thread.start()

    def watch(self, operation, gateway, method, target, more, every_s):
        while not self.ending.wait(every_s):
            began, status = time.monotonic(), 0
            with contextlib.suppress(OSError, client.Malformed):
                status = self.town.gateways[gateway].call(method, target, timeout=1, **more).status
            self.book.note(operation, gateway, began, status)
            if status >= 500 and status not in CLEAR_FAILURES:
                self.book.violation("5xx", operation, status)

    def stop(self):
        self.ending.set()
        for thread in self.threads:
            thread.join(30)
