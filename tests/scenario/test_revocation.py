"""What was ended stays ended: at once, on every kind of route, after a restart and after kill -9."""

import pytest

from harness import OTHER_PASSWORD, PASSWORD, table, together


def logout(server, account):
    server.logout(account.access)


def logout_all(server, account):
    assert server.post("/api/auth/logout-all", token=account.access).status == 204


def change_password(server, account):
    other = account.login()
    answer = server.post("/api/auth/password", {"currentPassword": PASSWORD, "newPassword": OTHER_PASSWORD},
                         token=other.access)
    assert answer.status == 204


WAYS = {"logout": logout, "logout-all": logout_all, "password change": change_password}


@table(WAYS)
@pytest.mark.parametrize("ending", ["restart", "kill -9"])
def test_a_revoked_token_stays_revoked_over(launch, row, ending):
    server = launch()
    account, bystander = server.register(), server.register()
    assert server.get("/private/x", token=account.access).status == 200
    row(server, account)
    if ending == "restart":
        server.restart()
    else:
        server.kill()  # right after the 204: what was answered must be on disk
        server.start()
    for target in ("/private/x", "/api/auth/me"):
        answer = server.get(target, token=account.access)
        assert (answer.status, answer.code) == (401, "TOKEN_REVOKED"), target
    assert server.try_refresh(account.refresh).code == "INVALID_REFRESH_TOKEN"
    assert server.get("/private/x", token=bystander.access).status == 200, "the signing key did not survive"


def test_a_cached_token_is_refused_on_the_next_request_of_the_same_connection(merlon):
    account = merlon.register()
    token = [("Authorization", "Bearer " + account.access)]
    with merlon.connect() as connection:
        for _ in range(20):  # verified and cached by now
            assert connection.request("GET", "/private/x", token).status == 200
        merlon.logout(account.access)
        for _ in range(5):
            answer = connection.request("GET", "/private/x", token)
            assert (answer.status, answer.code) == (401, "TOKEN_REVOKED")


def test_every_worker_learns_of_a_logout_at_once(merlon):
    account = merlon.register()
    merlon.logout(account.access)
    answers = together(40, lambda _: merlon.get("/private/x", token=account.access).status)
    assert set(answers) == {401}  # 40 connections reach every worker


def test_registered_accounts_survive_kill_9(launch):
    server = launch()
    accounts = [server.register() for _ in range(5)]
    server.kill()
    server.start()
    for account in accounts:
        assert server.login(account.email).id == account.id
        assert server.me(account.access).status == 200


def test_a_lock_by_the_operator_stops_logins_and_unlock_allows_them(merlon):
    account = merlon.register()
    locked = merlon.run("user", "lock", account.email)
    assert locked.returncode == 0, locked
    answer = merlon.try_login(account.email, PASSWORD)
    assert (answer.status, answer.code) == (403, "FORBIDDEN")
    assert merlon.run("user", "unlock", account.email).returncode == 0
    assert merlon.try_login(account.email, PASSWORD).status == 200


def test_a_role_change_ends_the_users_sessions(merlon):
    account = merlon.register()
    done = merlon.run("user", "role", account.email, "moderator")
    assert done.returncode == 0, done
    assert merlon.me(account.access).code == "TOKEN_REVOKED"
    assert merlon.try_refresh(account.refresh).code == "INVALID_REFRESH_TOKEN"
    again = account.login()
    assert again.user["role"] == "moderator"
    assert set(again.user["permissions"]) == {"read:products"}  # the seed's table


def test_revocations_are_counted(merlon):
    before = merlon.metric("merlon_revocations")
    merlon.logout(merlon.register().access)
    assert merlon.metric("merlon_revocations") > before
