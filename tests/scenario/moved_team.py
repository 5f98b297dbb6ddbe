"""A team's shop on Express (examples/express-shop) with 10,000 people, and how two answers of it are compared."""

import functools
import hashlib
import json
import re
import subprocess
import uuid

import client
import npm
from harness import REFRESH_SECRET, REPOSITORY, SECRET, environment, free_port

SHOP = REPOSITORY / "examples/express-shop"
PEOPLE, PRODUCTS = 10_000, 60
ORIGIN = "https://shop.example.com"
SECRETS = {"JWT_SECRET": SECRET, "JWT_REFRESH_SECRET": REFRESH_SECRET, "CORS_ORIGIN": ORIGIN}


def row_id(name):
    """As people.sql makes it."""
    text = hashlib.md5(name.encode()).hexdigest()
    return str(uuid.UUID(text[:12] + "4" + text[13:16] + "8" + text[17:]))


class Team:
    """The team's PostgreSQL, with a database for each step, its Redis, and its shops."""

    def __init__(self, postgres, redis, folder):
        self.postgres, self.redis, self.folder = postgres, redis, folder
        self.template = None
        self.processes = []
        npm.install(SHOP)

    def database(self):
        """A database as it is before the move."""
        if self.template is None:
            self.template = self.postgres.make_database()
            for script in ("schema.sql", "people.sql"):
                self.postgres.run_psql("-f", str(SHOP / script), database=self.template)
        name = self.postgres.make_database(self.template)
        return name

    def shop(self, database, **env):
        """Starts `node server.js`; its port."""
        port, log = free_port(), self.folder / f"shop.{len(self.processes)}"
        with open(log, "wb") as out:
            # Ends with its test, however that ends.
            process = subprocess.Popen(["setpriv", "--pdeathsig=KILL", "node", "server.js"], cwd=SHOP, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, env=environment(
                {"PORT": str(port), "DATABASE_HOST": "127.0.0.1", "DATABASE_PORT": str(self.postgres.port), "DATABASE_NAME": database, "DATABASE_USER": "merlon",
                 "REDIS_PORT": str(self.redis.port)} | SECRETS | env))
        self.processes.append(process)

        def listens():
            assert process.poll() is None, log.read_text()
            return "shop at" in log.read_text()
        client.wait_for(listens, what="the shop")
        return port

    def stop(self):
        for process in self.processes:
            process.terminate()
            process.wait(60)


# ---- what is compared of an answer

# These say something of the connection or of the moment.
UNCOMPARED = {"date", "connection", "keep-alive", "transfer-encoding", "content-length"}
SECONDS = {"ratelimit-reset", "x-ratelimit-reset", "retry-after"}
UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
TOKEN = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")
TIME = re.compile(r"(\d{4})-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@functools.cache
def known_ids():
    names = [(kind, count) for kind, count in (("person", PEOPLE), ("product", PRODUCTS), ("order", PEOPLE))]
    return {row_id(f"{kind} {number}") for kind, count in names for number in range(1, count + 1)}


def plain(text):
    """Without what is new each time; what people.sql made stays."""
    text = TOKEN.sub("<token>", text)
    text = TIME.sub(lambda found: found[0] if int(found[1]) < 2026 else "<time>", text)
    return UUID.sub(lambda found: found[0] if found[0] in known_ids() else "<id>", text)


def field(name, value):
    """The part of a field's value that means something to a client."""
    if name in SECONDS:
        return "<seconds>"
    if name == "etag":
        return "<tag>"
    if name == "content-security-policy":
        return ";".join(sorted(value.split(";")))  # the order of directives says nothing
    return plain(value)


def fields_of(answer):
    """Name in small letters → value; a field that came twice shows both."""
    fields = {}
    for name, value in answer.headers:
        name = name.lower()
        if name not in UNCOMPARED:
            fields[name] = " | ".join([*filter(None, [fields.get(name)]), field(name, value)])
    return fields


def leaves(value, path="body"):
    """Path → value of everything in a body, so that one that is no longer there shows, too."""
    if isinstance(value, dict) and value:
        return {where: leaf for name, member in value.items() for where, leaf in leaves(member, f"{path}.{name}").items()}
    if isinstance(value, list) and value:
        return {where: leaf for index, member in enumerate(value) for where, leaf in leaves(member, f"{path}[{index}]").items()}
    return {path: plain(value) if isinstance(value, str) else json.dumps(value)}


def body_of(answer):
    if not answer.body:
        return {}
    if "json" in answer.get("Content-Type", ""):
        return leaves(answer.json())
    return {"body": plain(answer.text)}


def kind(body):
    """Of a body: its code, or that it has none."""
    return body.get("body.error.code") or body.get("body.code") or ("data" if body else "none")


def differences(before, after, is_shape_only=False):
    """Lines such as `status: 500 → 403`. Of bodies of two kinds only the kinds: nobody reads members of the one in the other."""
    old, new = fields_of(before) | {"status": str(before.status)}, fields_of(after) | {"status": str(after.status)}
    bodies = body_of(before), body_of(after)
    if kind(bodies[0]) != kind(bodies[1]):
        old["body"], new["body"] = map(kind, bodies)
    elif is_shape_only:
        old, new = old | dict.fromkeys(bodies[0], "there"), new | dict.fromkeys(bodies[1], "there")
    else:
        old, new = old | bodies[0], new | bodies[1]
    return {f"{what}: {old.get(what, 'none')} → {new.get(what, 'none')}" for what in old.keys() | new.keys() if old.get(what) != new.get(what)}


def all_differences(before, after):
    """{(request, line)} of what visit() returned twice. Merlon lists accounts in its own order, so of that list only the shape."""
    assert before.keys() == after.keys()
    return {(name, line) for name in before for line in differences(before[name], after[name], name == "users")}
