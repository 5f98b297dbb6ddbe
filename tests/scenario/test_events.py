"""Security events: one JSON line each, with the seed's fields; what a client writes cannot forge or break a line."""

import json
import re
import sqlite3
import time

from test_store_faults import Locked

from harness import OTHER_PASSWORD, PASSWORD, new_email, table

CONFIG = {"server": {"trusted_proxies": ["127.0.0.1/32"]}}


def assert_event(server, kind, user_id, severity):
    event = server.wait_for_event(kind, lambda one: one.get("userId") == user_id)[0]
    assert set(event) >= {"type", "severity", "userId", "ip", "timestamp", "details"}
    assert event["severity"] in severity
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", event["timestamp"])
    return event


def test_every_change_is_an_event(merlon):
    account = merlon.register()
    other = account.login()
    merlon.post("/api/auth/password", {"currentPassword": PASSWORD, "newPassword": OTHER_PASSWORD}, token=account.access)
    merlon.logout(account.access)
    assert merlon.me(other.access).status == 401
    for kind in ("REGISTERED", "LOGIN", "PASSWORD_CHANGED", "LOGOUT"):
        assert_event(merlon, kind, account.id, ("info", "warning"))


def test_changes_are_counted_exactly(launch):
    server = launch()
    accounts = [server.register() for _ in range(20)]
    for account in accounts:
        server.wait_for_event("REGISTERED", lambda one: one["userId"] == account.id)
        assert len([one for one in server.events("REGISTERED") if one["userId"] == account.id]) == 1


def test_refusals_are_events(merlon, user):
    assert merlon.try_login(user.email, OTHER_PASSWORD).status == 401
    assert merlon.get("/management/x", token=user.access).status == 403
    assert merlon.get("/private/x", token="x.y.z").status == 401
    merlon.wait_for_event("FAILED_LOGIN_ATTEMPT", lambda one: one["severity"] == "warning")
    assert_event(merlon, "UNAUTHORIZED_ACCESS", user.id, ("warning", "critical"))
    merlon.wait_for_event("INVALID_TOKEN")


def test_a_flood_of_refusals_is_coalesced_with_a_count(launch):
    server = launch(CONFIG)
    for _ in range(500):
        server.get("/private/x", token="x.y.z")
    events = server.wait_for_event("INVALID_TOKEN")
    assert len(server.events("INVALID_TOKEN")) <= 100, "an attacker writes the log at will"
    assert any(isinstance(value, int) and value > 1 for event in server.wait_for_event("INVALID_TOKEN", lambda one: any(
        isinstance(v, int) and v > 1 for v in (one["details"] or {}).values())) for value in event["details"].values()), events


def stored_events(server):
    """Of a stopped server: the outbox's events, and whether a client address stands sealed beside each."""
    database = sqlite3.connect(f"file:{server.directory}/data/merlon.db?mode=ro", uri=True)
    try:
        return [(json.loads(event), ip) for event, ip in database.execute("SELECT event, sealed_ip FROM event_outbox")]
    finally:
        database.close()


def test_every_logged_event_is_one_stored_row_refusals_and_reloads_too(launch):
    """Also those that are still being counted when the server is told to end."""
    server = launch()
    account = server.register()
    assert server.try_login(account.email, OTHER_PASSWORD).status == 401
    for _ in range(5):
        assert server.get("/management/x", token=account.access).status == 403
        assert server.get("/private/x", token="x.y.z").status == 401
    server.reload()
    server.wait_for_event("CONFIG_RELOADED")
    server.logout(account.access)
    assert server.me(account.access).status == 401
    server.stop()

    stored = stored_events(server)
    logged = sorted(json.dumps(event | {"ip": ""}, sort_keys=True) for event in server.events())
    assert sorted(json.dumps(event, sort_keys=True) for event, _ in stored) == logged
    assert {event["type"] for event, _ in stored} >= {"REGISTERED", "LOGOUT", "FAILED_LOGIN_ATTEMPT", "UNAUTHORIZED_ACCESS", "INVALID_TOKEN", "CONFIG_RELOADED"}
    refusal = next(one for one in stored if one[0]["type"] == "UNAUTHORIZED_ACCESS")
    assert refusal[0]["userId"] == account.id and refusal[0]["details"] == {"route": "/management/**", "count": 5}
    assert all(len(ip) > 16 and b"127.0.0.1" not in ip for event, ip in stored if "route" in event["details"])


def test_a_store_that_cannot_write_for_a_while_costs_no_refusal(launch):
    server = launch()
    with Locked(server):
        assert server.get("/private/x", token="x.y.z").status == 401
        server.wait_for_event("INVALID_TOKEN")
        time.sleep(7)  # longer than a write waits for the lock: it has failed once
    server.stop()
    assert [event["type"] for event, _ in stored_events(server)].count("INVALID_TOKEN") == 1


HOSTILE = {"CR LF": '\r\n{"type":"LOGIN","severity":"critical","userId":"forged"}', "LF": '\n{"severity":"critical"}', "quote": '"}{"type":"LOGIN","severity":"critical","userId":"forged"}',
           "escape": "\x1b[2J\x1b]0;owned\x07", "U+2028": "\u2028\u2029\u0085", "NUL": "a\0b", "backslash": "\\", "format": "%s%n{}${jndi:ldap://x}", "long": "A" * 6000, "bidi": "\u202egnp"}


@table(HOSTILE)
def test_log_injection_keeps_one_valid_object_per_line(merlon, row):
    before = len(merlon.log_lines())
    merlon.try_login(row + "@example.com", PASSWORD)
    merlon.post("/api/auth/register", {"email": new_email(), "password": PASSWORD, "firstName": row[:50], "lastName": (row * 2)[:50]})
    encoded = "".join(f"%{byte:02X}" for byte in row[:300].encode())
    merlon.get(f"/nowhere/{encoded}")
    merlon.get("/management/" + encoded.replace("%00", "x"), token="a.b.c")
    header = "".join(c for c in row if 32 <= ord(c) < 127)
    merlon.call("GET", "/private/x", [("User-Agent", header), ("Referer", header), ("X-Request-ID", header), ("X-Forwarded-For", header)], token=header.replace(" ", ""))
    merlon.call("GET", "/private/x", [("User-Agent", row.encode())])
    last = merlon.register()
    merlon.wait_for_event("REGISTERED", lambda one: one["userId"] == last.id)  # the log is alive
    for line in merlon.log_lines()[before:]:
        entry = json.loads(line)
        assert isinstance(entry, dict)
        assert entry.get("userId") != "forged"
    raw = merlon.output()
    for byte in (b"\x1b", b"\0", b"\x07", b"\xe2\x80\xa8", b"\xe2\x80\xa9"):
        assert byte not in raw, f"{byte!r} reached a log"
    assert b'\n{"type":"LOGIN","severity":"critical"' not in raw


def test_logs_carry_no_personal_data_but_ip(merlon):
    account = merlon.register(new_email("logged"), first="Philippa", last="Featherstone")
    account.login()
    merlon.try_login(account.email, OTHER_PASSWORD)
    merlon.try_login("logged.stranger@example.net", OTHER_PASSWORD)
    merlon.try_refresh(account.refresh)
    merlon.get("/open/x?token=" + account.access, token=account.access)
    merlon.logout(account.access)
    merlon.wait_for_event("LOGOUT", lambda one: one["userId"] == account.id)
    text = merlon.output().decode("utf-8", "replace")
    for secret in (account.email, "Philippa", "Featherstone", "logged.stranger", PASSWORD, OTHER_PASSWORD, account.access, account.refresh, account.access.split(".")[2]):
        assert secret not in text, secret[:30]
