"""An operator looks at a user's sessions, ends one, and gives a new password: beside the running server and without one."""

import json

from harness import OTHER_PASSWORD, PASSWORD, run, table


def sessions(server, *who):
    done = server.run("session", "list", *who, "--json")
    assert done.returncode == 0, done
    return json.loads(done.stdout)


def test_the_sessions_of_a_user_are_listed_by_id_and_by_address(merlon):
    account = merlon.register()
    account.login()
    listed = sessions(merlon, account.id)
    assert listed == sessions(merlon, account.email.upper())
    assert len(listed) == 2
    assert all(set(one) == {"id", "createdAt", "lastSeenAt", "ip", "userAgent"} for one in listed)
    assert account.refresh not in json.dumps(listed)


def test_a_revoked_session_is_refused_at_once_and_the_others_go_on(merlon):
    account = merlon.register()
    other = account.login()
    mine = next(one["id"] for one in merlon.get("/api/auth/sessions", token=account.access).data if one["current"])
    assert merlon.run("session", "revoke", mine).returncode == 0
    assert merlon.me(account.access).code == "TOKEN_REVOKED"
    assert merlon.try_refresh(account.refresh).code == "INVALID_REFRESH_TOKEN"
    assert merlon.me(other.access).status == 200
    merlon.wait_for_event("SESSION_REVOKED", lambda event: event["userId"] == account.id)
    again = merlon.run("session", "revoke", mine)
    assert again.returncode == 1 and "no such session" in again.stderr


@table({"a user of no account": ["list", "550e8400-e29b-41d4-a716-446655440000"], "an address of none": ["list", "nobody@example.com"],
        "no address": ["list", "x"], "no session": ["revoke", "550e8400-e29b-41d4-a716-446655440000"], "no id": ["revoke", "' OR 1=1 --"]})
def test_what_is_not_there_is_said_and_is_1(merlon, row):
    done = merlon.run("session", *row)
    assert done.returncode == 1 and done.stderr and not done.stdout, done


@table({"nobody": ["session", "list"], "two": ["session", "list", "a@example.com", "b@example.com"], "no session": ["session", "revoke"],
        "no password": ["user", "password", "a@example.com"]})
def test_wrong_usage_is_2(tmp_path, row):
    assert run(*row, directory=tmp_path).returncode == 2


def test_a_new_password_ends_every_session(merlon):
    account = merlon.register()
    other = account.login()
    done = merlon.run("user", "password", account.email, "--password-stdin", stdin=OTHER_PASSWORD + "\n")
    assert done.returncode == 0 and OTHER_PASSWORD not in done.stdout + done.stderr, done
    for session in (account, other):
        assert merlon.me(session.access).code == "TOKEN_REVOKED"
        assert merlon.try_refresh(session.refresh).code == "INVALID_REFRESH_TOKEN"
    assert merlon.try_login(account.email, PASSWORD).code == "INVALID_CREDENTIALS"
    assert merlon.me(merlon.login(account.email, OTHER_PASSWORD).access).status == 200
    merlon.wait_for_event("PASSWORD_CHANGED", lambda event: event["userId"] == account.id)


@table({"weak": "weak", "empty": "", "too long": "Aa1$" * 19})
def test_a_new_password_follows_the_rules(merlon, user, row):
    done = merlon.run("user", "password", user.email, "--password-stdin", stdin=row + "\n")
    assert done.returncode == 1 and '"password"' in done.stderr, done
    assert not row or row not in done.stderr
    assert merlon.me(user.access).status == 200


def test_it_works_without_a_server_and_holds_when_one_starts(launch):
    server = launch()
    account = server.register()
    other = account.login()
    mine = next(one["id"] for one in server.get("/api/auth/sessions", token=account.access).data if one["current"])
    server.stop()
    assert len(sessions(server, account.email)) == 2
    assert server.run("session", "revoke", mine).returncode == 0
    weak = server.run("user", "password", account.email, "--password-stdin", stdin="weak\n")
    assert weak.returncode == 1 and "Password must contain" in weak.stderr and not weak.stdout, weak
    server.start()
    assert server.me(account.access).code == "TOKEN_REVOKED"
    assert server.me(other.access).status == 200
