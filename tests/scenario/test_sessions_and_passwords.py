"""A user sees and ends the own devices and changes the own password; nobody else's."""

import time

import jose
from harness import OTHER_PASSWORD, PASSWORD, new_email, table


def sessions(server, account):
    answer = server.get("/api/auth/sessions", token=account.access)
    assert answer.status == 200, answer
    return answer.data


def sid(account):
    return jose.decode(account.access)[1]["sid"]


def test_sessions_list_the_own_devices_and_mark_the_current_one(merlon):
    account = merlon.register(headers={"User-Agent": "First/1.0"})
    other = merlon.login(account.email, headers={"User-Agent": "Second/2.0"})
    listed = sessions(merlon, other)
    assert len(listed) == 2
    assert all(set(one) >= {"id", "createdAt", "lastSeenAt", "ip", "userAgent", "current"} for one in listed)
    assert {one["userAgent"] for one in listed} == {"First/1.0", "Second/2.0"}
    assert {one["ip"] for one in listed} == {"127.0.0.1"}
    assert [one["userAgent"] for one in listed if one["current"]] == ["Second/2.0"]
    assert {one["id"] for one in listed} == {sid(account), sid(other)}


def test_sessions_never_list_somebody_elses(merlon):
    account, stranger = merlon.register(), merlon.register()
    assert {one["id"] for one in sessions(merlon, account)}.isdisjoint(
        one["id"] for one in sessions(merlon, stranger))


def test_ending_a_session_refuses_its_tokens_at_once(merlon):
    account = merlon.register()
    other = account.login()
    assert merlon.call("DELETE", f"/api/auth/sessions/{sid(other)}", token=account.access).status == 204
    assert merlon.me(other.access).code == "TOKEN_REVOKED"
    assert merlon.try_refresh(other.refresh).code == "INVALID_REFRESH_TOKEN"
    assert merlon.me(account.access).status == 200
    assert len(sessions(merlon, account)) == 1


def test_the_session_of_somebody_else_is_absent_not_forbidden(merlon):
    account, victim = merlon.register(), merlon.register()
    answer = merlon.call("DELETE", f"/api/auth/sessions/{sid(victim)}", token=account.access)
    assert (answer.status, answer.code) == (404, "NOT_FOUND")
    assert merlon.me(victim.access).status == 200


@table({
    "unknown": "00000000-0000-4000-8000-000000000000",
    "no uuid": "1",
    "SQL": "1'%20OR%20'1'='1",
    "all": "*",
    "very long": "a" * 4000,
})
def test_a_session_that_does_not_exist_ends_nothing(merlon, user, row):
    answer = merlon.call("DELETE", f"/api/auth/sessions/{row}", token=user.access)
    assert answer.status in (400, 404), answer
    assert merlon.me(user.access).status == 200


def test_logout_all_ends_every_session_of_the_user_and_of_nobody_else(merlon):
    account, stranger = merlon.register(), merlon.register()
    others = [account.login() for _ in range(3)]
    assert merlon.post("/api/auth/logout-all", token=account.access).status == 204
    for one in [account, *others]:
        assert merlon.me(one.access).code == "TOKEN_REVOKED"
        assert merlon.try_refresh(one.refresh).code == "INVALID_REFRESH_TOKEN"
    assert merlon.me(stranger.access).status == 200
    again = account.login()
    assert merlon.me(again.access).status == 200
    assert jose.decode(again.access)[1]["ver"] > jose.decode(account.access)[1]["ver"]


def change(server, account, current, new):
    return server.post("/api/auth/password", {"currentPassword": current, "newPassword": new}, token=account.access)


def test_password_change_keeps_this_session_and_ends_the_others(merlon):
    account = merlon.register()
    other = account.login()
    assert change(merlon, account, PASSWORD, OTHER_PASSWORD).status == 204
    assert merlon.me(other.access).code == "TOKEN_REVOKED"
    assert merlon.try_refresh(other.refresh).code == "INVALID_REFRESH_TOKEN"
    assert merlon.me(account.access).status == 200
    assert merlon.try_refresh(account.refresh).status == 200
    assert merlon.try_login(account.email, PASSWORD).code == "INVALID_CREDENTIALS"
    assert merlon.try_login(account.email, OTHER_PASSWORD).status == 200


def test_password_change_needs_the_current_password(merlon):
    account = merlon.register()
    answer = change(merlon, account, OTHER_PASSWORD, "Another$Pass1")
    # Not 401: a client that refreshes and repeats at every 401 would lock the account by itself.
    assert (answer.status, answer.code) == (400, "VALIDATION_ERROR"), answer
    assert answer.error["details"] == [{"field": "currentPassword", "message": '"currentPassword" is wrong'}]
    assert not answer.all("WWW-Authenticate")
    assert OTHER_PASSWORD not in answer.text
    assert merlon.try_login(account.email, PASSWORD).status == 200


@table({
    "too short": ("Ab1$xyz", '"newPassword" length must be at least 8 characters long'),
    "no digit": ("Horse$Battery", "Password must contain uppercase, lowercase, number, and special character"),
    "first character outside the set": ("#Horse$Battery9", "Password must contain uppercase, lowercase, number, and special character"),
})
def test_the_new_password_follows_the_rule(merlon, row):
    password, message = row
    account = merlon.register()
    answer = change(merlon, account, PASSWORD, password)
    assert (answer.status, answer.code) == (400, "VALIDATION_ERROR")
    assert {"field": "newPassword", "message": message} in answer.error["details"]
    assert password not in answer.text
    assert merlon.try_login(account.email, PASSWORD).status == 200


def test_guessing_the_current_password_with_a_stolen_token_is_stopped(merlon):
    account = merlon.register()
    statuses = []
    for attempt in range(100):
        statuses.append(change(merlon, account, f"Wrong$Guess{attempt}", OTHER_PASSWORD).status)
        if statuses[-1] == 429:
            break
    assert statuses[-1] == 429, f"a hundred guesses were answered: {set(statuses)}"


@table({
    "72 bytes": ("Aa1$" + "x" * 68, 201),
    "73 bytes": ("Aa1$" + "x" * 69, 400),  # bcrypt would cut it: refuse, never cut
    "24 three-byte letters and more": ("Aa1$" + "\u20ac" * 23, 400),  # 27 characters but 73 bytes
    "NUL inside": ("Horse$Bat\0tery9", 400),  # ends crypt_r's string
})
def test_passwords_beyond_what_bcrypt_hashes_are_refused(merlon, row):
    password, status = row
    email = new_email()
    answer = merlon.post("/api/auth/register", {"email": email, "password": password, "firstName": "Ada",
                                                "lastName": "Lovelace"})
    assert answer.status == status, answer
    if status == 201:
        assert merlon.try_login(email, password[:-1]).status == 401, "the last byte does not count"
        assert merlon.try_login(email, password).status == 200


def test_a_long_or_strange_password_at_login_is_just_wrong(merlon, user):
    for password in (PASSWORD + "x" * 100, PASSWORD + "\0", PASSWORD + "\0tail", "x" * 100_000):
        assert merlon.try_login(user.email, password).status in (400, 401), len(password)


def test_last_seen_moves_with_use(merlon):
    account = merlon.register()
    first = sessions(merlon, account)[0]
    assert first["createdAt"] <= first["lastSeenAt"]
    time.sleep(1.1)
    assert merlon.try_refresh(account.refresh).status == 200
    assert sessions(merlon, account)[0]["lastSeenAt"] >= first["lastSeenAt"]
