"""The load of a fault campaign: a shop with its products and keys, and threads that play persons until the server dies."""

import random
import threading
import time

from fault_people import ROLES, Died, Person, command
from harness import PASSWORD, Merlon, new_email

THREADS = 5
PERSONS_OF_A_THREAD = 5
KEYS_MOST = 28  # the server keeps 32
STOCK = 400
TABLES = ("auth", "users", "products", "orders", "gateway")
CONFIG = {"server": {"workers": 1}, "tokens": {"access_ttl": "2h", "reuse_grace": "2m"}}


class Shop:
    """A server on a machine of its own and all that anybody was told by it. Each of `apart`, roles, has a file of its own."""

    def __init__(self, directory, counts, apart=()):
        self.files = {role: f"data/{role if role in apart else 'merlon'}.db" for role in TABLES}
        own = {role: {"url": "sqlite:" + self.files[role]} for role in apart}
        self.server = Merlon(directory, CONFIG | {"store": {"roles": own}}, machine={"journal": True})
        self.counts = counts
        self.lock = threading.Lock()
        self.people = []
        self.kids = set()  # of the keys that there are, as far as was acknowledged
        self.key_in_doubt = False
        self.restocked = STOCK  # the lamp's stock as it was last set
        self.restock_in_doubt = None
        self.admin = None

    def open(self):
        """With its first admin and products, once the server is there."""
        self.admin_email = new_email("root")
        self.server.create_admin(self.admin_email)
        self.sign_admin_in()
        self.kids = {key["kid"] for key in self.server.get("/.well-known/jwks.json").json()["keys"]}
        self.desk, self.lamp = (self.server.post("/api/products", {"name": name, "price": 100, "currency": "EUR", "stock": STOCK},
                                                 token=self.admin).data["id"] for name in ("Desk", "Lamp"))

    def sign_admin_in(self):
        self.admin = self.server.login(self.admin_email, PASSWORD).access

    def count(self, operation):
        with self.lock:
            self.counts[operation] += 1

    def rotate_keys(self, chance):
        if len(self.kids) >= KEYS_MOST:
            return
        self.key_in_doubt = True
        start = {"atOnce": True} if chance.random() < 0.5 else {}
        keys = command(self, [200], command="key.rotate", **start)
        self.key_in_doubt = False
        self.kids.update(key["kid"] for key in keys)
        self.count("rotation")

    def restock(self, chance):
        stock = chance.randint(0, STOCK)
        self.restock_in_doubt = stock
        Person(self).ask([200], "PUT", "/api/products/" + self.lamp, token=self.admin,
                         json_body={"name": "Lamp", "price": 100, "currency": "EUR", "stock": stock})
        self.restocked, self.restock_in_doubt = stock, None
        self.count("restock")


def act(shop, person, chance):
    """One operation of this person that is possible now."""
    if person.is_locked:
        return person.set_lock(False)
    if not person.alive():
        return person.login()
    session = chance.choice(person.alive())
    confirmed = [order for order in person.orders if order.status == "confirmed"]
    possible = [(3, person.login), (3, lambda: person.logout(session)), (1, lambda: person.logout_all(session)),
                (2, lambda: person.change_password(session)), (5, lambda: person.refresh(session)),
                (2, lambda: person.change_role(chance.choice([role for role in ROLES if role != person.role]))),
                (1, lambda: person.set_lock(True))]
    if person.role == "user":
        possible.append((8, lambda: person.order(session, shop.desk, chance.randint(1, 3))))
        if confirmed:
            possible.append((5, lambda: person.cancel(session, chance.choice(confirmed))))
    weights, operations = zip(*possible)
    return chance.choices(operations, weights)[0]()


def play(shop, people, number, chance):
    """Until the server dies: register whoever is missing, and let them act."""
    while True:
        if len(people) < PERSONS_OF_A_THREAD or chance.random() < 0.1:
            person = Person(shop)
            people.append(person)
            with shop.lock:
                shop.people.append(person)
            person.register()
        elif number == 0 and chance.random() < 0.02:
            shop.rotate_keys(chance)
        elif number == 1 and chance.random() < 0.2:
            shop.restock(chance)
        else:
            act(shop, chance.choice(people[-PERSONS_OF_A_THREAD:]), chance)


def run(shop, seed, seconds, fault):
    """Load for so long, then the fault. Gives the persons who took part."""
    teams, failures = [[] for _ in range(THREADS)], []
    for index, person in enumerate(shop.people[-THREADS * PERSONS_OF_A_THREAD:]):
        teams[index % THREADS].append(person)

    def work(number):
        try:
            play(shop, teams[number], number, random.Random(f"{seed}.{number}"))
        except Died:
            pass
        except BaseException as failure:  # raised by the caller's thread
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    fault()
    for thread in threads:
        thread.join(60)
    if failures:
        raise failures[0]
    return [person for team in teams for person in team]
