"""A team moves from Express to Merlon as docs/guide/moving-from-express.md says, and its clients see what the guide's table says.

Each step answers the same requests as Express alone did (moved_client.py), on a copy of the team's database as it was before.
"""

import json
import re

import pytest
import yaml

import client
import moved_client
import moved_differences
from harness import PASSWORD, REPOSITORY, Merlon, merge, table
from moved_client import access_token
from moved_team import PEOPLE, SECRETS, SHOP, Team, all_differences, row_id
from redis_server import Redis

GUIDE = REPOSITORY / "docs/guide/moving-from-express.md"
# What Merlon's own counts of the seed are; the harness would count to a million.
LIMITS = {"limits": {"api": {"max": 100}, "auth": {"max": 5}}}


@pytest.fixture(scope="module")
def team(postgres, tmp_path_factory):
    folder = tmp_path_factory.mktemp("team")
    redis = Redis(folder / "redis").start()
    one = Team(postgres, redis, folder)
    yield one
    one.stop()
    redis.stop()


@pytest.fixture(scope="module")
def before(team):
    """Step 0: the answers of Express alone."""
    team.redis.command("FLUSHALL")
    return moved_client.visit(team.shop(team.database()))


class Step:
    """Merlon as stepN.yaml says, before a shop that counts nothing itself and believes Merlon's word for who calls."""

    def __init__(self, team, number, folder, **env):
        self.team, self.number = team, number
        self.database = team.database()
        team.redis.command("FLUSHALL")
        if number > 1:
            team.postgres.run_psql("-f", str(SHOP / "step2.sql"), database=self.database)
            env = {"ACCOUNTS": "elsewhere"} | env
        self.shop = team.shop(self.database, **{"TRUST_PROXY": "1", "RATE_LIMIT": "off"} | env)
        config = yaml.safe_load((SHOP / f"step{number}.yaml").read_text())
        del config["version"], config["server"]  # the harness has ports of its own
        config["services"]["shop"]["url"] = f"http://127.0.0.1:{self.shop}"
        if "state" in config:
            config["state"]["url"] = team.redis.url
        self.merlon = Merlon(folder, merge(LIMITS, config), dict(SECRETS))

    def start(self):
        self.merlon.start()
        return self

    def import_people(self):
        """As the guide does it, into the running server."""
        self.start()
        done = self.import_again()
        assert done.stdout.startswith(f"{PEOPLE} people: {PEOPLE} imported, 0 were there already, 0 refused\n"), done

    def import_again(self, *flags):
        people = self.merlon.directory / "people.jsonl"
        people.write_text(exported(self.team, self.database))
        people.chmod(0o600)
        return self.merlon.run("user", "import", *flags, "--report", "refused.jsonl", people.name)


def exported(team, database):
    return team.postgres.run_psql("-f", str(SHOP / "export.sql"), database=database).stdout


@pytest.fixture
def step(team, tmp_path):
    """step(number) → a Step that is stopped at the end of the test."""
    made = []

    def make(number, **env):
        made.append(Step(team, number, tmp_path / f"step{number}", **env))
        return made[-1]

    yield make
    for one in made:
        one.merlon.stop()


def assert_listed(number, before, after):
    """Every difference is in moved_differences.py, and every one there came."""
    found = all_differences(before, after)
    listed = moved_differences.listed(before, number)
    assert not found - listed, "differences that nothing lists:\n" + "\n".join(sorted(f"{line}   [{name}]" for name, line in found - listed))
    assert not listed - found, "listed differences that did not come:\n" + "\n".join(sorted(f"{line}   [{name}]" for name, line in listed - found))


# ---- step 0


def test_express_alone_answers_the_same_twice(team, before):
    """What changes by itself is not compared, so that what follows is Merlon's doing."""
    team.redis.command("FLUSHALL")
    again = moved_client.visit(team.shop(team.database()))
    assert len(before) > 100
    assert not all_differences(before, again)
    statuses = {answer.status for answer in before.values()}
    assert statuses >= {200, 201, 204, 304, 400, 401, 403, 404, 409, 413, 415, 429}, statuses


def test_the_guide_lists_exactly_the_differences_that_are_tested(before):
    page = GUIDE.read_text()
    section = page.split("## What clients see", 1)[1]
    rows = [tuple(cell.strip() for cell in line.split("|")[1:3]) for line in section.splitlines() if line.startswith("| ")][1:]
    tested = {}
    for one in moved_differences.every(frozenset(before)):
        tested[one.row] = min(tested.get(one.row, 9), *one.steps)
    assert sorted(rows) == sorted((row, str(step)) for row, step in tested.items())
    assert f"answers to {len(before)} requests" in page


# ---- step 1


def test_step_1_the_gateway_alone(step, before):
    one = step(1).start()
    assert_listed(1, before, moved_client.visit(one.merlon.port))


@table({"merlon counts": {"RATE_LIMIT": "off"}, "express counts, and believes its proxy": {"TRUST_PROXY": "1", "RATE_LIMIT": "on"},
        "express counts, and was not told of its proxy": {"TRUST_PROXY": "0", "RATE_LIMIT": "on"}})
def test_step_1_whom_express_takes_for_the_client(step, row):
    one = step(1, **row).start()
    answer = one.merlon.get("/api/products", headers={"X-Forwarded-For": "203.0.113.9"}, token=access_token(), source="127.0.7.7")
    assert answer.status == 200, answer
    keys = one.team.redis.command("KEYS", "rl:*")
    # Without TRUST_PROXY all clients are Merlon, and share one hundred requests.
    expected = {"off": [], "on": ["rl:127.0.7.7" if row.get("TRUST_PROXY") == "1" else "rl:127.0.0.1"]}[row["RATE_LIMIT"]]
    assert keys == expected


def test_step_1_a_limiter_that_was_left_on_counts_too(step):
    """Of the fields that both send, the client sees Merlon's, once."""
    one = step(1, RATE_LIMIT="on").start()
    one.merlon.get("/api/products")  # refused by Merlon: Express counts 99
    answer = one.merlon.get("/api/products", token=access_token())
    assert answer.status == 200 and answer.get("RateLimit-Remaining") == "98"
    assert one.team.redis.command("GET", "rl:127.0.0.1") == "1"
    login = one.merlon.try_login("person3@example.com", PASSWORD)
    assert (login.get("RateLimit-Limit"), login.get("X-RateLimit-Limit")) == ("5", "5")


# ---- step 2


def test_the_export_holds_every_account_once(team):
    database = team.database()
    lines = [json.loads(line) for line in exported(team, database).splitlines()]
    assert [line["id"] for line in lines] == [row_id(f"person {number}") for number in range(1, PEOPLE + 1)]
    assert {tuple(line) for line in lines} == {("id", "email", "firstName", "lastName", "role", "hash", "createdAt", "verified")}
    assert lines[3] == {"id": row_id("person 4"), "email": "person4@example.com", "firstName": "美咲", "lastName": "Lovelace", "role": "user",
                        "hash": lines[0]["hash"], "createdAt": "2024-01-01T04:00:00.000Z", "verified": True}
    assert {line["hash"][:7] for line in lines} == {"$2b$10$", "$2b$12$", "$2a$10$"}  # Node's bcrypt, and pgcrypto's crypt()
    assert {line["role"]: line["email"] for line in reversed(lines)} == {
        "admin": "person1@example.com", "moderator": "person2@example.com", "user": "person3@example.com"}


def test_step_2_a_dry_run_imports_nobody(step):
    one = step(2).start()
    done = one.import_again("--dry-run")
    assert done.returncode == 0 and done.stdout.startswith(f"{PEOPLE} people: {PEOPLE} would be imported, 0 were there already, 0 refused\n"), done
    assert (one.merlon.directory / "refused.jsonl").read_text() == ""
    assert one.merlon.try_login("person3@example.com", PASSWORD).code == "INVALID_CREDENTIALS"


def test_step_2_accounts_are_merlons(step, before):
    one = step(2)
    one.import_people()
    assert (one.merlon.directory / "refused.jsonl").read_text() == ""
    assert_listed(2, before, moved_client.visit(one.merlon.port))


def test_step_2_everybody_keeps_their_order_and_newcomers_can_order(step):
    one = step(2)
    one.import_people()
    for number in (1, 3, 4, 5, 4711, 9999, 10_000):
        account = one.merlon.login(f"person{number}@example.com")
        assert account.id == row_id(f"person {number}")
        assert [order["id"] for order in one.merlon.get("/api/orders", token=account.access).data] == [row_id(f"order {number}")]
    newcomer = one.merlon.register()
    item = {"productId": row_id("product 7"), "quantity": 1}
    made = one.merlon.post("/api/orders", {"items": [item]}, token=newcomer.access)
    assert made.status == 201 and made.data["userId"] == newcomer.id


def test_step_2_an_import_that_is_repeated_changes_nothing(step):
    """Whoever registered with Express after the export comes with the second one."""
    one = step(2)
    one.import_people()
    one.team.postgres.psql("INSERT INTO users (email, password_hash, first_name, last_name) SELECT 'late@example.com', password_hash, 'Late', 'Comer'"
                           " FROM users LIMIT 1", database=one.database)
    done = one.import_again()
    assert done.stdout.startswith(f"{PEOPLE + 1} people: 1 imported, {PEOPLE} were there already, 0 refused\n"), done
    one.merlon.login("late@example.com")
    assert one.merlon.login("person3@example.com").id == row_id("person 3")


def test_step_2_services_may_verify_with_published_keys(step):
    """Without JWT_SECRET Merlon signs with ES256, and the tokens of before end."""
    one = step(2)
    del one.merlon.env["JWT_SECRET"], one.merlon.env["JWT_REFRESH_SECRET"]
    one.start()
    account = one.merlon.register()
    verifying = one.team.shop(one.database, ACCOUNTS="elsewhere", JWKS_URL=f"http://127.0.0.1:{one.merlon.port}/.well-known/jwks.json")
    for token, status in ((account.access, 200), (access_token(), 401), (account.access[:-8] + "AAAAAAAA", 401)):
        answer = client.fetch(verifying, "GET", "/api/orders", {"Authorization": f"Bearer {token}"})
        assert (answer.status, one.merlon.me(token).status) == (status, status), answer


def test_step_2_the_way_back_keeps_tokens_and_orders(step):
    """Express takes Merlon's access tokens, and its own table still has the accounts."""
    one = step(2)
    one.import_people()
    account = one.merlon.login("person3@example.com")
    old = one.team.shop(one.database)
    answer = client.fetch(old, "GET", "/api/auth/me", {"Authorization": f"Bearer {account.access}"})
    assert answer.status == 200 and answer.data["id"] == account.id


# ---- step 3


@pytest.fixture
def both_doors(step):
    """Merlon, and the old shop, which some clients still call: (step, port of Express)."""
    one = step(3).start()
    return one, one.team.shop(one.database)


def test_step_3_limits_in_redis_answer_as_before(step, before):
    one = step(3)
    one.import_people()
    one.team.redis.command("FLUSHALL")
    assert_listed(3, before, moved_client.visit(one.merlon.port))


def test_step_3_a_client_has_one_count_at_both_doors(both_doors):
    one, express = both_doors
    here = {"source": "127.0.8.1"}
    for turn in range(50):
        answers = [one.merlon.get("/api/products", **here), client.fetch(express, "GET", "/api/products", **here)]
        assert [(answer.status, answer.get("RateLimit-Remaining")) for answer in answers] == [(401, str(99 - 2 * turn)), (401, str(98 - 2 * turn))]
    for answer in (one.merlon.get("/api/products", **here), client.fetch(express, "GET", "/api/products", **here)):
        assert (answer.status, answer.code) == (429, "RATE_LIMIT_EXCEEDED") and 0 < int(answer.get("Retry-After")) <= 900


def test_step_3_wrong_passwords_have_one_count_at_both_doors(both_doors):
    one, express = both_doors
    here = {"source": "127.0.8.2"}

    def at_express():
        return client.fetch(express, "POST", "/api/auth/login", moved_client.JSON, '{"email":"nobody@example.com","password":"x"}', **here)

    tries = [lambda: one.merlon.try_login("nobody@example.com", "x", **here), at_express]
    assert [tries[turn % 2]().code for turn in range(5)] == ["INVALID_CREDENTIALS"] * 5
    assert [one_try().code for one_try in tries] == ["TOO_MANY_AUTH_ATTEMPTS"] * 2


def test_step_3_a_sign_out_holds_at_both_doors(both_doors):
    one, express = both_doors
    account, orders = one.merlon.register(), "/api/orders"
    bearer = {"Authorization": f"Bearer {account.access}"}
    assert client.fetch(express, "GET", orders, bearer).status == 200
    one.merlon.logout(account.access)
    assert client.fetch(express, "GET", orders, bearer).code == one.merlon.get(orders, token=account.access).code == "TOKEN_REVOKED"


def test_step_3_a_sign_out_with_express_reaches_services_and_not_merlon(both_doors):
    """So the guide keeps the services' check until nobody can sign out there any more."""
    one, express = both_doors
    bearer = {"Authorization": f"Bearer {access_token()}"}
    assert client.fetch(express, "POST", "/api/auth/logout", moved_client.JSON | bearer, "{}").status == 204
    assert client.fetch(express, "GET", "/api/orders", bearer).code == one.merlon.get("/api/orders", headers=bearer).code == "TOKEN_REVOKED"
    signed_out = one.merlon.register().access
    assert client.fetch(express, "POST", "/api/auth/logout", moved_client.JSON | {"Authorization": f"Bearer {signed_out}"}, "{}").status == 204
    assert one.merlon.me(signed_out).status == 200
