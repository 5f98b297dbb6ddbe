"""The lock of an account under guesses is one for all auth processes, with the same count, answers and lock as in one process."""

import itertools
import signal

import pytest

import client
from apart import Apart
from harness import PASSWORD, merge, new_email, table, together
from redis_server import Impostor, Redis
from test_shared_limits import RUBBISH, state_is

FAILURES_MAX, FIRST_LOCK_S = 10, 60


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
    return merge({"state": {"url": redis.url}}, more)


@pytest.fixture(scope="module")
def apart(tmp_path_factory, upstream, postgres, redis):
    fleet = Apart(tmp_path_factory.mktemp("apart"), upstream, postgres, on(redis), counts={"auth": 2, "gateway": 2}).start()
    yield fleet
    fleet.stop()


numbers = itertools.count()


def guess(server, email, password=None):
    return server.try_login(email, password or f"Wrong$Guess{next(numbers)}")


def refused_logins(auth):
    return auth.metric("merlon_auth_total", event="login", outcome="refused")


def key_of(redis, before):
    """The key that has come since."""
    new = keys(redis) - before
    assert len(new) == 1, new
    return new.pop()


def keys(redis):
    """Of the counts of one client each; the account's own is beside them."""
    return {key for key in redis.command("KEYS", "guesses:*") if not key.startswith("guesses:account:")} - {"guesses:up"}


def hash_of(redis, key):
    flat = redis.command("HGETALL", key)
    return dict(zip(flat[::2], flat[1::2]))


# ---- counting together


def test_guesses_spread_over_two_processes_lock_at_the_same_total_as_in_one(apart):
    gateways, auths = apart.servers["gateway"], apart.servers["auth"]
    before = [refused_logins(auth) for auth in auths]
    account = apart.gateway.register()
    answers = [guess(gateways[i % 2], account.email) for i in range(FAILURES_MAX + 2)]
    assert [answer.status for answer in answers] == [401] * FAILURES_MAX + [429] * 2
    assert answers[-1].code == "TOO_MANY_AUTH_ATTEMPTS"
    assert FIRST_LOCK_S - 5 <= int(answers[-1].get("Retry-After")) <= FIRST_LOCK_S
    assert all(refused_logins(auth) > was for auth, was in zip(auths, before)), "both have judged some"
    for gateway in gateways:
        assert gateway.try_login(account.email, PASSWORD).status == 429, "the right one, too"
        assert gateway.me(account.access).status == 200, "a lock ends no session"
    assert apart.gateway.register().login().access, "nobody else is locked"


def test_parallel_guesses_over_two_processes_are_no_more_than_the_limit(apart):
    account = apart.gateway.register()
    statuses = together(40, lambda i: guess(apart.servers["gateway"][i % 2], account.email).status)
    assert statuses.count(401) == FAILURES_MAX and statuses.count(429) == 30, statuses


def test_parallel_successes_over_two_processes_lock_nobody(apart):
    account = apart.gateway.register()
    logins = together(FAILURES_MAX, lambda i: apart.servers["gateway"][i % 2].try_login(account.email, PASSWORD).status)
    assert set(logins) == {200}
    assert guess(apart.gateway, account.email).status == 401


def test_a_success_in_one_process_forgets_the_failures_of_the_other(apart):
    account, gateways = apart.gateway.register(), itertools.cycle(apart.servers["gateway"])
    for _ in range(3):
        assert {guess(next(gateways), account.email).status for _ in range(FAILURES_MAX - 1)} == {401}
        assert next(gateways).try_login(account.email, PASSWORD).status == 200


def test_an_address_without_an_account_is_locked_alike_in_whatever_case_it_is_written(apart):
    email = new_email()
    spelled = [email, email.upper(), email.title()]
    answers = [guess(apart.servers["gateway"][i % 2], spelled[i % 3]) for i in range(FAILURES_MAX + 1)]
    assert [answer.status for answer in answers] == [401] * FAILURES_MAX + [429]


def test_the_lock_is_told_once(launch, redis):
    server = launch(on(redis))
    account = server.register()
    together(30, lambda _: guess(server, account.email))
    event = server.wait_for_event("ACCOUNT_LOCKED")
    assert len(event) == 1 and event[0]["details"].get("count", 1) == 1, event


def test_a_lock_ends_and_the_next_is_longer(apart, redis):
    before = keys(redis)
    email, lock_s = new_email(), FIRST_LOCK_S
    for _ in range(3):
        statuses = [guess(apart.servers["gateway"][i % 2], email) for i in range(FAILURES_MAX + 1)]
        assert [one.status for one in statuses] == [401] * FAILURES_MAX + [429]
        assert lock_s - 5 <= int(statuses[-1].get("Retry-After")) <= lock_s
        redis.command("HSET", key_of(redis, before), "locked", 1)  # it passes
        lock_s *= 2
    redis.command("HSET", key_of(redis, before), "locks", 50, "failures", FAILURES_MAX - 1)
    guess(apart.gateway, email)
    assert 3_595 <= int(guess(apart.gateway, email).get("Retry-After")) <= 3_600, "an hour at most"


def test_guesses_of_a_process_that_was_killed_are_given_up(apart, redis):
    before = keys(redis)
    email = new_email()
    guess(apart.gateway, email)
    key = key_of(redis, before)
    held = [word for i in range(FAILURES_MAX) for word in (f"p:killed{i}", 4_000_000_000_000)]
    redis.command("HSET", key, *held)
    refused = guess(apart.gateway, email)
    assert (refused.status, refused.get("Retry-After")) == (429, "1")
    redis.command("HSET", key, *[1 if word == 4_000_000_000_000 else word for word in held])  # a minute passes
    assert guess(apart.gateway, email).status == 401
    assert hash_of(redis, key) == {"failures": "2"}


def test_redis_learns_no_address_and_forgets_who_is_left_alone(apart, redis):
    before = keys(redis)
    account = apart.gateway.register()
    guess(apart.gateway, account.email)
    key = key_of(redis, before)
    assert account.email.split("@")[0].lower() not in key and len(key) == len("guesses:") + 43
    assert hash_of(redis, key) == {"failures": "1"}
    assert 86_390 <= redis.command("TTL", key) <= 86_400
    account.login()
    assert redis.command("EXISTS", key) == 0


def test_the_answers_are_those_of_one_process(launch, redis):
    here, shared = launch(), launch(on(redis))
    email = new_email()
    for _ in range(FAILURES_MAX + 2):
        one, other = [guess(server, email) for server in (here, shared)]
        assert (one.status, one.text) == (other.status, other.text)
        assert abs(int(one.get("Retry-After") or 0) - int(other.get("Retry-After") or 0)) <= 2


# ---- when Redis is not what it should be


@table({"killed": signal.SIGKILL, "stopped": signal.SIGSTOP})
def test_without_redis_each_process_counts_and_locks_by_itself(launch, own_redis, row):
    server = launch(on(own_redis))
    account, locked = server.register(), server.register()
    for _ in range(FAILURES_MAX):
        guess(server, locked.email)
    own_redis.signal(row)
    assert [guess(server, account.email).status for _ in range(FAILURES_MAX + 1)] == [401] * FAILURES_MAX + [429]
    state_is(server, 0)
    assert server.try_login(server.register().email, PASSWORD).status == 200
    if row == signal.SIGKILL:
        own_redis.process.wait()
        own_redis.start()
    else:
        own_redis.signal(signal.SIGCONT)
        client.wait_for(lambda: guess(server, locked.email).status == 429, what="the lock that Redis knows")
    state_is(server, 1)
    email = new_email()
    assert [guess(server, email).status for _ in range(FAILURES_MAX + 1)] == [401] * FAILURES_MAX + [429]
    assert len(keys(own_redis) - {"guesses:up"}) >= 1, "counted together again"


@table(RUBBISH | {"silence": b""})
def test_rubbish_in_redis_place_opens_no_account(launch, redis, row):
    for genuine in (0, 4):  # from the first word on, or after the log-in
        with Impostor(row, genuine, redis.port) as impostor:
            server = launch({"state": {"url": f"redis://127.0.0.1:{impostor.port}"}}, name=f"after{genuine}")
            email = new_email()
            statuses = [guess(server, email).status for _ in range(FAILURES_MAX + 2)]
            assert set(statuses) <= {401, 429} and statuses.count(401) <= FAILURES_MAX, statuses
            assert server.try_login(server.register().email, PASSWORD).status in (200, 429)


def test_a_key_of_another_kind_concerns_that_account_only(launch, redis):
    server, before = launch(on(redis)), keys(redis)
    email = new_email()
    guess(server, email)
    key = key_of(redis, before)
    redis.command("SET", key, "x")
    assert [guess(server, email).status for _ in range(FAILURES_MAX + 1)] == [401] * FAILURES_MAX + [429], "counted in this process"
    account = server.register()
    assert server.try_login(account.email, PASSWORD).status == 200
    state_is(server, 1)
