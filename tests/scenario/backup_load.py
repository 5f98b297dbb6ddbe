"""A shop whose store is backed up while it sells, and what has to be true of the store that the backup is restored into.

Two crowds. Those of before act as in a fault campaign, then stop and are checked: of them all is known, so every check of the campaign
holds for them in the restored store. Those of meanwhile act while the backup is made: of each it is known what was acknowledged before
the backup began, and that is there; what came later may be or not.
"""

import collections
import copy
import pathlib
import random
import shutil
import threading
import time

import fault_load
from fault_load import THREADS, Shop
from fault_people import Died
from harness import Merlon, free_port


class Gate:
    """A server to which nobody gets through once it is closed: whoever plays stops between two requests."""

    def __init__(self, server):
        self.server = server
        self.is_closed = False

    def call(self, *arguments, **more):
        if self.is_closed:
            raise ConnectionError("closed")
        return self.server.call(*arguments, **more)

    def close(self):
        self.is_closed = True

    def __getattr__(self, name):
        return getattr(self.server, name)


class Town(Shop):
    """A shop on any store."""

    def __init__(self, server, files):
        self.files = files
        self.server = Gate(server)
        self.counts = collections.Counter()
        self.lock = threading.Lock()
        self.people = []
        self.kids = set()
        self.key_in_doubt = False
        self.restocked = fault_load.STOCK
        self.restock_in_doubt = None
        self.admin = None


def let_act(shop, seconds):
    """Those of before: so long, and until each has its last answer."""
    people = fault_load.run(shop, 7, seconds, shop.server.close)
    shop.server.is_closed = False
    return people


class Meanwhile:
    """Those who act while `with` lasts."""

    def __init__(self, shop):
        self.shop = shop
        self.teams = [[] for _ in range(THREADS)]
        self.failures = []
        # Without those who rotate keys and set stocks: the restored shop's are then known.
        self.threads = [threading.Thread(target=self.play, args=(number,)) for number in range(THREADS)]

    def play(self, number):
        try:
            fault_load.play(self.shop, self.teams[number], number + 2, random.Random(number))
        except Died:
            pass
        except BaseException as failure:
            self.failures.append(failure)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        while sum(map(len, self.teams)) < 3 * THREADS:
            time.sleep(0.01)
            assert not self.failures, self.failures
        return self

    def __exit__(self, *_):
        self.shop.server.close()
        for thread in self.threads:
            thread.join(60)
        if self.failures:
            raise self.failures[0]

    def answers(self):
        return sum(self.shop.counts.values())

    def acknowledged(self):
        """(address, password, orders) of everybody who was registered by now, each as it was told last."""
        people = [person for team in self.teams for person in list(team) if person.id]
        return [(person, person.password, [order.id for order in list(person.orders) if order.id]) for person in people]


def check_acknowledged(server, seen):
    """They log in, by the password of then or a later one, and their orders are there."""
    for person, password, orders in seen:
        later = person.passwords[person.passwords.index(password):]
        answer = next((answer for answer in (server.try_login(person.email, known) for known in later) if answer.status != 401), None)
        assert answer and answer.status in (200, 403), (person.email, later, answer)  # 403: an operator had locked it
        if answer.status == 200 and answer.data["user"]["role"] == "user":
            there = {order["id"] for order in server.get("/api/orders?limit=100", token=answer.data["accessToken"]).data}
            assert set(orders) <= there, person.email


def restored_shop(shop, server, files):
    """The shop of before, in another place: a copy of what everybody was told then."""
    other = copy.copy(shop)
    other.server, other.files, other.counts = Gate(server), files, collections.Counter()
    other.people = copy.deepcopy(shop.people, {id(shop): other, id(shop.lock): shop.lock})
    return other


def elsewhere(directory, master, config=None):
    """A server that is not started: another place's, with the master key and nothing else."""
    server = Merlon(directory, {"store": {"url": "sqlite:data/merlon.db"}, "keys": {"url": "sqlite:data/keys.db"}} | (config or {}))
    (server.directory / "data").mkdir(parents=True, mode=0o700)
    shutil.copy(master, server.directory / "data/master.key")
    server.port, server.admin_port = free_port(), free_port()
    server.write()
    return server


def copies(place, part):
    return sorted(pathlib.Path(place).glob(f"merlon-{part}-*"))
