"""Signing keys: published before they sign, verifying until their last token has expired, ended at once when told; a rotation
signs nobody out.

The five minutes before a new key signs are not waited for: `--now` skips them, and a clock in the store is turned instead.
"""

import json
import sqlite3

import jose
from harness import REFRESH_SECRET, SECRET, run, table


def keys(server):
    done = server.run("key", "list", "--json")
    assert done.returncode == 0, done
    return json.loads(done.stdout)


def key(server, kid):
    return next(key for key in keys(server) if key["kid"] == kid)


def published(server):
    return [key["kid"] for key in server.get("/.well-known/jwks.json").json()["keys"]]


def kid_of(token):
    return jose.decode(token)[0]["kid"]


def rotate(server, *flags):
    """The new key's kid."""
    before = {key["kid"] for key in keys(server)}
    done = server.run("key", "rotate", *flags)
    assert done.returncode == 0, done
    fresh = [key["kid"] for key in json.loads(done.stdout) if key["kid"] not in before]
    assert len(fresh) == 1, done
    return fresh[0]


def age_keys(server, milliseconds):
    """Turns the clock of a stopped server's keys: all that is said of them happened that much earlier."""
    with sqlite3.connect(server.directory / "data" / "merlon.db") as store:
        store.execute("UPDATE signing_keys SET created_at = created_at - ?1, signs_from = signs_from - ?1, "
                      "retires_at = retires_at - ?1, refresh_until = refresh_until - ?1", (milliseconds,))
    store.close()


def test_a_new_key_is_published_before_it_signs(launch):
    server = launch()
    account = server.register()
    old = kid_of(account.access)
    fresh = rotate(server)
    assert published(server) == [fresh, old]
    assert (key(server, fresh)["state"], key(server, old)["state"]) == ("published", "signing")
    assert kid_of(server.register().access) == old
    server.stop()
    age_keys(server, 301_000)
    server.start()
    assert kid_of(server.register().access) == fresh
    assert key(server, old)["state"] == "verifying"
    assert server.me(account.access).status == 200


def test_an_old_key_leaves_when_its_last_access_token_has_expired_and_goes_on_for_refresh_tokens(launch):
    server = launch()
    account = server.register()
    old = kid_of(account.access)
    fresh = rotate(server)
    server.stop()
    age_keys(server, (300 + 900) * 1000)
    server.start()
    assert published(server) == [fresh]
    assert key(server, old)["state"] == "refresh only"
    answer = server.me(account.access)
    assert (answer.status, answer.code) == (401, "INVALID_TOKEN"), answer
    answer = server.try_refresh(account.refresh)
    assert answer.status == 200, answer
    assert kid_of(answer.data["accessToken"]) == fresh
    assert kid_of(answer.data["refreshToken"]) != kid_of(account.refresh), "that of the new key"
    assert server.me(answer.data["accessToken"]).status == 200
    left_behind = server.register()
    server.stop()
    age_keys(server, 7 * 24 * 3600 * 1000)
    server.start()
    assert [one["kid"] for one in keys(server)] == [fresh]
    assert server.try_refresh(left_behind.refresh).status == 200


def test_a_rotation_keeps_refresh_tokens_of_a_longer_life_than_is_given_now(launch):
    server = launch({"tokens": {"refresh_ttl": "30d"}})
    account = server.register()
    server.write({"tokens": {"refresh_ttl": "1h"}})
    server.restart()
    rotate(server)
    server.stop()
    age_keys(server, 24 * 3600 * 1000)
    server.start()
    assert server.try_refresh(account.refresh).status == 200


def test_a_retired_key_is_refused_at_once_by_every_worker(launch):
    server = launch({"server": {"workers": 2}})
    account = server.register()
    old = kid_of(account.access)
    fresh = rotate(server, "--now")
    assert kid_of(server.register().access) == fresh
    for _ in range(8):  # cached by both workers
        assert server.get("/private/x", token=account.access).status == 200
    done = server.run("key", "retire", old)
    assert done.returncode == 0, done
    for _ in range(8):
        answer = server.get("/private/x", token=account.access)
        assert (answer.status, answer.code) == (401, "INVALID_TOKEN"), answer
    assert server.try_refresh(account.refresh).code == "INVALID_REFRESH_TOKEN"
    assert published(server) == [fresh]
    server.restart()
    assert server.me(account.access).status == 401
    assert server.login(account.email).user["id"] == account.id


def test_the_key_that_signs_or_is_about_to_cannot_be_retired(launch):
    server = launch()
    old = kid_of(server.register().access)
    for kid in [old, rotate(server), old]:
        done = server.run("key", "retire", kid)
        assert done.returncode == 1 and "key.signs" in done.stderr, done
    done = server.run("key", "retire", "nobody")
    assert done.returncode == 1 and "no such key" in done.stderr, done
    assert kid_of(server.register().access) == old


def test_an_emergency_key_signs_though_another_was_waiting(launch):
    server = launch()
    rotate(server)
    now = rotate(server, "--now")
    server.stop()
    age_keys(server, 301_000)
    server.start()
    assert kid_of(server.register().access) == now


def test_keys_rotate_without_a_server_and_nothing_but_the_answer_is_on_stdout(launch):
    server = launch()
    account = server.register()
    server.stop()
    fresh = rotate(server, "--now")
    server.start()
    assert kid_of(server.register().access) == fresh
    assert server.me(account.access).status == 200


def test_every_change_of_keys_is_an_event_in_the_log_and_in_the_store(launch):
    server = launch()
    old = kid_of(server.register().access)
    fresh = rotate(server, "--now")
    assert server.run("key", "retire", old).returncode == 0
    said = [event["details"] for event in server.wait_for_event("KEY_ROTATED", lambda event: event["details"]["kid"] == old)]
    assert said == [{"kid": old, "change": "retired"}]
    assert [event["details"]["change"] for event in server.events("KEY_ROTATED")] == ["added", "retired"]
    server.stop()
    with sqlite3.connect(server.directory / "data" / "merlon.db") as store:
        rows = store.execute("SELECT event FROM event_outbox WHERE event LIKE '%KEY_ROTATED%'").fetchall()
    store.close()
    assert len(rows) == 2 and fresh in str(rows) and old in str(rows)


@table({"list": ["list"], "rotate": ["rotate"], "retire": ["retire", "x"]})
def test_a_shared_secret_is_not_rotated_here(launch, row):
    server = launch(env={"JWT_SECRET": SECRET, "JWT_REFRESH_SECRET": REFRESH_SECRET})
    done = server.run("key", *row)
    assert done.returncode == 1 and "key.shared" in done.stderr and SECRET not in done.stderr, done


@table({"no verb": ["key"], "unknown verb": ["key", "fly"], "retire nothing": ["key", "retire"]})
def test_wrong_usage_is_2(tmp_path, row):
    assert run(*row, directory=tmp_path).returncode == 2
