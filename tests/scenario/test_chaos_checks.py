"""The checks of a chaos run can fail: each finds the fault that is planted for it, and finds none where there is none."""

import random
import time
import types

import pytest

import chaos_checks
from chaos_book import Book, Call
from chaos_faults import Fault, Outage, Schedule
from chaos_people import Resident
from chaos_town import Town
from fault_people import Died, Order, Session
from harness import PASSWORD, new_email, table


def open_town(folder, upstream, config=None):
    town = Town(folder, upstream, config).start()
    admin = town.create_admin(new_email("root"), PASSWORD)
    made = town.gateway.post("/api/products", {"name": "Lamp", "price": 1, "currency": "EUR", "stock": 100}, token=admin.access)
    town.made = {made.data["id"]: 100}
    return town


@pytest.fixture(scope="module")
def town(tmp_path_factory, upstream):
    one = open_town(tmp_path_factory.mktemp("town"), upstream)
    yield one
    one.stop()


def person_of(town, seed=7):
    person = Resident(town, Book(), random.Random(seed))
    person.register()
    return person


def checked(town, *people):
    """What the checks find out about these, who share a book."""
    book = people[0].book
    chaos_checks.check_accounts(town, book, people)
    chaos_checks.check_events(town, book, people)
    chaos_checks.check_people(book, list(people), random.Random(1))
    chaos_checks.check_orders(town, book, town.made)
    return {violation[0] for violation in book.violations}


def nothing(town, person):
    person.order(person.sessions[0], next(iter(town.made)), 2)
    person.login()
    person.logout(person.sessions[1])


def lost_registration(town, person):
    town.query(f"DELETE FROM accounts WHERE id = '{person.id}'")
    person.sessions.clear()


def missing_event(town, person):
    town.query(f"DELETE FROM event_outbox WHERE event LIKE '%{person.id}%'")


def event_of_nothing(town, person):
    person.login()
    person.events["LOGIN"] -= 1


def lost_order(town, person):
    order = Order(next(iter(town.made)), 1)
    order.id, order.status = "0192f0c8-2f5e-7a52-9c1d-0a3f5f6e7d21", "confirmed"
    person.orders.append(order)


def resurrected_session(town, person):
    session = Session({"accessToken": person.sessions[0].access, "refreshToken": person.sessions[0].refresh})
    session.is_alive, session.ended_at, session.ended_by = False, time.monotonic() - 60, 0
    person.sessions.append(session)


def good_token_refused(town, person):
    person.logout(person.sessions[0])
    person.sessions[0].is_alive = True


PLANTED = {"nothing": (nothing, set()), "an account that is gone": (lost_registration, {"a lost registration", "unexpected answer"}),
           "an event that is gone": (missing_event, {"an acknowledged event missing"}),
           "an event too many": (event_of_nothing, {"an event of nothing"}),
           "an order that is gone": (lost_order, {"orders that differ"}),
           "a revoked token that passes": (resurrected_session, {"a revoked token accepted"}),
           "a session that is gone": (good_token_refused, {"a good token refused"})}


@table(PLANTED)
def test_what_is_planted_is_found(town, row):
    plant, found = row
    person = person_of(town)
    plant(town, person)
    assert checked(town, person) == found


def test_stock_that_went_nowhere_is_found(town):
    book, product = Book(), next(iter(town.made))
    chaos_checks.check_orders(town, book, town.made)
    assert not book.violations
    chaos_checks.check_orders(town, book, {product: town.made[product] + 1})
    assert [violation[0] for violation in book.violations] == ["stock and orders do not add up"]


def test_two_accounts_of_one_address_are_found(town):
    person = person_of(town)
    copied = "role, password, version, locked, created_at, email, first_name, last_name"
    town.query("ALTER TABLE accounts DROP CONSTRAINT accounts_email_index_key")
    town.query(f"INSERT INTO accounts (id, email_index, {copied}) "
               f"SELECT 'twin', email_index, {copied} FROM accounts WHERE id = '{person.id}'")
    chaos_checks.check_accounts(town, person.book, [person])
    town.query("DELETE FROM accounts WHERE id = 'twin'")
    town.query("ALTER TABLE accounts ADD CONSTRAINT accounts_email_index_key UNIQUE (email_index)")
    assert [violation[0] for violation in person.book.violations] == ["two accounts of one address"]


def cut_off_from_auth(town, gateway):
    town.proxy.set([name for name in town.proxy.of(f"gateway{gateway}") if ">auth" in name], "hole")


def hear_nothing_and_use(town, person):
    """One gateway is cut off from auth, the other's sign-out is answered, and the token goes to the first."""
    session = person.sessions[0]
    for gateway in (0, 1):
        assert town.gateways[gateway].get("/private/x", token=session.access).status == 200
    cut_off_from_auth(town, 1)
    try:
        town.gateways[0].logout(session.access)
        person.end([session], 0)
        time.sleep(town.late_max + 0.5)
        person.use_ended(session, gateway=1)
    finally:
        town.proxy.set(town.proxy.names, "pass")


def test_a_gateway_that_is_cut_off_accepts_no_revoked_token_where_it_is_told_to_be_strict(town):
    person = person_of(town)
    with pytest.raises(Died):
        hear_nothing_and_use(town, person)
    assert not person.book.violations


def test_laxer_settings_are_found(tmp_path, upstream):
    lax = open_town(tmp_path / "lax", upstream, {"revocation": {"when_stale": "open"}})
    try:
        person = person_of(lax)
        person.sessions[0].older = person.sessions[0].refresh  # taken for a used one
        with pytest.raises(Died):
            person.redeem_again(person.sessions[0])
        other = person_of(lax)
        hear_nothing_and_use(lax, other)
        assert [one.book.violations[0][0] for one in (person, other)] == ["a refresh token redeemed twice", "a revoked token accepted"]
    finally:
        lax.stop()


def outage(seconds, took, answered):
    """A Redis that was away from 10 on, and a sign-in of so many seconds in it, after one of the same before."""
    book = Book()
    book.outages = [Outage(Fault("kill", "redis", seconds, 0, 0), 10, 10 + seconds)]
    book.calls = [Call("login", 0, 5, 5 + took, 200), Call("login", 0, 10.1, 10.1 + took, answered)]
    return book


OUTAGES = {"people sign in": (outage(0.8, 0.1, 200), set()), "nobody can": (outage(0.8, 0.1, 503), {"refused while away"}),
           "too short to tell, where one takes so long": (outage(0.8, 0.5, 503), set()),
           "long enough for those": (outage(1.4, 0.5, 503), {"refused while away"})}


@table(OUTAGES)
def test_a_service_that_ends_with_redis_is_found(row):
    book, found = row
    book.calls += [Call("use", 0, 10.1, 10.2, 200)]
    chaos_checks.check_outages(types.SimpleNamespace(is_closed=True), book)
    assert {violation[0] for violation in book.violations} == found


def test_a_schedule_follows_from_its_seed_alone():
    links = ["gateway0>auth0", "auth0>postgres"]
    one, again, other = (Schedule(seed, 50, {"auth": 2}, links).rounds for seed in (3, 3, 4))
    assert one == again != other
    assert 50 <= sum(fault.kind == "kill" for _, faults in one for fault in faults) <= 52
