"""Every process of an installation is restarted, one after the other, under load: no request fails.

Clients do as a load balancer does: they go to a gateway that is ready, and to the next one when a connection is refused, since
then nobody has read a byte. Whatever else goes wrong is a failed request; POSTs are never sent again.
"""

import random
import threading

import client
from apart import Apart
from harness import PASSWORD, new_email

ORDER = ("auth", "users", "products", "orders", "gateway")  # of the roles
CLIENTS, PAUSES_S = 16, (0.02, 2.5)  # kept connections are quiet for as long as that, too


class Load:
    def __init__(self, town, product, seed):
        self.town, self.product = town, product
        self.ready = list(town.servers["gateway"])
        self.failures, self.done, self.ending = [], 0, threading.Event()
        self.threads = [threading.Thread(target=self.play, args=(random.Random(f"{seed}.{number}"),)) for number in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def ask(self, chance, expected, method, target, **more):
        gateways = chance.sample(self.ready, len(self.ready))
        while True:
            try:
                answer = gateways.pop().call(method, target, **more)
                break
            except ConnectionRefusedError:
                if not gateways:
                    raise
        assert answer.status == expected, (method, target, answer)
        self.done += 1
        return answer

    def play(self, chance):
        email, pause_s = new_email(), chance.uniform(*PAUSES_S)
        told = {"email": email, "password": PASSWORD, "firstName": "Ada", "lastName": "Lovelace"}
        data = self.ask(chance, 201, "POST", "/api/auth/register", json_body=told).data
        order = {"items": [{"productId": self.product, "quantity": 1}]}
        while not self.ending.wait(chance.uniform(0, 2 * pause_s)):
            token = data["accessToken"]
            step = chance.randrange(6)
            try:
                if step == 0:
                    self.ask(chance, 200, "POST", "/api/auth/login", json_body={"email": email, "password": PASSWORD})
                elif step == 1:
                    data = self.ask(chance, 200, "POST", "/api/auth/refresh", json_body={"refreshToken": data["refreshToken"]}).data
                elif step == 2:
                    made = self.ask(chance, 201, "POST", "/api/orders", json_body=order, token=token).data
                    self.ask(chance, 200, "POST", f"/api/orders/{made['id']}/cancel", token=token)
                elif step == 3:
                    self.ask(chance, 200, "PATCH", "/api/profile", json_body={"phone": "+49 30 901820"}, token=token)
                elif step == 4:
                    self.ask(chance, 200, "GET", "/api/products/" + self.product, token=token)
                else:
                    self.ask(chance, 200, "GET", "/private/x", token=token)
            except (AssertionError, OSError) as failure:
                self.failures.append((step, repr(failure)[:500]))

    def stop(self):
        self.ending.set()
        for thread in self.threads:
            thread.join(60)


def test_restarting_each_process_in_turn_fails_no_request(tmp_path, upstream, postgres):
    seed = random.randrange(1 << 32)
    town = Apart(tmp_path / "town", upstream, postgres, counts=dict.fromkeys(ORDER, 2)).start()
    load = None
    try:
        assert town.auth.run("user", "create", "--email", "root@example.com", "--first-name", "Grace", "--last-name", "Hopper",
                             "--role", "admin", "--password-stdin", stdin=PASSWORD + "\n").returncode == 0
        made = town.gateway.post("/api/products", {"name": "Lamp", "price": 5, "currency": "EUR", "stock": 1_000_000},
                                 token=town.gateway.login("root@example.com").access)
        load = Load(town, made.data["id"], seed)
        for role in ORDER:
            for server in town.servers[role]:
                if role == "gateway":
                    load.ready.remove(server)
                server.restart()
                assert client.wait_for(server.is_ready, what="the new process")
                if role == "gateway":
                    load.ready.append(server)
        load.stop()
        print(f"\nrolling restart: seed {seed}, {load.done} requests, {len(load.failures)} failed")
        assert not load.failures, f"seed {seed}: {load.failures}"
        assert load.done > 100
    finally:
        if load:
            load.stop()
        town.stop()
