"""Judging a password takes as long as a hash: what changes meanwhile must count. Every claim holds whatever the timing; the
staggered starts only make the moment likely to be hit.
"""

import threading
import time

from harness import OTHER_PASSWORD, PASSWORD

CONFIG = {"passwords": {"bcrypt_cost": 12, "workers": 2}}  # a quarter of a second of hashing, or more


def during_a_change(server, account, change, logins=6):
    """Logins with the old password, begun one after another while `change` runs; gives their answers."""
    answers = []

    def log_in():
        answers.append(server.try_login(account.email, PASSWORD))
    threads = [threading.Thread(target=log_in) for _ in range(logins)]
    changing = threading.Thread(target=change)
    changing.start()
    for thread in threads:
        thread.start()
        time.sleep(0.12)
    for thread in [changing, *threads]:
        thread.join(60)
    return answers


def test_a_login_in_flight_with_the_old_password_leaves_no_session_behind_a_change(merlon):
    for _ in range(3):
        account = merlon.register()
        changed = []
        answers = during_a_change(merlon, account, lambda: changed.append(merlon.post(
            "/api/auth/password", {"currentPassword": PASSWORD, "newPassword": OTHER_PASSWORD}, token=account.access)))
        assert changed[0].status == 204, changed
        assert {answer.status for answer in answers} <= {200, 401, 429}, answers
        sessions = merlon.get("/api/auth/sessions", token=account.access).data
        assert [one["current"] for one in sessions] == [True], "a session that the old password opened goes on"
        for answer in answers:
            if answer.status == 200:
                assert merlon.try_refresh(answer.data["refreshToken"]).status == 401


def test_a_login_in_flight_leaves_no_session_behind_an_operators_reset(merlon):
    account = merlon.register()
    answers = during_a_change(merlon, account, lambda: merlon.run("user", "password", account.email, "--password-stdin", stdin=OTHER_PASSWORD + "\n"))
    assert merlon.try_login(account.email, OTHER_PASSWORD).status == 200
    for answer in answers:
        if answer.status == 200:
            assert merlon.try_refresh(answer.data["refreshToken"]).status == 401


def test_a_login_in_flight_never_puts_the_old_password_back(launch):
    """A login renews a hash of an older cost: not over a password that was set meanwhile."""
    server = launch({"passwords": {"bcrypt_cost": 4}})
    accounts = [server.register() for _ in range(3)]
    server.stop()
    server.write({"passwords": {"bcrypt_cost": 12}})
    server.start()
    for account in accounts:
        during_a_change(server, account, lambda: server.post(
            "/api/auth/password", {"currentPassword": PASSWORD, "newPassword": OTHER_PASSWORD}, token=account.access), logins=3)
        works = [password for password in (PASSWORD, OTHER_PASSWORD) if server.try_login(account.email, password).status == 200]
        assert works == [OTHER_PASSWORD], "the old password is back"


def test_parallel_logins_that_renew_a_hash_all_succeed(launch):
    server = launch({"passwords": {"bcrypt_cost": 4}})
    account = server.register()
    server.stop()
    server.write({"passwords": {"bcrypt_cost": 10}})
    server.start()
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(server.try_login(account.email, PASSWORD))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [answer.status for answer in answers] == [200] * 6, answers
