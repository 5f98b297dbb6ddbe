"""The big list of naughty strings through every text field: refused or kept, never a 500, never changed."""

import json
import urllib.parse

import client
from harness import OTHER_PASSWORD, PASSWORD, corpora, new_email
from upstream import header


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
            for target, body in (("/api/auth/login", {"email": text, "password": text}), ("/api/auth/login", {"email": account.email, "password": text}),
                                 ("/api/auth/login", {"email": text, "password": PASSWORD}), ("/api/auth/refresh", {"refreshToken": text}),
                                 ("/api/auth/register", {text: text})):
                answer = post(target, body)
                if answer.status not in (200, 400, 401, 429):
                    wrong.append((target, text, answer.status))
            for body in ({"currentPassword": "Wrong$" + text, "newPassword": text}, {"currentPassword": PASSWORD, "newPassword": text},
                         {"currentPassword": text, "newPassword": OTHER_PASSWORD}):
                answer = post("/api/auth/password", body, account.access)
                if answer.status not in (400, 401, 403, 429):
                    wrong.append(("password", text, answer.status))
    assert not wrong, wrong[:10]
    assert kept > 100


def test_every_string_survives_every_field_of_the_services(launch):
    """A text is kept as it came, or refused naming its field; what is no text's place is refused."""
    server = launch()
    admin, user = server.create_admin().access, server.register()
    product = {"name": "Desk", "description": "", "price": 1, "currency": "EUR", "stock": 1}
    path = "/api/products/" + server.post("/api/products", product, token=admin).data["id"]
    new = {"email": "new@example.com", "password": PASSWORD, "firstName": "Ada", "lastName": "Lovelace"}
    rows = [("PUT", path, product, name, admin) for name in product] + [("PATCH", "/api/profile", {}, name, user.access) for name in ("firstName", "lastName", "phone", "address", "ssn")]
    rows += [("PATCH", "/api/users/" + user.id, {}, name, admin) for name in ("role", "locked")] + [("POST", "/api/users", new, name, admin) for name in ("email", "password", "role")]
    rows += [("POST", "/api/orders", {}, "items", user.access)]
    wrong, kept, refused = [], 0, 0
    for text in strings():
        for method, target, body, name, token in rows:
            body = {**body, name: text, "email": new_email()} if target == "/api/users" and name != "email" else {**body, name: text}
            answer = server.call(method, target, json_body=body, token=token)
            if answer.status == 400:
                refused += 1
                if answer.code == "VALIDATION_ERROR" and [detail["field"] for detail in answer.json()["error"]["details"]] != [name] * len(answer.json()["error"]["details"]):
                    wrong.append((target, name, text, answer))
            elif answer.status in (200, 201) and name not in ("password", "email"):
                kept += 1
                if answer.data[name] != text:
                    wrong.append((target, name, text, answer.data))
            elif answer.status not in (201, 409):
                wrong.append((target, name, text, answer.status))
        for target in ("/api/products?q=", "/api/products?limit=", "/api/orders?cursor=", "/api/users?cursor=", "/api/users/", "/api/orders/"):
            answer = server.get(target + urllib.parse.quote(text, safe="", errors="surrogatepass")[:8000], token=admin)
            if answer.status not in (200, 400, 404):
                wrong.append((target, text, answer.status))
    assert not wrong, wrong[:10]
    assert kept > 1000 and refused > 1000, (kept, refused)
    assert server.me(user.access).status == 200, "nobody was locked or given another role"


def test_every_string_in_path_query_and_field(merlon):
    wrong = []
    for text in strings():
        quoted = urllib.parse.quote(text, safe="", errors="surrogatepass")
        for target in (f"/open/{quoted}", f"/open/x?q={quoted}", f"/api/auth/sessions/{quoted}"):
            answer = merlon.get(target[:8000])
            if answer.status >= 500 or (answer.status == 200 and answer.json()["target"].startswith("/open/x?") and answer.json()["target"] != target):
                wrong.append((target[:80], answer.status))
    assert not wrong, wrong[:10]


FIELDS = ("User-Agent", "Accept", "Origin", "Cookie", "Authorization", "X-Request-ID", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host",
          "traceparent", "Content-Type", "If-None-Match", "X-Anything")


def test_every_string_in_every_header(merlon, upstream):
    """Passed on to the letter, taken away, or refused: never cut, never another request's, never a 500."""
    wrong, passed = [], 0
    for number, text in enumerate(strings()):
        value = text.encode("utf-8", "surrogatepass")
        for name in FIELDS:
            with merlon.connect() as connection:
                connection.try_send(client.build("GET", f"/open/h{number}", {name: value, "Connection": "close", "X-End": "1"}))
                answer = connection.response()
            if answer.status not in (200, 400, 403, 431):
                wrong.append((name, text, answer.status))
            elif answer.status == 200:
                echo = answer.json()
                got = header(echo, name)
                if name in ("User-Agent", "X-Anything", "Cookie", "If-None-Match") and got != [value.decode("latin-1").strip(" \t")]:
                    wrong.append((name, text, got))
                if header(echo, "X-End") != ["1"] or echo["target"] != f"/open/h{number}" or len(header(echo, "X-Request-ID")) != 1:
                    wrong.append((name, text, echo))
                passed += 1
    assert not wrong, wrong[:10]
    assert passed > 2000 and not upstream.violations


def test_every_string_as_the_name_of_a_device(merlon):
    """The agent is stored, sealed, and listed to its owner: as it came."""
    account = merlon.register()
    wrong, kept = [], 0
    for text in strings():
        value = text.encode("utf-8", "surrogatepass")
        try:
            answer = merlon.try_login(account.email, PASSWORD, headers={"User-Agent": value})
        except client.Closed:
            wrong.append((text, "closed"))
            continue
        if answer.status == 400:
            continue  # a control character: no field
        listed = merlon.get("/api/auth/sessions", token=answer.data["accessToken"])
        agent = next(one["userAgent"] for one in listed.data if one["current"])
        kept += 1
        whole = agent.rstrip("\ufffd")  # kept to 256 bytes, which may cut a letter
        if not value.decode("utf-8", "replace").strip(" \t").startswith(whole) or (not whole and text.strip(" \t\ufffd")):
            wrong.append((text, agent))
    assert not wrong, wrong[:10]
    assert kept > 300
