"""Whoever copies the data folder learns no address, no name, no password, no client address, no token."""

import base64
import pathlib
import unicodedata

from harness import OTHER_PASSWORD, PASSWORD

CONFIG = {"server": {"trusted_proxies": ["127.0.0.1/32"]}}
CLIENT = "203.0.113.177"
FIRST, LAST, LOCAL = "Wilhelmina", "Quackenbush", "wilhelmina.quackenbush"
AGENT = "PeculiarAgent/77.1"


def spellings(text):
    """How one text may lie in a file."""
    raw = text.encode()
    yield from {raw, raw.upper(), raw.lower(), text.encode("utf-16-le"), text.encode("utf-16-be"), raw.hex().encode(), raw.hex().upper().encode(),
                unicodedata.normalize("NFD", text).encode()}
    for skip in range(3):  # base64 of the text wherever it stands in a longer one
        coded = base64.b64encode(b"\0" * skip + raw)[4 if skip else 0:-4]
        if len(coded) >= 8:
            yield coded


def files(server):
    return [path for path in server.directory.rglob("*") if path.is_file() and not path.is_symlink()
            and path.name != "merlon.yaml"]


def search(server, secrets):
    found = []
    for path in files(server):
        content = path.read_bytes()
        for what, text in secrets.items():
            if any(spelling in content for spelling in spellings(text)):
                found.append(f"{what} in {path.relative_to(server.directory)}")
    return found


def test_files_of_the_data_folder_show_nothing_personal(launch):
    server = launch(CONFIG)
    email = f"{LOCAL}@quackmail.example"
    where = {"headers": {"X-Forwarded-For": CLIENT, "User-Agent": AGENT}}
    account = server.register(email, first=FIRST, last=LAST, **where)
    server.login(email, **where)
    server.try_login(email, OTHER_PASSWORD, **where)
    server.try_login("stranger.unknown@quackmail.example", OTHER_PASSWORD, **where)
    refreshed = server.try_refresh(account.refresh, **where).data
    server.me(account.access, **where)
    server.post("/api/auth/password", {"currentPassword": PASSWORD, "newPassword": "Third!Password3"}, token=refreshed["accessToken"], **where)
    secrets = {"e-mail": email, "local part": LOCAL, "first name": FIRST, "last name": LAST, "domain": "quackmail.example", "password": PASSWORD,
               "wrong password": OTHER_PASSWORD, "new password": "Third!Password3", "agent": AGENT, "refresh token": account.refresh, "its successor": refreshed["refreshToken"],
               "access token": account.access, "tried address": "stranger.unknown"}
    for moment in ("while it runs", "after it stopped"):
        stored = [path for path in files(server) if not path.name.startswith("std")]
        assert any(path.name.startswith("merlon.db") for path in stored), "no store where the contract puts it"
        assert not search(server, secrets), moment  # logs included: they carry ids and ip only
        for path in stored:
            assert CLIENT.encode() not in path.read_bytes(), f"client address in {path.name} {moment}"
        if moment == "while it runs":
            server.stop()


def test_the_address_can_still_be_read_with_the_keys(launch):
    server = launch(CONFIG)
    account = server.register(headers={"X-Forwarded-For": CLIENT, "User-Agent": AGENT})
    server.restart()
    one = server.get("/api/auth/sessions", token=account.access).data[0]
    assert (one["ip"], one["userAgent"]) == (CLIENT, AGENT)


def test_keys_and_data_are_readable_by_their_owner_only(launch):
    server = launch()
    server.register()
    for name in ("master.key", "keys.db", "merlon.db", "merlon.sock"):
        path = server.directory / "data" / name
        assert path.exists(), name
        assert path.stat().st_mode & 0o077 == 0, f"{name}: {oct(path.stat().st_mode)}"


def test_the_first_admins_password_is_printed_once_and_stored_nowhere(launch):
    server = launch()
    said = server.stderr_text()
    assert "password" in said.lower(), "no initial password was printed"
    server.restart()
    again = server.stderr_text()
    candidates = [word.strip("'\"`.,") for line in said.splitlines() if "first admin" in line.lower() for word in line.split() if len(word) >= 12]
    assert candidates and not [word for word in candidates if word in again and not word.isalpha() and "/" not in word]
    data = b"".join(path.read_bytes() for path in pathlib.Path(server.directory / "data").rglob("*") if path.is_file())
    strong = [word for word in candidates if any(c.isdigit() for c in word) and any(c.isupper() for c in word)]
    assert not [word for word in strong if word.encode() in data]
