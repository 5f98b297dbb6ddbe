"""The name of a service is followed while it is served: its addresses change, several share the load, a dead one costs nobody."""

import socket
import threading
import time

import client
from harness import free_port, service
from name_server import A, NameServer
from test_abandoned_requests import full_listener
from upstream import Upstream

ROUTES = [{"path": "/open/**", "methods": ["GET", "POST"], "allow": "public", "limit": "none"}]


class At(Upstream):
    """An upstream at an address of its own of this machine."""

    def __init__(self, address, port, name):
        listen = socket.socket
        self.address = address

        class Bound(listen):
            def bind(self, where):
                return listen.bind(self, (address, where[1]))
        socket.socket = Bound
        try:
            super().__init__(port=port, name=name)
        finally:
            socket.socket = listen


def config(names, url, **more):
    return {"server": {"dns_servers": [names.address]}, "services": {"echo": service(url, ROUTES, **more)}}


def drops(_, link):
    """An action that ends the connection instead of answering."""
    link.socket.shutdown(socket.SHUT_RDWR)
    return False


def names_of(answers):
    return {name: answers.count(name) for name in set(answers)}


class Callers:
    """Asks all the time, on a kept connection and on new ones, and keeps who answered when."""

    def __init__(self, server, count=4):
        self.server = server
        self.answers, self.failures = [], []
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=self._run, args=(index,)) for index in range(count)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def _run(self, index):
        while not self.stop.is_set():
            try:
                with self.server.connect() as connection:
                    for _ in range(50):
                        answer = connection.request("GET", "/open/x")
                        if answer.status == 200:
                            self.answers.append((time.monotonic(), answer.json()["upstream"]))
                        else:
                            self.failures.append((time.monotonic(), answer.status, answer.text))
            except (OSError, client.Closed, client.Malformed) as failure:
                self.failures.append((time.monotonic(), repr(failure)))


def test_a_changed_address_is_followed_without_a_failed_request(launch):
    port = free_port()
    with NameServer() as names, At("127.0.0.2", port, "old") as old, At("127.0.0.3", port, "new"):
        names.records["shop.example"] = (["127.0.0.2"], 1)
        server = launch(config(names, f"http://shop.example:{port}"))
        with Callers(server) as callers:
            client.wait_for(lambda: len(callers.answers) > 100, what="requests at the old address")
            assert {who for _, who in callers.answers} == {"old"}
            names.records["shop.example"] = (["127.0.0.3"], 1)
            changed = time.monotonic()
            client.wait_for(lambda: callers.answers[-1][1] == "new", what="requests at the new address")
            seen = len(callers.answers)
            client.wait_for(lambda: len(callers.answers) > seen + 100, what="more of them")
            assert {who for _, who in callers.answers[seen:]} == {"new"}
            old.close()
            seen = len(callers.answers)
            client.wait_for(lambda: len(callers.answers) > seen + 100, what="requests without the old one")
        assert callers.failures == []
        first = next(when for when, who in callers.answers if who == "new")
        print(f"followed within {first - changed:.2f} s of a TTL of 1 s")


def test_a_service_that_moved_before_its_ttl_is_over_is_found_when_its_old_address_is_dead(launch):
    port = free_port()
    with NameServer() as names, At("127.0.0.3", port, "new"):
        old = At("127.0.0.2", port, "old")
        names.records["shop.example"] = (["127.0.0.2"], 60)
        server = launch(config(names, f"http://shop.example:{port}"))
        assert server.get("/open/x").json()["upstream"] == "old"
        names.records["shop.example"] = (["127.0.0.3"], 60)
        old.close()
        client.wait_for(lambda: server.get("/open/x").status == 200, what="the new address")
        assert server.get("/open/x").json()["upstream"] == "new"


def test_two_addresses_share_the_requests(launch):
    port = free_port()
    with NameServer() as names, At("127.0.0.2", port, "a"), At("127.0.0.3", port, "b"):
        names.records["shop.example"] = (["127.0.0.2", "127.0.0.3"], 30)
        server = launch(config(names, f"http://shop.example:{port}"))
        with Callers(server) as callers:
            client.wait_for(lambda: len(callers.answers) >= 2_000, what="2,000 requests")
        counts = names_of([who for _, who in callers.answers])
        assert set(counts) == {"a", "b"} and callers.failures == []
        share = counts["a"] / sum(counts.values())
        assert 0.45 <= share <= 0.55, counts


def test_an_address_that_lets_nobody_connect_fails_no_request(launch):
    listener, fillers = full_listener()
    address, port = listener.getsockname()
    with NameServer() as names, At("127.0.0.3", port, "alive"):
        names.records["shop.example"] = ([address, "127.0.0.3"], 30)
        server = launch(config(names, f"http://shop.example:{port}") | {"server": {"dns_servers": [names.address], "workers": 1}})
        slow = 0
        for _ in range(50):
            with server.connect() as connection:
                began = time.monotonic()
                answer = connection.request("POST", "/open/x", {"Content-Length": "0"})
                slow += time.monotonic() - began > 0.2
                assert answer.status == 200 and answer.json()["upstream"] == "alive"
        assert server.metric("merlon_upstream_request_duration_seconds_count", service="echo") == 50
        print(f"{slow} of 50 requests took 0.2 s and more")
    for filler in fillers:
        filler.close()
    listener.close()


def test_a_name_that_does_not_exist_is_503_and_said_once(launch):
    with NameServer() as names:
        server = launch(config(names, "http://gone.example:8080"))
        for _ in range(3):
            assert server.get("/open/x").status == 503
        client.wait_for(lambda: "gone.example" in server.stderr_text(), what="a line about it")
        assert server.stderr_text().count("the name is not found") == 1


def test_a_get_that_one_address_drops_unanswered_goes_to_the_other(launch):
    with Upstream(name="dropping") as dropping, Upstream(name="well") as well:
        dropping.on("/open/x", drops)
        server = launch({"server": {"workers": 1}, "services": {"echo": service([dropping.url, well.url], ROUTES)}})
        for _ in range(10):
            answer = server.get("/open/x")
            assert answer.status == 200 and answer.json()["upstream"] == "well"
        assert dropping.seen("/open/x"), "it was asked"


def test_a_post_that_is_dropped_unanswered_is_sent_once(launch):
    with Upstream(name="a") as a, Upstream(name="b") as b:
        a.on("/open/x", drops)
        b.on("/open/x", drops)
        server = launch({"server": {"workers": 1}, "services": {"echo": service([a.url, b.url], ROUTES)}})
        assert server.post("/open/x", {"n": 1}).status == 502
        assert len(a.seen("/open/x")) + len(b.seen("/open/x")) == 1


def test_an_unwell_address_gets_no_requests_and_comes_back(launch):
    port = free_port()
    with NameServer() as names, At("127.0.0.2", port, "a") as a, At("127.0.0.3", port, "b"):
        a.on("/healthz", b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")
        names.records["shop.example"] = (["127.0.0.2", "127.0.0.3"], 30)
        server = launch(config(names, f"http://shop.example:{port}", health={"path": "/healthz", "interval": "100ms"}))

        def answered_by():
            return {server.get("/open/x").json()["upstream"] for _ in range(20)}
        client.wait_for(lambda: answered_by() == {"b"}, what="the unwell one's leave")
        a.actions.pop("/healthz")
        client.wait_for(lambda: answered_by() == {"a", "b"}, what="its return")


def test_addresses_of_one_family_stay_while_only_the_other_can_be_looked_up(launch):
    """Name servers fail for one kind of question, and half an answer must not shut out a machine that has no IPv6."""
    port = free_port()
    with NameServer() as names, At("127.0.0.2", port, "a"):
        names.records["shop.example"] = (["127.0.0.2", "::1"], 1)  # nobody listens at ::1
        server = launch(config(names, f"http://shop.example:{port}"))
        assert server.get("/open/x").status == 200
        names.failing.add(A)
        seen = len(names.questions)
        client.wait_for(lambda: len(names.questions) > seen + 8, what="look-ups that fail by half")
        assert [server.get("/open/x").status for _ in range(5)] == [200] * 5
        names.failing.clear()
        names.records["shop.example"] = (["::1"], 1)  # though somebody still answers at the other
        client.wait_for(lambda: server.get("/open/x").status == 503, what="the end of an address that is no more")


def test_a_change_of_the_hosts_file_is_followed(launch):
    port = free_port()
    with At("127.0.0.2", port, "old") as old, At("127.0.0.3", port, "new"):
        server = launch({"services": {"echo": service(f"http://shop:{port}", ROUTES)}}, machine={})
        server.machine.write_hosts("127.0.0.2 shop\n")
        client.wait_for(lambda: server.get("/open/x").status == 200, what="the name")
        assert server.get("/open/x").json()["upstream"] == "old"
        server.machine.write_hosts("127.0.0.3 shop\n")
        client.wait_for(lambda: server.get("/open/x").json()["upstream"] == "new", what="the new address")
        old.close()
        assert server.get("/open/x").json()["upstream"] == "new"
