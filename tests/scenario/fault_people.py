"""What the clients of a fault campaign do, and what they were told: one Person each, whom one thread at a time plays.

An operation notes its doubt before it asks and takes it back with the answer: when the server dies meanwhile, the doubt
stays and both outcomes are right. fault_checks.py finds out which it was, and that all of it was.
"""

import collections
import contextlib
import itertools
import json
import uuid

import client
from harness import new_email

ROLES = ("user", "moderator")
numbers = itertools.count(1)


class Died(Exception):
    """The server went away before its whole answer came."""


@contextlib.contextmanager
def until_it_dies():
    try:
        yield
    except OSError as lost:  # refused, reset, or closed where an answer was due
        raise Died from lost


def new_password():
    return f"Horse$Battery{next(numbers)}"


class Session:
    def __init__(self, data):
        self.access = data["accessToken"]
        self.refresh = data["refreshToken"]
        self.previous = None  # the refresh token before
        self.older = None  # and the one before that
        self.is_alive = True


class Order:
    """A request with its key; `id` and `status` as they were acknowledged."""

    def __init__(self, product, quantity):
        self.key = str(uuid.uuid4())
        self.body = {"items": [{"productId": product, "quantity": quantity}]}
        self.id = self.status = None


class Person:
    def __init__(self, shop):
        self.shop = shop
        self.email = new_email("load")
        self.password = new_password()
        self.passwords = [self.password]  # all that were ever asked for
        self.id = None
        self.role = "user"
        self.is_locked = False
        self.sessions = []
        self.orders = []
        self.events = collections.Counter()  # those that must be stored, by type
        self.doubt = None  # (operation, what it was about)

    # ---- asking

    def ask(self, expected, method, target, **more):
        with until_it_dies():
            answer = self.shop.server.call(method, target, **more)
        assert answer.status in expected, (method, target, self.doubt, answer)
        return answer

    @contextlib.contextmanager
    def doubting(self, operation, about=None):
        self.doubt = (operation, about)
        yield
        self.doubt = None

    def done(self, operation, event=None):
        self.shop.count(operation)
        if event:
            self.events[event] += 1

    def alive(self):
        return [session for session in self.sessions if session.is_alive]

    def end_sessions(self, but=None):
        for session in self.sessions:
            session.is_alive = session.is_alive and session is but

    # ---- operations

    def register(self):
        with self.doubting("register"):
            answer = self.ask([201], "POST", "/api/auth/register", json_body={
                "email": self.email, "password": self.password, "firstName": "Ada", "lastName": "Lovelace"})
        self.id = answer.data["user"]["id"]
        self.sessions.append(Session(answer.data))
        self.done("register", "REGISTERED")

    def try_login(self, password, expected=(200,)):
        answer = self.ask(expected, "POST", "/api/auth/login", json_body={"email": self.email, "password": password})
        if answer.status == 200:
            self.id = answer.data["user"]["id"]
            self.sessions.append(Session(answer.data))
            self.events["LOGIN"] += 1
        return answer

    def login(self):
        with self.doubting("login"):
            self.try_login(self.password)
        self.done("login")

    def logout(self, session):
        with self.doubting("logout", session):
            self.ask([204], "POST", "/api/auth/logout", json_body={}, token=session.access)
        session.is_alive = False
        self.done("logout", "LOGOUT")

    def logout_all(self, session):
        with self.doubting("logout-all"):
            self.ask([204], "POST", "/api/auth/logout-all", token=session.access)
        self.end_sessions()
        self.done("logout-all", "SESSION_REVOKED")

    def change_password(self, session):
        password = new_password()
        self.passwords.append(password)
        with self.doubting("password", (password, session)):
            self.ask([204], "POST", "/api/auth/password", token=session.access,
                     json_body={"currentPassword": self.password, "newPassword": password})
        self.password = password
        self.end_sessions(but=session)
        self.done("password", "PASSWORD_CHANGED")

    def refresh(self, session):
        with self.doubting("refresh", session):
            answer = self.ask([200], "POST", "/api/auth/refresh", json_body={"refreshToken": session.refresh})
        session.previous, session.refresh = session.refresh, answer.data["refreshToken"]
        session.access = answer.data["accessToken"]
        self.done("refresh")

    def change_role(self, role):
        with self.doubting("role", role):
            self.ask([200], "PATCH", "/api/users/" + self.id, json_body={"role": role}, token=self.shop.admin)
        self.role = role
        self.end_sessions()
        self.done("role", "ROLE_CHANGED")

    def set_lock(self, is_locked):
        with self.doubting("lock", is_locked):
            self.ask([200], "PATCH", "/api/users/" + self.id, json_body={"locked": is_locked}, token=self.shop.admin)
        self.is_locked = is_locked
        if is_locked:
            self.end_sessions()
        self.done("lock", "ACCOUNT_LOCKED" if is_locked else None)

    def send_order(self, order, session):
        answer = self.ask([201, 409], "POST", "/api/orders", json_body=order.body, token=session.access,
                          headers={"Idempotency-Key": order.key})
        order.status = answer.data["status"] if answer.status == 201 else "rejected"
        order.id = answer.data["id"] if answer.status == 201 else None
        return answer

    def order(self, session, product, quantity):
        order = Order(product, quantity)
        self.orders.append(order)
        with self.doubting("order", order):
            self.send_order(order, session)
        self.done("order")

    def cancel(self, session, order):
        with self.doubting("cancel", order):
            self.ask([200], "POST", f"/api/orders/{order.id}/cancel", token=session.access)
        order.status = "cancelled"
        self.done("cancel")


def command(shop, expected, **members):
    """An operator's command to the running server, as `merlon key rotate` sends it."""
    with until_it_dies(), client.Connection(str(shop.server.directory / "data/merlon.sock")) as connection:
        answer = connection.request("POST", "/command", body=json.dumps(members))
    assert answer.status in expected, (members, answer)
    return json.loads(answer.body)
