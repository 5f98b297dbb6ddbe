"""Limits in Redis: gateways and express services count together; whatever becomes of Redis, requests go on.

The scenarios of the limits themselves run on Redis in test_rate_limits_on_redis.py and test_login_protection_on_redis.py.
"""

import itertools
import signal
import ssl
import threading
import time

import pytest

import client as client_module
from harness import OTHER_PASSWORD, PASSWORD, certificate, merge, new_email, table, together
from redis_server import ExpressStore, Impostor, Redis

LIMITS = {"server": {"trusted_proxies": ["127.0.0.1/32"]},
          "limits": {"api": {"max": 10, "window": "15m"}, "auth": {"max": 5, "window": "15m"}}}
FIELDS = ("RateLimit-Policy", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Retry-After")
numbers = itertools.count(1)


@pytest.fixture(scope="module")
def redis(tmp_path_factory):
    server = Redis(tmp_path_factory.mktemp("redis")).start()
    yield server
    server.stop()


@pytest.fixture
def own_redis(tmp_path):
    """A server that this test may do anything to."""
    server = Redis(tmp_path / "redis").start()
    yield server
    server.stop()


def on(redis, **more):
    return merge(LIMITS, {"state": {"url": redis.url, **more}})


def new_client():
    number = next(numbers)
    return f"198.51.{number // 250}.{number % 250 + 1}"


def hit(server, who, target="/open/x"):
    return server.get(target, headers={"X-Forwarded-For": who})


def try_login(server, who, email=None, password=OTHER_PASSWORD):
    return server.try_login(email or new_email(), password, headers={"X-Forwarded-For": who})


def state_is(server, up):
    client_module.wait_for(lambda: server.metric("merlon_store_up", store="state") == up, what=f"merlon_store_up {up}")


def lines_about_state(server):
    return [line for line in server.stderr_text().splitlines() if line.startswith("merlon: state:")]


# ---- counting together


def test_two_gateways_share_a_count(launch, redis):
    first, second, who = launch(on(redis)), launch(on(redis)), new_client()
    answers = [hit(server, who) for server in (first, second) * 6]
    assert [answer.status for answer in answers] == [200] * 10 + [429] * 2
    assert [answer.get("RateLimit-Remaining") for answer in answers[:10]] == [str(left) for left in range(9, -1, -1)]
    assert redis.command("GET", "rl:" + who) == "12"
    assert 890_000 < redis.command("PTTL", "rl:" + who) <= 900_000


def test_headers_are_the_same_with_and_without_redis(launch, redis):
    here, shared = launch(LIMITS), launch(on(redis))
    who, other = new_client(), new_client()
    for target, count in (("/open/x", 8), ("/api/auth/me", 2), ("/nowhere", 2)):
        for _ in range(count):
            told = [hit(server, who, target) for server in (here, shared)]
            assert told[0].status == told[1].status
            assert_alike(*told)
    for _ in range(7):
        told = [try_login(server, other) for server in (here, shared)]
        assert told[0].status == told[1].status
        assert_alike(*told)


def assert_alike(one, other):
    for field in FIELDS:
        if field in ("RateLimit-Reset", "Retry-After") and one.get(field) and other.get(field):
            assert abs(int(one.get(field)) - int(other.get(field))) <= 2  # a second may pass in between
        else:
            assert one.get(field) == other.get(field), field


def test_failures_of_several_gateways_are_one_count(launch, redis):
    servers, who = [launch(on(redis)), launch(on(redis))], new_client()
    assert [try_login(servers[i % 2], who).status for i in range(6)] == [401] * 5 + [429]
    assert redis.command("GET", "rl:auth:" + who) == "5"
    assert redis.command("ZCARD", "{rl:auth:" + who + "}:held") == 0


def test_parallel_guesses_over_several_gateways_evaluate_at_most_the_limit(launch, redis):
    servers, who = [launch(on(redis)), launch(on(redis))], new_client()
    statuses = together(40, lambda i: try_login(servers[i % 2], who, password=f"Wrong$Guess{i}").status)
    assert statuses.count(401) == 5 and statuses.count(429) == 35, statuses


def test_parallel_successes_over_several_gateways_do_not_lock(launch, redis):
    servers, who = [launch(merge(on(redis), {"limits": {"api": {"max": 1_000}}})) for _ in range(2)], new_client()
    accounts = [server.register() for server in servers]
    logins = together(12, lambda i: try_login(servers[i % 2], who, accounts[i % 2].email, PASSWORD).status)
    assert set(logins) == {200}, logins
    client_module.wait_for(lambda: redis.command("GET", "rl:auth:" + who) == "0", what="every success forgiven")
    assert try_login(servers[0], who).get("RateLimit-Remaining") == "4"


def test_what_a_killed_gateway_had_reserved_becomes_failures(launch, redis, upstream):
    never = threading.Event()
    upstream.on("/open/held", lambda received, link: never.wait(60) and False)
    limits = {"held": {"paths": ["/open/held", "/private/held"], "window": "15m", "max": 5, "skip_successful": True}}
    killed, other, who = launch(merge(on(redis), {"limits": limits})), launch(merge(on(redis), {"limits": limits})), new_client()
    held, counter = "{rl:held:" + who + "}:held", "rl:held:" + who
    waiting = [killed.connect() for _ in range(4)]
    for one in waiting:
        one.send(client_module.build("GET", "/open/held", [("X-Forwarded-For", who)]))
    client_module.wait_for(lambda: redis.command("ZCARD", held) == 4, what="four reservations")
    killed.kill()
    never.set()
    assert 0 < redis.command("PTTL", held) <= 60_000, "they are not held for ever"
    for member in redis.command("ZRANGE", held, 0, -1):
        redis.command("ZADD", held, 1, member)  # a minute passes
    assert [hit(other, who, "/private/held").status for _ in range(2)] == [401, 429]
    assert redis.command("GET", counter) == "5"
    client_module.wait_for(lambda: redis.command("ZCARD", held) == 0, what="nothing held")


def test_a_limit_that_refuses_first_leaves_the_next_as_it_was(launch, redis):
    server, who = launch(on(redis)), new_client()
    for _ in range(10):
        hit(server, who)
    assert try_login(server, who).code == "RATE_LIMIT_EXCEEDED"
    client_module.wait_for(lambda: redis.command("GET", "rl:auth:" + who) in (None, "0"), what="the reservation taken back")
    assert redis.command("ZCARD", "{rl:auth:" + who + "}:held") == 0


@table({"a name": ("slow-lane", "rl:slow-lane:"), "the beginning of an address": ("cafe", "rl:limit-cafe:"),
        "letters that mean something": ("a b{x}:*", "rl:a%20b%7Bx%7D%3A%2A:")})
def test_a_limits_name_is_in_its_keys_and_harmless_there(launch, redis, row):
    name, prefix = row
    server, who = launch(merge(on(redis), {"limits": {name: {"paths": ["/private/**"], "window": "1m", "max": 3}}})), new_client()
    assert [hit(server, who, "/private/x").status for _ in range(4)] == [401] * 3 + [429]
    assert redis.command("GET", prefix + who) == "4"
    assert redis.command("GET", "rl:" + who) == "4", "both in one trip"


# ---- with express


def test_express_counts_what_we_counted_and_we_what_it_counted(launch, redis):
    server, who, express = launch(on(redis)), new_client(), ExpressStore(redis)
    assert [hit(server, who).status for _ in range(3)] == [200] * 3
    assert express.get(who)[0] == 3
    assert [express.increment(who) for _ in range(4)] == [4, 5, 6, 7]
    assert hit(server, who).get("RateLimit-Remaining") == "2"
    assert [hit(server, who).status for _ in range(3)] == [200, 200, 429]
    assert express.get(who)[0] == 11


def test_the_window_that_express_began_is_ours_too(launch, redis):
    server, who, express = launch(on(redis)), new_client(), ExpressStore(redis, window_ms=100_000)
    express.increment(who)
    answer = hit(server, who)
    assert answer.get("RateLimit-Remaining") == "8"
    assert 90 < int(answer.get("RateLimit-Reset")) <= 100


def test_express_and_we_count_failures_together(launch, redis):
    server, who, express = launch(on(redis)), new_client(), ExpressStore(redis, "rl:auth:")
    assert express.increment(who) == 1 and express.decrement(who) == 0  # a success there
    assert [express.increment(who) for _ in range(3)] == [1, 2, 3]
    assert [try_login(server, who).status for _ in range(3)] == [401, 401, 429]
    assert express.get(who)[0] == 5


def test_an_ipv6_client_has_the_key_that_express_gives_it(launch, redis):
    server = launch(on(redis))
    hit(server, "2001:db8:77:1ff:3::1")
    assert redis.command("GET", "rl:2001:db8:77:100::/56") == "1"


# ---- when Redis is not what it should be


def test_a_killed_redis_costs_nothing_and_comes_back(launch, own_redis):
    server, who = launch(on(own_redis)), new_client()
    assert hit(server, who).get("RateLimit-Remaining") == "9"
    own_redis.kill()
    answers = [hit(server, who) for _ in range(12)]
    assert [answer.status for answer in answers] == [200] * 10 + [429] * 2, "the table of the process counts from the start"
    assert [try_login(server, new_client()).status for _ in range(2)] == [401] * 2
    guesser = new_client()
    assert [try_login(server, guesser).status for _ in range(6)] == [401] * 5 + [429], "closed without Redis too"
    state_is(server, 0)
    own_redis.start()
    state_is(server, 1)
    assert hit(server, who).get("RateLimit-Remaining") == "9", "an empty Redis counts from the start"
    assert own_redis.command("GET", "rl:" + who) == "1"
    told = lines_about_state(server)
    assert len(told) == 2 and "is away" in told[0] and "is back" in told[1], told


def test_while_redis_answers_this_process_counts_nothing(launch, own_redis):
    server, who = launch(on(own_redis)), new_client()
    assert [hit(server, who).status for _ in range(11)][-1] == 429
    own_redis.kill()
    state_is(server, 0)
    assert hit(server, who).get("RateLimit-Remaining") == "9"


def test_a_stopped_redis_is_waited_for_once(launch, own_redis):
    server = launch(on(own_redis, timeout="2s"))
    hit(server, new_client())
    own_redis.signal(signal.SIGSTOP)
    began = time.monotonic()
    assert set(together(10, lambda _: hit(server, new_client()).status)) == {200}
    state_is(server, 0)
    assert {hit(server, new_client()).status for _ in range(20)} == {200}
    assert time.monotonic() - began < 20, "twenty that wait two seconds each are forty"
    assert "no answer in time" in lines_about_state(server)[0]
    own_redis.signal(signal.SIGCONT)
    state_is(server, 1)
    who = new_client()
    hit(server, who)
    assert own_redis.command("GET", "rl:" + who) == "1"


def test_a_gateway_starts_and_serves_without_redis(launch, tmp_path):
    absent = Redis(tmp_path / "redis")
    server = launch(on(absent))
    who = new_client()
    assert [hit(server, who).status for _ in range(11)] == [200] * 10 + [429]
    state_is(server, 0)
    absent.start()
    try:
        state_is(server, 1)
    finally:
        absent.stop()


def test_a_black_hole_is_given_up(launch):
    with Impostor(b"") as silent:
        server = launch(merge(LIMITS, {"state": {"url": f"redis://127.0.0.1:{silent.port}"}}))
        who = new_client()
        assert [hit(server, who).status for _ in range(11)] == [200] * 10 + [429]
        state_is(server, 0)


RUBBISH = {"HTTP": b"HTTP/1.1 400 Bad Request\r\n\r\n", "a size without end": b"$9223372036854775807\r\n", "a line without end": b"+" + b"a" * 70_000,
           "too deep": b"*1\r\n" * 100, "zeros": bytes(1_000), "answers nobody asked for": b"+OK\r\n" * 1_000, "it hangs up": None,
           "an array of texts": b"*2\r\n$1\r\na\r\n$1\r\nb\r\n", "another kind": b"+OK\r\n", "nothing of it": b"*0\r\n",
           "negative": b"*2\r\n:-9223372036854775808\r\n:-9223372036854775808\r\n", "huge": b"*4\r\n" + b":9223372036854775807\r\n" * 4,
           "read only": b"-READONLY You can't write against a read only replica.\r\n", "loading": b"-LOADING Redis is loading\r\n",
           "escapes": b"-ERR \x1b[2J\x00\xff\r\n", "unknown script for ever": b"-NOSCRIPT No matching script.\r\n"}


@table(RUBBISH)
def test_rubbish_is_no_error_of_ours(launch, redis, row):
    for genuine in (0, 3):  # from the first word on, or after the log-in
        with Impostor(row, genuine, redis.port) as impostor:
            server = launch(merge(LIMITS, {"state": {"url": f"redis://127.0.0.1:{impostor.port}"}}), name=f"after{genuine}")
            statuses = {hit(server, new_client()).status for _ in range(5)}
            assert statuses <= {200, 429} and 500 not in statuses, statuses
            assert {try_login(server, new_client()).status for _ in range(2)} <= {401, 429}
            assert impostor.connections >= 1
            assert "\x1b" not in server.stderr_text()


def test_a_server_that_forgets_the_scripts_is_told_them_again(launch, redis):
    server, who = launch(on(redis)), new_client()
    assert hit(server, who).get("RateLimit-Remaining") == "9"
    redis.command("SCRIPT", "FLUSH")
    assert set(together(8, lambda _: hit(server, who).status)) == {200}
    assert redis.command("GET", "rl:" + who) == "9"
    redis.command("SCRIPT", "FLUSH")
    assert try_login(server, who).status == 401
    state_is(server, 1)


def test_a_key_that_is_somebody_elses_concerns_nobody_else(launch, redis):
    server, who = launch(on(redis)), new_client()
    redis.command("RPUSH", "rl:" + who, "x")
    assert hit(server, who).get("RateLimit-Remaining") == "9", "counted in this process"
    assert hit(server, new_client()).status == 200
    state_is(server, 1)
    assert "WRONGTYPE" in server.stderr_text()


def gateways(redis):
    """The connections of gateways to Redis: id → age in seconds."""
    listed = [dict(field.split("=", 1) for field in line.split()) for line in redis.command("CLIENT", "LIST").splitlines()]
    return {one["id"]: int(one["age"]) for one in listed if one["name"] == "merlon"}


def test_idle_connections_that_redis_closes_are_made_again(launch, own_redis):
    server, who = launch(merge(on(own_redis), {"server": {"workers": 1}})), new_client()
    hit(server, who)
    for expected in ("8", "7"):
        # Redis counts whole seconds from the accept, the gateway one second from the end of its log-in.
        client_module.wait_for(lambda: min(gateways(own_redis).values(), default=0) >= 3, what="an idle connection")
        old = set(gateways(own_redis))
        own_redis.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        client_module.wait_for(lambda: set(gateways(own_redis)) - old, what="a new connection")
        assert hit(server, who).get("RateLimit-Remaining") == expected
    assert not lines_about_state(server), "nobody has to know"


# ---- who may ask


def test_a_wrong_password_is_said_once_and_nowhere_shown(launch, tmp_path):
    redis = Redis(tmp_path / "redis", "--requirepass", "rIght-Passw0rd", user=["rIght-Passw0rd"]).start()
    try:
        wrong = launch(on(redis, password="wr0ng-Passw0rd"))
        assert hit(wrong, new_client()).status == 200
        state_is(wrong, 0)
        assert len(lines_about_state(wrong)) == 1 and "WRONGPASS" in lines_about_state(wrong)[0]
        assert "wr0ng" not in wrong.stderr_text() + wrong.run("config", "show").stdout
        (tmp_path / "password").write_text("rIght-Passw0rd\n")
        right, who = launch(on(redis, password=f"file:{tmp_path / 'password'}")), new_client()
        hit(right, who)
        assert redis.command("GET", "rl:" + who) == "1"
    finally:
        redis.stop()


def test_the_documented_acl_is_enough(launch, tmp_path):
    (tmp_path / "users.acl").write_text(
        "user default off\nuser test on nopass ~* &* +@all\n"
        "user merlon on >Gate-Passw0rd resetkeys ~rl:* ~{rl:* ~revoked:* ~token:version:* ~guesses:* resetchannels -@all "
        "+evalsha +script|load +get +set +incr +decr +pttl +pexpire +time +zadd +zrem +zcard +zremrangebyscore +ttl +hgetall +hset +hdel +hincrby\n")
    redis = Redis(tmp_path / "redis", "--aclfile", str(tmp_path / "users.acl"), user=["test", "any"]).start()
    try:
        server = launch(merge(LIMITS, {"state": {"url": f"redis://merlon@127.0.0.1:{redis.port}", "password": "Gate-Passw0rd"}}))
        who = new_client()
        hit(server, who)
        assert redis.command("GET", "rl:" + who) == "1"
        account = server.register()
        assert [try_login(server, who, account.email, PASSWORD).status for _ in range(2)] == [200] * 2
        assert [try_login(server, who).status for _ in range(6)] == [401] * 5 + [429]
        assert redis.command("GET", "rl:auth:" + who) == "5"
        state_is(server, 1)
        assert not lines_about_state(server)
    finally:
        redis.stop()


@pytest.fixture
def tls_redis(tmp_path):
    ca = certificate(("Test CA",), (), ca=True)
    made = certificate(("localhost",), (), issuer=ca)  # no address: 127.0.0.1 is not its name
    for name, content in (("ca.pem", ca[3]), ("redis.crt", made[3]), ("redis.key", made[2]), ("other-ca.pem", certificate(("Other CA",), (), ca=True)[3])):
        (tmp_path / name).write_bytes(content)
    server = Redis(tmp_path / "redis", "--tls-cert-file", str(tmp_path / "redis.crt"), "--tls-key-file", str(tmp_path / "redis.key"),
                   "--tls-auth-clients", "no", tls=ssl.create_default_context(cafile=tmp_path / "ca.pem")).start()
    yield server
    server.stop()


def test_over_tls_counts_are_shared(launch, tls_redis, tmp_path):
    server = launch(merge(LIMITS, {"state": {"url": f"rediss://localhost:{tls_redis.port}", "ca": str(tmp_path / "ca.pem")}}))
    state_is(server, 1)
    who = new_client()
    statuses = together(12, lambda _: hit(server, who).status)
    assert sorted(statuses) == [200] * 10 + [429] * 2
    assert tls_redis.command("GET", "rl:" + who) == "12"


@table({"another authority": ("localhost", "other-ca.pem"), "another name": ("127.0.0.1", "ca.pem"), "the system's authorities": ("localhost", None)})
def test_a_certificate_that_proves_nothing_is_refused(launch, tls_redis, tmp_path, row):
    host, ca = row
    state = {"url": f"rediss://{host}:{tls_redis.port}", **({"ca": str(tmp_path / ca)} if ca else {})}
    server, who = launch(merge(LIMITS, {"state": state})), new_client()
    assert hit(server, who).status == 200
    state_is(server, 0)
    assert "TLS" in lines_about_state(server)[0]
    assert tls_redis.command("GET", "rl:" + who) is None


def test_redis_in_the_clear_is_no_server_for_rediss(launch, redis):
    server = launch(merge(LIMITS, {"state": {"url": f"rediss://127.0.0.1:{redis.port}"}}))
    assert hit(server, new_client()).status == 200
    state_is(server, 0)


def test_the_names_of_the_seed_lead_to_redis(launch, redis):
    server = launch(LIMITS, env={"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(redis.port)})
    who = new_client()
    hit(server, who)
    assert redis.command("GET", "rl:" + who) == "1"
    assert f"redis://127.0.0.1:{redis.port}" in server.run("config", "show", "--sources").stdout
