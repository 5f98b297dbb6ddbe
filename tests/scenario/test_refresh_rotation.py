"""Refresh tokens rotate; two tabs may refresh at once; a stolen token ends its session and only that one."""

import time

import jose
from harness import REFRESH_SECRET, SECRET, table, together

CONFIG = {"tokens": {"reuse_grace": "3s", "refresh_ttl": "7d"}}
GRACE_OVER_S = 4.0


def refused(answer):
    return (answer.status, answer.code) == (401, "INVALID_REFRESH_TOKEN")


def test_refresh_gives_a_new_pair_for_the_same_user(merlon):
    account = merlon.register()
    answer = merlon.try_refresh(account.refresh)
    assert answer.status == 200
    assert set(answer.data) == {"accessToken", "refreshToken", "tokenType", "expiresIn"}
    assert (answer.data["tokenType"], answer.data["expiresIn"]) == ("Bearer", 900)
    assert answer.data["refreshToken"] != account.refresh
    assert "no-store" in answer.get("Cache-Control")
    assert merlon.me(answer.data["accessToken"]).data == account.user
    assert jose.decode(answer.data["accessToken"])[1]["sid"] == jose.decode(account.access)[1]["sid"]


def test_the_old_access_token_stays_good_until_it_expires(merlon):
    account = merlon.register()
    assert merlon.try_refresh(account.refresh).status == 200
    assert merlon.me(account.access).status == 200


def test_two_tabs_refreshing_at_once_get_the_same_successor(merlon):
    account = merlon.register()
    answers = together(2, lambda _: merlon.try_refresh(account.refresh))
    assert [answer.status for answer in answers] == [200, 200], answers
    assert answers[0].data["refreshToken"] == answers[1].data["refreshToken"]
    assert merlon.try_refresh(answers[0].data["refreshToken"]).status == 200


def test_fifty_parallel_refreshes_make_one_successor(merlon):
    account = merlon.register()
    answers = together(50, lambda _: merlon.try_refresh(account.refresh))
    assert {answer.status for answer in answers} == {200}, [answer.status for answer in answers]
    assert len({answer.data["refreshToken"] for answer in answers}) == 1
    for answer in answers:
        assert merlon.me(answer.data["accessToken"]).status == 200


def test_the_previous_token_within_the_grace_gets_the_same_successor(merlon):
    account = merlon.register()
    first = merlon.try_refresh(account.refresh).data
    again = merlon.try_refresh(account.refresh)  # the answer was lost on its way, the client retries
    assert again.status == 200
    assert again.data["refreshToken"] == first["refreshToken"]


def test_the_previous_token_gets_the_same_successor_after_the_grace_as_long_as_that_was_never_used(merlon):
    account = merlon.register()
    token = account.refresh
    before = merlon.metric("merlon_refresh_late_repeats_total")
    for _ in range(2):  # each answer of a bad network is lost once
        lost = merlon.try_refresh(token).data
        time.sleep(GRACE_OVER_S)
        again = merlon.try_refresh(token)
        assert again.status == 200, "a lost answer logged the user out"
        assert again.data["refreshToken"] == lost["refreshToken"]
        for answer in (lost, again.data):
            assert merlon.me(answer["accessToken"]).status == 200
        token = lost["refreshToken"]
    assert merlon.metric("merlon_refresh_late_repeats_total") == before + 2
    assert not [event for event in merlon.events("REFRESH_REUSE") if event["userId"] == account.id]


def test_a_lost_answer_costs_no_session_over_a_restart(launch):
    server = launch({"tokens": {"reuse_grace": "0s"}})
    account = server.register()
    successor = server.try_refresh(account.refresh).data["refreshToken"]
    server.restart()
    assert server.try_refresh(account.refresh).data["refreshToken"] == successor
    assert server.try_refresh(successor).status == 200


def test_reuse_after_the_successor_was_used_ends_the_session(merlon):
    account = merlon.register()
    successor = merlon.try_refresh(account.refresh).data
    used = merlon.try_refresh(successor["refreshToken"]).data
    time.sleep(GRACE_OVER_S)
    assert refused(merlon.try_refresh(account.refresh))  # the thief, or the victim after the thief
    assert refused(merlon.try_refresh(used["refreshToken"])), "the family outlived the reuse"
    for token in (account.access, successor["accessToken"], used["accessToken"]):
        answer = merlon.me(token)
        assert (answer.status, answer.code) == (401, "TOKEN_REVOKED")


def test_reuse_of_the_last_but_one_ends_the_session_even_within_the_grace(merlon):
    account = merlon.register()
    second = merlon.try_refresh(account.refresh).data
    third = merlon.try_refresh(second["refreshToken"]).data
    assert refused(merlon.try_refresh(account.refresh))  # only the immediately previous one may come again
    assert refused(merlon.try_refresh(third["refreshToken"]))
    assert merlon.me(third["accessToken"]).code == "TOKEN_REVOKED"


def test_reuse_leaves_the_users_other_sessions_alone(merlon):
    account = merlon.register()
    other = account.login()
    merlon.try_refresh(merlon.try_refresh(account.refresh).data["refreshToken"])
    assert refused(merlon.try_refresh(account.refresh))
    assert merlon.me(other.access).status == 200
    assert merlon.try_refresh(other.refresh).status == 200


def test_reuse_writes_an_event(merlon):
    account = merlon.register()
    merlon.try_refresh(merlon.try_refresh(account.refresh).data["refreshToken"])
    assert refused(merlon.try_refresh(account.refresh))
    event = merlon.wait_for_event("REFRESH_REUSE", lambda one: one["userId"] == account.id)[0]
    assert event["severity"] in ("warning", "critical")


def test_a_chain_of_refreshes_never_logs_the_user_out(merlon):
    account = merlon.register()
    token = account.refresh
    for _ in range(30):
        answer = merlon.try_refresh(token)
        assert answer.status == 200, answer
        token = answer.data["refreshToken"]
    assert merlon.me(answer.data["accessToken"]).status == 200


def test_rotation_survives_a_restart(launch):
    server = launch()
    account = server.register()
    successor = server.try_refresh(account.refresh).data["refreshToken"]
    server.restart()
    assert server.try_refresh(successor).status == 200


@table({
    "empty": "",
    "no token": "x",
    "three dots": "..",
    "access token": "access",
    "signature cut": "cut",
    "claims of another user": "swapped",
    "1 KiB of dots": "." * 1024,
})
def test_what_is_no_refresh_token_is_refused(merlon, row):
    account, other = merlon.register(), merlon.register()
    token = {"access": account.access, "cut": account.refresh[:-4],
             "swapped": ".".join([account.refresh.split(".")[0], other.refresh.split(".")[1],
                                  account.refresh.split(".")[2]])}.get(row, row)
    answer = merlon.try_refresh(token)
    if row == "":
        assert answer.status in (400, 401), answer  # an empty string also breaks the schema
    else:
        assert refused(answer), answer
    assert merlon.try_refresh(account.refresh).status == 200, "a bad token ended a good session"


@table({
    "missing": ({}, '"refreshToken" is required'),
    "number": ({"refreshToken": 5}, '"refreshToken" must be a string'),
    "null": ({"refreshToken": None}, '"refreshToken" must be a string'),
    "object": ({"refreshToken": {"$ne": ""}}, '"refreshToken" must be a string'),  # the operator injection of document stores
})
def test_refresh_body_is_validated(merlon, row):
    body, message = row
    answer = merlon.post("/api/auth/refresh", body)
    assert (answer.status, answer.code) == (400, "VALIDATION_ERROR")
    assert answer.error["details"] == [{"field": "refreshToken", "message": message}]


def test_refresh_tokens_expire(launch):
    server = launch({"tokens": {"refresh_ttl": "2s"}})
    account = server.register()
    time.sleep(3.5)
    assert refused(server.try_refresh(account.refresh))


def test_a_forged_refresh_token_is_refused(launch):
    server = launch(env={"JWT_SECRET": SECRET, "JWT_REFRESH_SECRET": REFRESH_SECRET})
    account = server.register()
    header, claims = jose.decode(account.refresh)
    assert header["alg"] == "HS256"
    forgeries = {
        "signed with the access secret": jose.token(header, claims, jose.hs256(SECRET)),
        "unknown tokenId": jose.token(header, claims | {"tokenId": "0" * 36}, jose.hs256(REFRESH_SECRET)),
        "tokenId as SQL": jose.token(header, claims | {"tokenId": "' OR 1=1 --"}, jose.hs256(REFRESH_SECRET)),
        "another user's id": jose.token(header, claims | {"userId": server.register().id}, jose.hs256(REFRESH_SECRET)),
        "no type": jose.token(header, {k: v for k, v in claims.items() if k != "type"}, jose.hs256(REFRESH_SECRET)),
        "type access": jose.token(header, claims | {"type": "access"}, jose.hs256(REFRESH_SECRET)),
        "alg none": jose.token({"alg": "none", "typ": "JWT"}, claims, lambda _: b""),
        "no exp": jose.token(header, {k: v for k, v in claims.items() if k != "exp"}, jose.hs256(REFRESH_SECRET)),
        "expired": jose.token(header, claims | {"exp": claims["iat"] - 1}, jose.hs256(REFRESH_SECRET)),
        "an ID token under the refresh secret": jose.token({"alg": "HS256", "typ": "JWT"}, {
            "iss": "auth-service", "aud": "client-id", "sub": account.id, "userId": account.id, "iat": claims["iat"], "exp": claims["exp"],
            "nonce": "n"}, jose.hs256(REFRESH_SECRET)),
        "an access token under the refresh secret": jose.token(
            {"alg": "HS256", "typ": "JWT"}, jose.seed_claims(userId=account.id), jose.hs256(REFRESH_SECRET)),
    }
    for name, token in forgeries.items():
        assert refused(server.try_refresh(token)), name
    assert server.try_refresh(account.refresh).status == 200
