"""Nobody learns from an answer whether an account exists: same status, same body, same headers on every path.

Time is measured by the bench, not here: this machine is shared.
"""

import re
import unicodedata

from harness import OTHER_PASSWORD, PASSWORD, new_email, table

# Lets every attempt come from a client of its own, so that per-client limits do not speak.
CONFIG = {"server": {"trusted_proxies": ["127.0.0.1/32"]}}

VARYING = {"x-request-id", "date", "traceparent", "ratelimit-remaining", "ratelimit-reset", "retry-after"}


def shape(answer):
    """What an attacker can compare: everything but the ids and clocks that differ between any two answers."""
    fields = sorted((name.lower(), value) for name, value in answer.headers if name.lower() not in VARYING)
    names = sorted(name.lower() for name, _ in answer.headers)
    body = re.sub(rb"[0-9a-f]{8}-[0-9a-f-]{27}", b"(id)", answer.body)
    return answer.status, fields, names, body


def attempt(server, email, password, client):
    return server.try_login(email, password, headers={"X-Forwarded-For": client})


@table({
    "wrong password": OTHER_PASSWORD,
    "empty password": "",  # where a peer answered before hashing
    "one letter": "x",
    "73 bytes": "Aa1$" + "x" * 69,
    "NUL": "Horse$Bat\0tery9",
    "8 KiB": "Aa1$" * 2048,
})
def test_unknown_and_known_accounts_get_one_answer(merlon, user, row):
    known = attempt(merlon, user.email, row, "203.0.113.7")
    unknown = attempt(merlon, new_email(), row, "203.0.113.8")
    assert shape(known) == shape(unknown)
    assert known.status in (400, 401)
    if known.status == 401:
        assert known.code == "INVALID_CREDENTIALS"


def test_the_answer_never_says_which_half_was_wrong(merlon, user):
    for email in (user.email, new_email()):
        text = attempt(merlon, email, OTHER_PASSWORD, "203.0.113.9").text.lower()
        for word in ("unknown", "not found", "no such", "does not exist", "wrong password", "incorrect password"):
            assert word not in text


def until_locked(server, email, network):
    """Wrong guesses, each from a new client, until the account itself answers; returns that answer and the count."""
    for guess in range(200):
        answer = attempt(server, email, f"Wrong$Guess{guess}", f"198.51.{network}.{guess}")
        if answer.status != 401:
            return answer, guess
    raise AssertionError("200 guesses at one account from 200 clients were all evaluated")


def test_a_locked_account_answers_as_an_unknown_one_does(merlon):
    account = merlon.register()
    locked, guesses = until_locked(merlon, account.email, 1)
    unknown, unknown_guesses = until_locked(merlon, new_email(), 2)
    assert (locked.status, locked.code) == (429, "TOO_MANY_AUTH_ATTEMPTS")
    assert shape(locked) == shape(unknown)
    assert guesses == unknown_guesses, "a known account locks after another number of guesses than an unknown one"


def test_the_right_password_of_a_locked_account_tells_nothing(merlon):
    account = merlon.register()
    until_locked(merlon, account.email, 3)
    right = attempt(merlon, account.email, PASSWORD, "198.51.100.250")
    wrong = attempt(merlon, account.email, OTHER_PASSWORD, "198.51.100.251")
    assert right.status == 429
    assert shape(right) == shape(wrong)


def test_a_lock_leaves_existing_sessions_alive(merlon):
    account = merlon.register()  # or an outsider could log a user out
    until_locked(merlon, account.email, 4)
    assert merlon.me(account.access).status == 200
    assert merlon.try_refresh(account.refresh).status == 200


def test_a_refresh_does_not_clear_the_lock(merlon):
    account = merlon.register()
    until_locked(merlon, account.email, 5)
    assert merlon.try_refresh(account.refresh).status == 200
    assert attempt(merlon, account.email, PASSWORD, "198.51.100.252").status == 429


def test_letter_case_is_no_way_around_the_lock(merlon):
    account = merlon.register()
    until_locked(merlon, account.email, 6)
    for email in (account.email.upper(), account.email.title(), account.email.replace("example", "EXAMPLE")):
        assert attempt(merlon, email, PASSWORD, "198.51.100.253").status == 429, email


def test_unicode_form_is_no_way_around_the_lock(merlon):
    """Authelia CVE-2026-47203."""
    email = new_email("kr\u00f6te")
    merlon.register(email)
    until_locked(merlon, email, 8)
    spellings = (unicodedata.normalize("NFD", email), email.replace("k", "\u212a"), email.replace("k", "\uff4b"), email.replace("example", "\uff45xample"), email.upper())
    answers = {attempt(merlon, spelling, PASSWORD, "198.51.8.253").status for spelling in spellings}
    assert answers <= {400, 429} and 429 in answers, answers


@table({"login, then password change": ("login", "password"), "password change, then login": ("password", "login")})
def test_another_flow_is_no_way_around_the_lock(merlon, row):
    """One count of guesses at one password, wherever it is guessed (Authelia CVE-2026-47203)."""
    account = merlon.register()
    flows = {"login": lambda guess: attempt(merlon, account.email, guess, "198.51.9.7"),
             "password": lambda guess: merlon.post("/api/auth/password", {"currentPassword": guess, "newPassword": OTHER_PASSWORD}, token=account.access,
                                                  headers={"X-Forwarded-For": "198.51.9.7"})}
    first, second = flows[row[0]], flows[row[1]]
    guesses = [first(f"Wrong$Guess{number}").status for number in range(30)]
    assert guesses[-1] == 429 and guesses.count(429) >= 20, guesses
    assert second(PASSWORD).status == 429, "the other flow has a count of its own"
    assert merlon.me(account.access).status == 200


def test_policy_refusals_do_not_feed_the_lock(merlon):
    account = merlon.register()
    for number in range(150):  # a body that breaks its schema is no guess
        answer = merlon.post("/api/auth/login", {"email": account.email},
                             headers={"X-Forwarded-For": f"198.51.7.{number}"})
        assert answer.status == 400
    assert attempt(merlon, account.email, PASSWORD, "198.51.100.254").status == 200


def test_a_restart_does_not_forget_that_an_account_is_locked_by_its_operator(launch):
    server = launch()
    account = server.register()
    assert server.run("user", "lock", account.email).returncode == 0
    server.restart()
    right, wrong = (server.try_login(account.email, password) for password in (PASSWORD, OTHER_PASSWORD))
    assert (right.status, right.error) == (403, {"code": "FORBIDDEN", "message": "Account is locked"})
    assert shape(wrong) == shape(server.try_login(new_email(), PASSWORD)), "only the right password tells of the lock"
    assert wrong.code == "INVALID_CREDENTIALS"
