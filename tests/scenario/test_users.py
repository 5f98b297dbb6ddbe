"""Profiles and the admin's view of users: who sees what, what ends a session, and how nobody becomes more than he is."""

import time
import uuid

import pytest

from harness import PASSWORD, new_email, table, together

NEW = {"password": PASSWORD, "firstName": "Grace", "lastName": "Hopper"}
SSN = "078-05-1120"


def settle(server, admin):
    server.admin_account, server.admin_token = admin, admin.access
    server.user = server.register()
    return server


@pytest.fixture
def town(merlon, admin):
    """The module's server and admin, with a user who is this test's own."""
    return settle(merlon, admin)


@pytest.fixture
def own_town(launch):
    """A server for a test that counts its users or events, ends it, or changes its admin."""
    server = launch()
    return settle(server, server.create_admin())


def patch(server, account, token=None, **changes):
    return server.call("PATCH", "/api/users/" + account.id, json_body=changes, token=token or server.admin_token)


def patch_profile(server, token, **changes):
    return server.call("PATCH", "/api/profile", json_body=changes, token=token)


def total(server):
    return server.get("/api/users", token=server.admin_token).json()["meta"]["total"]


# ---- profiles


def test_a_profile_begins_with_the_accounts_names_and_changes_field_by_field(town):
    token = town.user.access
    assert town.get("/api/profile", token=token).data == {"firstName": "Ada", "lastName": "Lovelace"}
    full = {"firstName": "Augusta", "lastName": "King", "phone": "+44 20 7946 0958", "address": "12 St James's Square\nLondon", "ssn": "***-**-1120"}
    changed = patch_profile(town, token, **{**full, "ssn": SSN})
    assert changed.status == 200 and changed.data == full
    assert town.get("/api/profile", token=token).data == full
    assert patch_profile(town, token, phone="0800").data == {**full, "phone": "0800"}, "the rest stays"
    assert patch_profile(town, token, phone=None, ssn=None).data == {name: full[name] for name in ("firstName", "lastName", "address")}
    assert patch_profile(town, token).status == 200, "nothing to change is no error"
    user = town.me(token).data
    assert (user["firstName"], user["lastName"]) == ("Augusta", "King"), "the account has the same names"


def test_of_changes_at_once_none_is_lost(town):
    token = town.user.access
    for number in range(20):
        wanted = {"firstName": f"Ada {number}", "lastName": f"King {number}", "phone": f"0800 {number}", "address": f"Street {number}"}
        fields = list(wanted.items())
        statuses = together(len(fields), lambda one: patch_profile(town, token, **dict([fields[one]])).status)
        assert statuses == [200] * len(fields) and town.get("/api/profile", token=token).data == wanted


def test_a_profile_survives_a_restart_and_is_nobody_elses(own_town):
    patch_profile(own_town, own_town.user.access, phone="0800 1111")
    own_town.restart()
    assert own_town.get("/api/profile", token=own_town.user.access).data["phone"] == "0800 1111"
    assert "phone" not in own_town.get("/api/profile", token=own_town.register().access).data


def test_only_the_last_four_digits_of_the_number_ever_leave(own_town):
    patch_profile(own_town, own_town.user.access, ssn=SSN, phone="0800 555 0199", address="Sealed Street 7")
    answers = [own_town.get("/api/profile", token=own_town.user.access), own_town.get("/api/users", token=own_town.admin_token), own_town.me(own_town.user.access)]
    assert all(SSN not in answer.text and SSN[:6] not in answer.text for answer in answers)
    own_town.stop()
    for path in (own_town.directory / "data").rglob("*"):
        if path.is_file():
            for text in (SSN, SSN.replace("-", ""), "0800 555 0199", "Sealed Street"):
                assert text.encode() not in path.read_bytes(), f"{text} in {path.name}"
    assert SSN.encode() not in own_town.output()


@table({
    "ssn without dashes": ({"ssn": "078051120"}, "ssn"), "masked ssn": ({"ssn": "***-**-1120"}, "ssn"), "ssn with a tail": ({"ssn": SSN + "\n"}, "ssn"), "other digits": ({"ssn": "٠٧٨-٠٥-١١٢٠"}, "ssn"),
    "phone of words": ({"phone": "call me"}, "phone"), "long phone": ({"phone": "1" * 33}, "phone"), "empty phone": ({"phone": ""}, "phone"), "phone as number": ({"phone": 800}, "phone"),
    "control in the address": ({"address": "a\x1b[2Jb"}, "address"), "NUL in the address": ({"address": "a\0b"}, "address"), "long address": ({"address": "x" * 501}, "address"), "list": ({"address": ["a"]}, "address"),
    "short name": ({"firstName": "A"}, "firstName"), "no name": ({"lastName": None}, "lastName"), "name of lines": ({"firstName": "A\r\nB"}, "firstName"),
})
def test_bad_profile_fields_are_named_and_nothing_changes(town, row):
    changes, field = row
    before = town.get("/api/profile", token=town.user.access).data
    refused = patch_profile(town, town.user.access, **{"phone": "0800", **changes})
    assert (refused.status, refused.code) == (400, "VALIDATION_ERROR") and [detail["field"] for detail in refused.json()["error"]["details"]] == [field]
    assert town.get("/api/profile", token=town.user.access).data == before


def test_mass_assignment_through_the_profile_changes_nothing(town):
    before = town.me(town.user.access).data
    answer = patch_profile(town, town.user.access, role="admin", id=town.admin_account.id, userId=town.admin_account.id, email="x@example.com", permissions=["delete:users"], locked=True, emailVerified=True, version=9)
    assert answer.status == 200 and town.me(town.user.access).data == before
    assert town.user.login().user["role"] == "user"


# ---- an admin's view


def test_an_admin_lists_users_page_by_page_in_the_order_they_came(own_town):
    for _ in range(5):
        own_town.register()
    seen, cursor = [], ""
    while True:
        page = own_town.get("/api/users?limit=3" + cursor, token=own_town.admin_token)
        meta = page.json()["meta"]
        assert page.status == 200 and len(page.data) <= 3 and meta["total"] == 8 and page.get("X-Total-Count") == "8" and page.get("X-Page-Count") == "3"
        seen += page.data
        if meta["nextCursor"] is None:
            break
        cursor = "&cursor=" + meta["nextCursor"]
    assert len({user["id"] for user in seen}) == 8 and [user["createdAt"] for user in seen] == sorted(user["createdAt"] for user in seen)
    assert all(user["locked"] is False and "password" not in user for user in seen)
    one = own_town.get("/api/users/" + own_town.user.id, token=own_town.admin_token)
    assert one.data == {**own_town.me(own_town.user.access).data, "locked": False} and one.get("Cache-Control") == "no-store"


def test_an_admin_makes_a_user_who_can_sign_in(town):
    email = new_email()
    made = town.post("/api/users", {**NEW, "email": email, "role": "moderator", "id": str(uuid.uuid4()), "locked": True}, token=town.admin_token)
    assert made.status == 201 and made.data["role"] == "moderator" and made.data["locked"] is False and PASSWORD not in made.text
    assert town.login(email).user["id"] == made.data["id"]
    assert town.post("/api/users", {**NEW, "email": email.upper()}, token=town.admin_token).code == "CONFLICT"
    plain = town.post("/api/users", {**NEW, "email": new_email()}, token=town.admin_token)
    assert plain.data["role"] == "user"
    event = town.wait_for_event("REGISTERED", lambda one: one["userId"] == made.data["id"])[0]
    assert event["details"]["by"] == town.admin_account.id


@table({
    "nothing": ({}, {"email", "password", "firstName", "lastName"}), "no such role": ({**NEW, "email": "b@example.com", "role": "king"}, {"role"}),
    "weak": ({**NEW, "email": "b@example.com", "password": "short"}, {"password"}), "no address": ({**NEW, "email": "b"}, {"email"}),
    "more than bcrypt reads": ({**NEW, "email": "b@example.com", "password": "Aa1$" + "x" * 69}, {"password"}),
})
def test_a_user_made_by_an_admin_follows_the_same_rules(town, row):
    body, fields = row
    before = total(town)
    refused = town.post("/api/users", body, token=town.admin_token)
    assert (refused.status, refused.code) == (400, "VALIDATION_ERROR") and {detail["field"] for detail in refused.json()["error"]["details"]} == fields
    assert "short" not in refused.text and total(town) == before


def test_another_role_ends_all_sessions_and_is_in_the_next_tokens(own_town):
    second = own_town.user.login()
    changed = patch(own_town, own_town.user, role="moderator")
    assert changed.status == 200 and changed.data["role"] == "moderator"
    for account in (own_town.user, second):
        assert own_town.me(account.access).code == "TOKEN_REVOKED" and own_town.try_refresh(account.refresh).code == "INVALID_REFRESH_TOKEN"
    assert own_town.user.login().user["role"] == "moderator"
    event = own_town.wait_for_event("ROLE_CHANGED")[0]
    assert event["userId"] == own_town.user.id and event["details"] == {"from": "user", "to": "moderator", "by": own_town.admin_account.id}
    own_town.kill()
    own_town.start()
    assert own_town.me(own_town.user.access).code == "TOKEN_REVOKED", "a restart does not forget it"


def test_the_same_role_again_ends_nothing(own_town):
    assert patch(own_town, own_town.user, role="user", locked=False).status == 200
    assert own_town.me(own_town.user.access).status == 200 and not own_town.events("ROLE_CHANGED")


def test_a_lock_ends_all_sessions_until_it_is_taken_away(own_town):
    assert patch(own_town, own_town.user, locked=True).data["locked"] is True
    assert own_town.me(own_town.user.access).code == "TOKEN_REVOKED" and own_town.try_refresh(own_town.user.refresh).status == 401
    refused = own_town.try_login(own_town.user.email, PASSWORD)
    assert (refused.status, refused.code) == (403, "FORBIDDEN")
    assert own_town.wait_for_event("ACCOUNT_LOCKED")[0]["details"]["by"] == own_town.admin_account.id
    assert patch(own_town, own_town.user, locked=False).data["locked"] is False
    assert own_town.user.login().user["role"] == "user"


def test_a_sign_in_that_is_under_way_does_not_slip_past_a_lock(launch):
    server = launch({"passwords": {"bcrypt_cost": 12, "workers": 2}})  # a quarter of a second of hashing, or more
    admin, user = server.create_admin(), server.register()
    for _ in range(3):
        answers = []

        def act(number):
            if number == 0:
                time.sleep(0.15)
                assert patch(server, user, token=admin.access, locked=True).status == 200
            else:
                time.sleep(0.05 * number)
                answers.append(server.try_login(user.email, PASSWORD))

        together(7, act)
        assert {answer.status for answer in answers} <= {200, 403}, answers
        for answer in answers:
            if answer.status == 200:
                assert server.me(answer.data["accessToken"]).status == 401 and server.try_refresh(answer.data["refreshToken"]).status == 401
        assert patch(server, user, token=admin.access, locked=False).status == 200


@table({"locks": {"locked": True}, "demotes": {"role": "user"}, "changes nothing": {}})
def test_an_admin_does_not_shut_himself_out(town, row):
    refused = patch(town, town.admin_account, **row)
    assert (refused.status, refused.code) == (409, "CONFLICT") and town.me(town.admin_token).status == 200


def test_an_operator_may_do_it_all_the_same(own_town):
    assert own_town.run("user", "lock", own_town.admin_account.email).returncode == 0
    assert own_town.me(own_town.admin_token).code == "TOKEN_REVOKED"
    assert own_town.run("user", "unlock", own_town.admin_account.email).returncode == 0
    assert own_town.admin_account.login().user["role"] == "admin"
    done = own_town.run("user", "role", own_town.admin_account.email, "king")
    assert done.returncode == 1 and "must be one of [admin, moderator, user]" in done.stderr


# ---- nobody becomes more than he is


ESCALATION = {"access": {"roles": {
    "user": ["read:profile", "write:profile"],
    "support": ["read:users", "write:users", "read:profile", "write:profile"],
    "admin": ["read:users", "write:users", "read:profile", "write:profile", "delete:users"],
}}}


@table({
    "gives a greater role": ("user", {"role": "admin"}, 403), "demotes a greater": ("admin", {"role": "user"}, 403), "locks a greater": ("admin", {"locked": True}, 403),
    "gives an equal role": ("user", {"role": "support"}, 200), "locks a lesser": ("user", {"locked": True}, 200), "demotes an equal": ("support", {"role": "user"}, 200),
})
def test_who_may_write_users_gives_no_more_than_he_has(launch, row):
    role, changes, status = row
    server = launch(ESCALATION)
    support, target = server.register(), server.register()
    for account, its in ((support, "support"), (target, role)):
        server.run("user", "role", account.email, its)
    token = support.login().access
    answer = patch(server, target, token, **changes)
    assert answer.status == status, answer
    if status == 403:
        assert answer.code == "FORBIDDEN" and answer.json()["error"]["required"] == ["delete:users"]
        assert target.login().user["role"] == role
        made = server.post("/api/users", {**NEW, "email": new_email(), "role": "admin"}, token=token)
        assert made.code == "FORBIDDEN"


FOR_ADMINS = {
    "list": ("GET", "/api/users", "read:users", None), "one": ("GET", "/api/users/{id}", "read:users", None),
    "make": ("POST", "/api/users", "write:users", {**NEW, "email": "new@example.com", "role": "admin"}), "change": ("PATCH", "/api/users/{id}", "write:users", {"role": "admin"}),
    "own role": ("PATCH", "/api/users/{me}", "write:users", {"role": "admin"}),
}


def test_nobody_without_the_permission_sees_or_changes_users(own_town):
    """On one server, as the events of its refusals come together, ten seconds later: one of each client and route."""
    users = [own_town.register() for _ in FOR_ADMINS]
    for number, (user, (method, path, permission, body)) in enumerate(zip(users, FOR_ADMINS.values())):
        path = path.replace("{id}", own_town.admin_account.id).replace("{me}", user.id)
        assert own_town.call(method, path, json_body=body).code == "UNAUTHORIZED"
        refused = own_town.call(method, path, json_body=body, token=user.access, source=f"127.0.3.{number + 1}")
        assert (refused.status, refused.code) == (403, "FORBIDDEN") and refused.json()["error"]["required"] == [permission]
        assert own_town.get("/api/users", token=own_town.admin_token).json()["meta"]["total"] == 3 + len(users) and user.login().user["role"] == "user"
    for user, name in zip(users, FOR_ADMINS):
        event = own_town.wait_for_event("UNAUTHORIZED_ACCESS", lambda one: one["userId"] == user.id)[0]
        assert event["severity"] == "critical", f"a route for admins alone: {name}"


@table({"unknown": str(uuid.uuid4()), "no UUID": "1", "SQL": "1'--", "nil": "00000000-0000-0000-0000-000000000000", "upper case": "{ID}"})
def test_an_identifier_names_one_user_or_nothing(town, row):
    path = "/api/users/" + row.replace("{ID}", town.user.id.upper())
    found = town.get(path, token=town.admin_token)
    assert found.status == (200 if "{" in row else 404), found
    assert "{" in row or town.call("PATCH", path, json_body={"locked": True}, token=town.admin_token).code == "NOT_FOUND"


@table({"to the users": ("DELETE", "/api/users"), "to one": ("PUT", "/api/users/{id}"), "to a profile": ("POST", "/api/profile"), "not yet built": ("DELETE", "/api/users/{id}")})
def test_verbs_that_are_not_there_are_405(town, row):
    method, path = row
    answer = town.call(method, path.replace("{id}", town.user.id), json_body={}, token=town.admin_token)
    assert (answer.status, answer.code) == (405, "METHOD_NOT_ALLOWED") and "GET" in answer.get("Allow")


@table({"a list": b"[]", "a text": b'"x"', "null": b"null", "a number": b"1", "nothing": b"", "cut off": b'{"phone":', "twice": b'{"phone":"0800","phone":"0900"}', "deep": b'{"address":' + b"[" * 9000 + b"]" * 9000 + b"}", "no UTF-8": b'{"address":"\xff"}', "a lone surrogate": b'{"address":"\\ud800"}', "too large": b'{"address":"' + b"x" * 300_000 + b'"}'})
def test_a_body_that_is_no_change_changes_nothing(town, row):
    before = town.get("/api/profile", token=town.user.access).data
    for target, token in (("/api/profile", town.user.access), ("/api/users/" + town.user.id, town.admin_token)):
        answer = town.call("PATCH", target, headers={"Content-Type": "application/json"}, body=row, token=token)
        assert answer.status in (400, 413) and answer.json()["success"] is False, answer
    assert town.get("/api/profile", token=town.user.access).data == before


@table({"as text": {"locked": "true"}, "as number": {"locked": 1}, "role of a list": {"role": ["admin"]}, "null": {"role": None}, "empty": {"role": ""}, "unknown role": {"role": "root"}})
def test_a_change_of_another_type_changes_nothing(town, row):
    refused = patch(town, town.user, **row)
    assert (refused.status, refused.code) == (400, "VALIDATION_ERROR")
    assert town.me(town.user.access).status == 200


def test_the_built_in_users_can_be_left_out_or_replaced(launch, upstream):
    server = launch({"services": {"users": {"enabled": False}}})
    assert server.get("/api/profile", token=server.register().access).status == 404
    other = launch({"services": {"users": {"url": upstream.url, "routes": [{"path": "/api/profile", "methods": ["GET"], "allow": "public"}]}}})
    assert other.get("/api/profile").status == 200


def test_accounts_made_before_are_counted_by_the_migration(own_town):
    import sqlite3
    own_town.stop()
    database = sqlite3.connect(own_town.directory / "data" / "merlon.db")
    database.executescript("DROP TABLE account_totals; DROP TABLE account_changes;"
                           "DELETE FROM schema_migrations WHERE role = 'auth' AND number IN (4, 6);")
    database.close()
    own_town.start()
    assert own_town.get("/api/users", token=own_town.admin_token).json()["meta"]["total"] == 3
    assert "first admin" not in own_town.stderr_text()
