"""Passwords are one whatever keyboard wrote them; a name that shows nothing is none; one letter may be a name (names.min)."""

import json
import sqlite3
import unicodedata

import pytest
from harness import PASSWORD, new_email, table

COMPOSED = unicodedata.normalize("NFC", "Horse$Batt\u00e9ry9\u1e69")
DECOMPOSED = unicodedata.normalize("NFD", COMPOSED)
PRODUCT = {"name": "Desk", "price": 1, "currency": "EUR", "stock": 1}

NOTHING = {"spaces": "   ", "no-break and wide spaces": "\u00a0\u3000", "zero width": "\u200b\u200b", "word joiners": "\u2060\u2060",
           "direction": "\u202e\u202c", "isolates": "\u2066\u2069", "marks of direction": "\u200e\u200f", "soft hyphens": "\u00ad\u00ad",
           "fillers": "\u3164\u3164", "blank Braille": "\u2800\u2800", "tags": "\U000e0041\U000e0042", "variation selectors": "\ufe0f\ufe0f",
           "byte order marks": "\ufeff\ufeff"}


def details(answer):
    assert (answer.status, answer.code) == (400, "VALIDATION_ERROR"), answer
    return {one["field"]: one["message"] for one in answer.error["details"]}


@pytest.mark.parametrize("made,used", [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED)], ids=["composed", "decomposed"])
def test_a_password_is_one_in_each_unicode_form(merlon, made, used):
    account = merlon.register(password=made)
    assert merlon.try_login(account.email, used).status == merlon.try_login(account.email, made).status == 200
    assert merlon.try_login(account.email, unicodedata.normalize("NFD", COMPOSED).encode("ascii", "ignore").decode()).status == 401
    changed = merlon.post("/api/auth/password", {"currentPassword": used, "newPassword": "New" + used}, token=account.access)
    assert changed.status == 204
    assert merlon.try_login(account.email, "New" + made).status == 200


def test_an_operator_sets_a_password_in_each_unicode_form(merlon):
    account = merlon.register()
    assert merlon.run("user", "password", account.email, "--password-stdin", stdin=DECOMPOSED + "\n").returncode == 0
    assert merlon.try_login(account.email, COMPOSED).status == 200


def test_the_length_of_a_password_is_that_of_what_is_hashed(merlon):
    long = "Aa1$" + "e\u0301" * 34  # 106 bytes as typed, 72 as hashed
    account = merlon.register(password=long)
    assert merlon.try_login(account.email, unicodedata.normalize("NFC", long)).status == 200
    assert "password" in details(merlon.post("/api/auth/register", {
        "email": new_email(), "password": long + "e\u0301", "firstName": "Ada", "lastName": "Lovelace"}))


def stored_hash(server, account):
    with sqlite3.connect(f"file:{server.directory}/data/merlon.db?mode=ro", uri=True) as database:
        return database.execute("SELECT password FROM accounts WHERE id = ?", [account.id]).fetchone()[0]


def set_hash(server, account, encoded):
    with sqlite3.connect(server.directory / "data/merlon.db") as database:
        database.execute("UPDATE accounts SET password = ? WHERE id = ?", [encoded, account.id])


def test_an_old_hash_of_the_typed_form_is_taken_once_more_and_replaced(launch):
    server = launch()
    account = server.register()
    server.stop()
    old = "$2b$04$abcdefghijklmnopqrstuu8QBfmC7a/RHqODxvDiyKlA0XHAQICDS"  # crypt(3) of DECOMPOSED
    set_hash(server, account, old)
    server.start()
    assert server.try_login(account.email, COMPOSED).status == 401, "an old hash is of one form"
    assert server.try_login(account.email, DECOMPOSED).status == 200
    assert stored_hash(server, account) != old
    assert server.try_login(account.email, COMPOSED).status == server.try_login(account.email, DECOMPOSED).status == 200


@table(NOTHING)
def test_a_name_that_shows_nothing_is_refused(merlon, user, admin, row):
    form = {"email": new_email(), "password": PASSWORD, "firstName": row, "lastName": row}
    expected = {name: f'"{name}" must contain a visible character' for name in ("firstName", "lastName")}
    assert details(merlon.post("/api/auth/register", form)) == expected
    assert details(merlon.post("/api/users", form | {"role": "user"}, token=admin.access)) == expected
    patched = merlon.call("PATCH", "/api/profile", json_body={"firstName": row, "lastName": row, "address": row}, token=user.access)
    assert details(patched) == expected | {"address": '"address" must contain a visible character'}
    assert "name" in details(merlon.post("/api/products", PRODUCT | {"name": row}, token=admin.access))
    made = merlon.run("user", "create", "--email", form["email"], "--first-name", row, "--last-name", "Lovelace", "--password-stdin",
                      stdin=PASSWORD + "\n")
    assert made.returncode != 0


@table({"joined": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "right to left with its marks": "\u200f\u05d0\u05d3\u05d4\u200f", "emoji": "\U0001f469\u200d\U0001f4bb"})
def test_a_name_with_characters_that_show_nothing_among_others_is_kept(merlon, row):
    assert merlon.register(first=row).user["firstName"] == row


def test_one_letter_is_a_name_where_the_installation_says_so(launch):
    server = launch({"names": {"min": 1}})
    account = server.register(first="\u4f1f", last="\u738b")
    assert account.user["firstName"] == "\u4f1f"
    assert server.call("PATCH", "/api/profile", json_body={"lastName": "\u674e"}, token=account.access).data["lastName"] == "\u674e"
    made = server.run("user", "create", "--email", new_email(), "--first-name", "\u4f1f", "--last-name", "\u738b", "--password-stdin",
                      stdin=PASSWORD + "\n")
    assert made.returncode == 0, made
    admin = server.create_admin()
    form = {"email": new_email(), "password": PASSWORD, "firstName": "\u4f1f", "lastName": "\u738b", "role": "user"}
    assert server.post("/api/users", form, token=admin.access).status == 201
    assert details(server.post("/api/auth/register", form | {"firstName": ""}))["firstName"] == '"firstName" is not allowed to be empty'
    operation = json.loads(server.get("/openapi.json").body)["paths"]["/api/auth/register"]["post"]
    shown = operation["requestBody"]["content"]["application/json"]["schema"]["properties"]
    assert shown["firstName"]["minLength"] == shown["lastName"]["minLength"] == 1


@table({"nothing": 0, "more than a name may have": 51})
def test_a_least_length_that_makes_no_sense_is_no_setting(merlon, row):
    checked = merlon.run("config", "check", "--set", f"names.min={row}")
    assert checked.returncode == 78 and "names.min" in checked.stderr
