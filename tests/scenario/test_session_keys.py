"""The seed's session keys in Redis: a service that checks tokens for itself sees what was signed out; no sign-out waits or fails for it."""

import signal
import time

import pytest

import client
import jose
from apart import Apart
from harness import OTHER_PASSWORD, PASSWORD, Merlon, merge, table, together
from redis_server import Impostor, Redis, Refused
from test_shared_limits import RUBBISH, lines_about_state, state_is

SOON_S = 15.0  # far over the tenth of a second that an answer waits for Redis, far under any retry without end


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


def key_of(account, access=None):
    return f"revoked:{account.id}:{access or account.access}"


def session_key(account, access=None):
    return "revoked:session:" + jose.decode(access or account.access)[1]["sid"]


def version_key(account):
    return f"token:version:{account.id}"


def is_refused(redis, account, access=None):
    """What a service of the seed's makes of a token: its isTokenRevoked, and the version that its logoutAllDevices raises."""
    version = redis.command("GET", version_key(account))
    is_stale = version is not None and jose.decode(access or account.access)[1]["ver"] < int(version)
    return redis.command("GET", key_of(account, access)) is not None or is_stale


def soon_refused(redis, account, access=None):
    client.wait_for(lambda: is_refused(redis, account, access), what="the key")


def redis_life(redis, account):
    return redis.command("PTTL", key_of(account)) / 1000


def lives_as_long(redis, account):
    """Whether the key ends with the token. Redis answers between two looks at the clock, however long that takes."""
    most, life, least = life_of(account.access), redis_life(redis, account), life_of(account.access)
    assert least - 0.2 <= life <= most + 5, (least, life, most)


def life_of(access):
    return jose.decode(access)[1]["exp"] - time.time()


def timed(call):
    began = time.monotonic()
    answer = call()
    return answer, time.monotonic() - began


# ---- what is written


def test_a_logout_is_there_when_it_is_answered(launch, redis):
    server = launch(on(redis))
    bystander = server.register()
    for _ in range(20):
        account = server.register()
        server.logout(account.access)
        assert redis.command("GET", key_of(account)) == "1"
        assert redis.command("GET", version_key(account)) is None
    assert not is_refused(redis, bystander)
    assert server.metric("merlon_session_keys_total", outcome="written") == 40
    assert server.metric("merlon_session_keys_waiting") == 0


def test_what_is_written_before_the_first_look_at_the_connection_is_not_written_again(launch, redis):
    server = launch(on(redis))
    server.logout(server.register().access)
    time.sleep(2.2)  # two looks, one a second
    assert server.metric("merlon_session_keys_total", outcome="written") == 2


def test_a_logout_refuses_the_token_that_it_came_with_and_no_other(launch, redis):
    server = launch(on(redis))
    account = server.register()
    other = account.login()
    server.logout(account.access)
    assert is_refused(redis, account) and not is_refused(redis, account, other.access)
    assert not is_refused(redis, account, account.login().access)


def test_the_key_lives_as_long_as_the_token(launch, redis):
    server = launch(on(redis))
    for pause in (0, 1.3):
        account = server.register()
        time.sleep(pause)
        server.logout(account.access)
        lives_as_long(redis, account)


def logout_all(server, account, root):
    assert server.post("/api/auth/logout-all", token=account.access).status == 204


def change_password(server, account, root):
    body = {"currentPassword": PASSWORD, "newPassword": OTHER_PASSWORD}
    assert server.post("/api/auth/password", body, token=account.login().access).status == 204
    account.password = OTHER_PASSWORD


def reuse_refresh_token(server, account, root):
    second = server.try_refresh(account.refresh).data["refreshToken"]
    assert server.try_refresh(second).status == 200
    assert server.try_refresh(account.refresh).status == 401


def end_from_the_list(server, account, root):
    sid = jose.decode(account.access)[1]["sid"]
    assert server.call("DELETE", f"/api/auth/sessions/{sid}", token=account.login().access).status == 204


def change_role(server, account, root):
    assert server.call("PATCH", f"/api/users/{account.id}", json_body={"role": "moderator"}, token=root.access).status == 200


def lock_and_unlock(server, account, root):
    for locked in (True, False):
        assert server.call("PATCH", f"/api/users/{account.id}", json_body={"locked": locked}, token=root.access).status == 200


def operator(*arguments):
    def run(server, account, root):
        words = [word.format(sid=jose.decode(account.access)[1]["sid"], email=account.email) for word in arguments]
        assert server.run(*words).returncode == 0
    return run


def reset_password(server, account, root):
    assert server.run("user", "password", account.email, "--password-stdin", stdin=OTHER_PASSWORD + "\n").returncode == 0
    account.password = OTHER_PASSWORD


WAYS = {"logout-all": logout_all, "password change": change_password, "refresh reuse": reuse_refresh_token,
        "a session of the list": end_from_the_list, "another role": change_role, "a lock": lock_and_unlock,
        "an operator's revocation": operator("session", "revoke", "{sid}"), "an operator's role": operator("user", "role", "{email}", "moderator"),
        "an operator's password": reset_password}


@pytest.fixture(scope="module")
def shop(redis, upstream, tmp_path_factory):
    """A server and an admin for the ways to sign out."""
    server = Merlon(tmp_path_factory.mktemp("shop"), on(redis, tokens={"reuse_grace": "0s"})).start()
    yield server, server.create_admin()
    server.stop()


# ---- another text of the same token


def test_a_signed_out_token_is_refused_whatever_its_text(launch, redis):
    """ES256 is malleable: (r, n - s) is a signature, too, and its token is not the one that `revoked:<userId>:<token>` names."""
    server = launch(on(redis))
    account = server.register()
    other = jose.other_form(account.access)
    published = server.get("/.well-known/jwks.json").json()["keys"]
    assert any(jose.verifies(other, key) for key in published), "a service that checks the signature alone believes it"
    assert server.me(other).code == "INVALID_TOKEN", "the gateway takes the one text that we made"
    server.logout(account.access)
    assert redis.command("GET", key_of(account, other)) is None, "the seed's key does not know it"
    assert redis.command("GET", session_key(account, other)) == "1"
    assert redis.command("GET", session_key(account)) == "1"


def test_all_our_tokens_have_the_lower_form(launch):
    server = launch()
    account = server.register()
    for _ in range(12):
        account = account.login()
        raw = jose.unb64(account.access.split(".")[2])
        assert int.from_bytes(raw[32:], "big") <= jose.P256_ORDER // 2


@table({"another last letter": lambda t: t[:-1] + chr(ord(t[-1]) + 1), "padding": lambda t: t + "=", "two of it": lambda t: t + "==",
        "a plus": lambda t: t[:-1] + "+", "a slash": lambda t: t[:-1] + "/"})
def test_a_token_has_one_spelling(launch, row):
    server = launch()
    account = server.register()
    head, _, signature = account.access.rpartition(".")
    assert server.me(head + "." + row(signature)).status == 401
    assert server.me(account.access).status == 200


# ---- every way to sign out


@table(WAYS)
def test_what_ends_sessions_without_their_tokens_makes_all_of_the_users_tokens_stale(shop, redis, row):
    server, root = shop
    account, bystander = server.register(), server.register()
    row(server, account, root)
    assert is_refused(redis, account), "there as soon as it is answered"
    assert redis.command("GET", session_key(account)) == "1", "the session's key is enough by itself"
    assert int(redis.command("GET", version_key(account))) >= 2
    assert redis.command("GET", key_of(account)) is None, "nobody had the token at hand"
    assert not is_refused(redis, account, account.login().access), "who signs in again is known again"
    assert not is_refused(redis, bystander) and not is_refused(redis, root)
    assert redis.command("GET", session_key(bystander)) is None


def test_sessions_that_go_on_are_known_again_after_a_refresh(shop, redis):
    server, root = shop
    account = server.register()
    kept = account.login()
    reuse_refresh_token(server, account, root)
    assert server.me(kept.access).status == 200, "the gateway knows which session it was"
    assert is_refused(redis, account, kept.access)
    assert not is_refused(redis, account, server.try_refresh(kept.refresh).data["accessToken"])


def test_a_password_change_that_ends_no_other_session_makes_nothing_stale(shop, redis):
    server, _ = shop
    account = server.register()
    body = {"currentPassword": PASSWORD, "newPassword": OTHER_PASSWORD}
    assert server.post("/api/auth/password", body, token=account.access).status == 204
    assert not is_refused(redis, account)


def test_a_version_stays_an_hour_longer_than_any_token_of_a_lower_one(shop, redis):
    server, root = shop
    account = server.register()
    logout_all(server, account, root)
    life = redis.command("TTL", version_key(account))
    assert 900 + 3600 <= life <= 900 + 3600 + 120, life


@table({"a higher one for ever": ("99", None, "99", -1), "a higher one for longer": ("99", 90_000, "99", 90_000), "a higher one": ("99", 10, "99", 4_500),
        "a lower one for ever": ("1", None, "2", -1), "a lower one": ("1", 10, "2", 4_500), "no number": ("abc", 10, "2", 4_500)})
def test_a_version_never_goes_down_and_stays_for_who_needs_it_longest(shop, redis, row):
    before, seconds, version, life = row
    server, root = shop
    account = server.register()
    redis.command("SET", version_key(account), before, *(("EX", seconds) if seconds else ()))
    logout_all(server, account, root)
    assert redis.command("GET", version_key(account)) == version
    assert life - 120 <= redis.command("TTL", version_key(account)) <= life + 120


# ---- when Redis is not what it should be


def stop(redis):
    redis.signal(signal.SIGSTOP)
    return lambda: redis.signal(signal.SIGCONT)


def kill(redis):
    redis.kill()
    return redis.start


@table({"stopped": stop, "killed": kill})
def test_a_sign_out_is_answered_without_redis_and_is_there_when_redis_comes_back(launch, own_redis, row):
    server = launch(on(own_redis))
    accounts = [server.register() for _ in range(8)]
    server.logout(accounts[0].access)
    begin_again = row(own_redis)
    for account in accounts[1:7]:
        answer, took = timed(lambda a=account: server.post("/api/auth/logout", token=a.access))
        assert answer.status == 204 and took < SOON_S, (answer, took)
        assert server.me(account.access).code == "TOKEN_REVOKED"
    logout_all(server, accounts[7], None)
    state_is(server, 0)
    assert server.metric("merlon_session_keys_waiting") >= 7
    time.sleep(1.5)
    begin_again()
    for account in accounts:
        soon_refused(own_redis, account)  # the first, too: a Redis that was killed comes back empty
    for account in accounts[:7]:
        # What a Redis that was stopped finds in its buffers lives too long, until it is written again.
        client.wait_for(lambda a=account: redis_life(own_redis, a) <= life_of(a.access) + 1.2, what="the life that is left")
    client.wait_for(lambda: server.metric("merlon_session_keys_waiting") == 0, what="nothing waits")
    assert server.metric("merlon_session_keys_total", outcome="dropped") == 0


def test_a_redis_that_hangs_costs_the_first_sign_outs_a_moment_and_the_next_nothing(launch, own_redis):
    server = launch(on(own_redis, state={"timeout": "2s"}))  # which the limits wait
    accounts = [server.register() for _ in range(9)]
    own_redis.signal(signal.SIGSTOP)
    first = timed(lambda: server.logout(accounts[0].access))[1]
    assert 2.09 <= first, first
    state_is(server, 0)
    later = [timed(lambda a=a: server.logout(a.access))[1] for a in accounts[1:]]
    assert min(later) < 2, later


def test_a_server_starts_and_signs_out_without_redis(launch, tmp_path):
    absent = Redis(tmp_path / "redis")
    server = launch(on(absent))
    account = server.register()
    answer, took = timed(lambda: server.post("/api/auth/logout", token=account.access))
    assert answer.status == 204 and took < SOON_S
    absent.start()
    try:
        soon_refused(absent, account)
    finally:
        absent.stop()


def test_a_token_that_has_expired_meanwhile_is_not_written(launch, own_redis):
    server = launch(on(own_redis, tokens={"access_ttl": "6s"}))
    account = server.register()
    own_redis.kill()
    server.logout(account.access)
    client.wait_for(lambda: server.metric("merlon_session_keys_total", outcome="expired") == 1, what="it is given up")
    assert server.metric("merlon_session_keys_waiting") == 1, "the session's: a request under way may have got a younger token"
    own_redis.start()
    state_is(server, 1)
    assert own_redis.command("GET", key_of(account)) is None


@table(RUBBISH | {"silence": b""})
def test_rubbish_in_redis_place_fails_no_sign_out(launch, redis, row):
    for genuine in (0, 4):  # from the first word on, or after the log-in
        with Impostor(row, genuine, redis.port) as impostor:
            server = launch({"state": {"url": f"redis://127.0.0.1:{impostor.port}"}}, name=f"after{genuine}")
            for way in (lambda s, a, _: s.logout(a.access), logout_all):
                account = server.register()
                _, took = timed(lambda w=way, a=account: w(server, a, None))
                assert took < SOON_S
            assert "\x1b" not in server.stderr_text()


def test_a_server_that_forgets_the_scripts_is_told_them_again(launch, redis):
    server = launch(on(redis))
    server.logout(server.register().access)
    redis.command("SCRIPT", "FLUSH")
    accounts = [server.register() for _ in range(6)]
    together(6, lambda i: server.logout(accounts[i].access))
    for account in accounts:
        soon_refused(redis, account)


def test_a_key_that_is_somebody_elses_concerns_nobody_else(launch, redis):
    server = launch(on(redis))
    account, other = server.register(), server.register()
    redis.command("RPUSH", version_key(account), "x")
    logout_all(server, account, None)
    server.logout(other.access)
    assert is_refused(redis, other)
    assert server.metric("merlon_session_keys_total", outcome="refused") == 1
    assert server.metric("merlon_session_keys_waiting") == 0, "it would never be taken"
    state_is(server, 1)


# ---- over restarts, and in parts


def test_ended_sessions_come_from_the_database_again_at_the_start(launch, redis):
    """A process that is killed while Redis is away has told it nothing."""
    server = launch()
    account = server.register()
    server.logout(account.access)
    server.kill()
    server.write(on(redis))
    server.start()
    client.wait_for(lambda: redis.command("GET", session_key(account)) == "1", what="the session's key")


def test_versions_come_from_the_database_again_at_the_start(launch, tmp_path, redis):
    server = launch()  # knows of no Redis, or dies before it has told it
    account = server.register()
    logout_all(server, account, None)
    server.kill()
    assert not is_refused(redis, account)
    server.write(on(redis))
    server.start()
    soon_refused(redis, account)
    assert not is_refused(redis, account, account.login().access)


@pytest.fixture(scope="module")
def apart(tmp_path_factory, upstream, postgres, redis):
    fleet = Apart(tmp_path_factory.mktemp("apart"), upstream, postgres, on(redis), counts={"auth": 2, "gateway": 2}).start()
    yield fleet
    fleet.stop()


def test_auth_writes_what_gateways_are_told(apart, redis):
    for gateway in apart.servers["gateway"] * 3:
        account = gateway.register()
        gateway.logout(account.access)
        assert redis.command("GET", key_of(account)) == "1"
        lives_as_long(redis, account)
    assert all("merlon_session_keys_total" not in gateway.admin("/metrics").text for gateway in apart.servers["gateway"])
    # Six tokens; and six sessions, of which each auth process writes, as it hears of them from the others, too.
    assert sum(auth.metric("merlon_session_keys_total", outcome="written") for auth in apart.servers["auth"]) >= 12


def test_a_version_is_the_accounts_whichever_process_raises_it(apart, redis):
    account = apart.gateway.register()
    for version in range(2, 10):
        gateway = apart.servers["gateway"][version % 2]
        session = gateway.login(account.email)
        assert not is_refused(redis, account, session.access)
        assert gateway.post("/api/auth/logout-all", token=session.access).status == 204
        assert redis.command("GET", version_key(account)) == str(version)
        assert is_refused(redis, account, session.access)
    assert all(auth.metric("merlon_session_keys_total", outcome="written") > 0 for auth in apart.servers["auth"])


def test_versions_that_are_raised_at_once_end_at_the_highest(apart, redis):
    account = apart.gateway.register()
    sessions = [account.login() for _ in range(8)]
    together(8, lambda i: apart.servers["gateway"][i % 2].call(
        "DELETE", "/api/auth/sessions/" + jose.decode(sessions[i].access)[1]["sid"], token=account.access))
    assert redis.command("GET", version_key(account)) == "9"
    assert not is_refused(redis, account, account.login().access)


# ---- who may read what


def test_no_token_is_in_a_log(launch, own_redis):
    server = launch(on(own_redis, log={"access": "all"}))
    account, other = server.register(), server.register()
    server.logout(account.access)
    own_redis.kill()
    server.logout(other.access)
    state_is(server, 0)
    said = server.output().decode() + server.admin("/metrics").text
    for token in (account.access, other.access):
        assert not any(part in said for part in token.split(".")[1:])


def test_the_documented_acls_are_enough(tmp_path, upstream, postgres):
    (tmp_path / "users.acl").write_text(
        "user default off\nuser test on nopass ~* &* +@all\n"
        "user auth on >Auth-Passw0rd resetkeys ~revoked:* ~token:version:* ~guesses:* resetchannels -@all +evalsha +script|load +get +set +ttl +hgetall +hset +hdel +hincrby +pexpire +time\n"
        "user service on >Read-Passw0rd resetkeys ~revoked:* ~token:version:* resetchannels -@all +get\n")
    redis = Redis(tmp_path / "redis", "--aclfile", str(tmp_path / "users.acl"), user=["test", "any"]).start()
    state = {"state": {"url": f"redis://auth@127.0.0.1:{redis.port}", "password": "Auth-Passw0rd"}}
    fleet = Apart(tmp_path / "apart", upstream, postgres, state)
    try:
        fleet.start()
        account, other = fleet.gateway.register(), fleet.gateway.register()
        fleet.gateway.logout(account.access)
        logout_all(fleet.gateway, other, None)
        state_is(fleet.auth, 1)
        assert not lines_about_state(fleet.auth)
        redis.user = ["service", "Read-Passw0rd"]
        assert is_refused(redis, account) and is_refused(redis, other)
        for words in (("DEL", key_of(account)), ("SET", version_key(other), "1"), ("KEYS", "*"), ("SCAN", "0"), ("GET", "rl:192.0.2.1")):
            with pytest.raises(Refused):
                redis.command(*words)
    finally:
        fleet.stop()
        redis.stop()
