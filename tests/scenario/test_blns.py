"""The big list of naughty strings through every text field: refused or kept, never a 500, never changed."""

import json
import urllib.parse

from harness import PASSWORD, corpora, new_email


def strings():
    return json.loads((corpora("blns") / "blns.json").read_text("utf-8"))


def test_every_string_survives_every_field(merlon):
    rows = strings()
    assert len(rows) >= 400
    wrong, kept = [], 0
    account = merlon.register()
    with merlon.connect() as connection:
        def post(target, body, token=None):
            nonlocal connection
            fields = [("Content-Type", "application/json")] + ([("Authorization", "Bearer " + token)] if token else [])
            answer = connection.request("POST", target, fields, json.dumps(body).encode("utf-8", "surrogatepass"))
            if answer.get("Connection", "").lower() == "close":
                connection.close()
                connection = merlon.connect()
            return answer
        for text in rows:
            for field in ("firstName", "lastName", "email", "password"):
                body = {"email": new_email(), "password": PASSWORD, "firstName": "Ada", "lastName": "Lovelace"} | {field: text}
                answer = post("/api/auth/register", body)
                if answer.status not in (201, 400, 409, 429):
                    wrong.append((field, text, answer.status))
                elif answer.status == 201 and field in ("firstName", "lastName"):
                    kept += 1
                    if answer.data["user"][field] not in (text, text.strip()):
                        wrong.append((field, text, answer.data["user"][field]))
            for target, body in (("/api/auth/login", {"email": text, "password": text}), ("/api/auth/refresh", {"refreshToken": text})):
                answer = post(target, body)
                if answer.status not in (200, 400, 401, 429):
                    wrong.append((target, text, answer.status))
            answer = post("/api/auth/password", {"currentPassword": "Wrong$" + text, "newPassword": text}, account.access)
            if answer.status not in (400, 401, 403, 429):
                wrong.append(("password", text, answer.status))
    assert not wrong, wrong[:10]
    assert kept > 100


def test_every_string_in_path_query_and_field(merlon):
    wrong = []
    for text in strings():
        quoted = urllib.parse.quote(text, safe="", errors="surrogatepass")
        for target in (f"/open/{quoted}", f"/open/x?q={quoted}", f"/api/auth/sessions/{quoted}"):
            answer = merlon.get(target[:8000])
            if answer.status >= 500 or (answer.status == 200 and answer.json()["target"].startswith("/open/x?") and answer.json()["target"] != target):
                wrong.append((target[:80], answer.status))
    assert not wrong, wrong[:10]
