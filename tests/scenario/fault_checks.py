"""After a fault and a restart: which way each doubt went, and that everything that was acknowledged holds."""

import concurrent.futures
import json
import sqlite3

from fault_load import STOCK, THREADS


def refused(person, session):
    answer = person.ask([200, 401], "GET", "/api/auth/me", token=session.access)
    assert answer.status == 200 or answer.code == "TOKEN_REVOKED", answer
    return answer.status == 401


# ---- which way a doubt went. Each gives whether it was carried out.

def resolve_register(person, _):
    is_there = person.try_login(person.password, expected=(200, 401)).status == 200
    if is_there:
        person.events["REGISTERED"] += 1
    return is_there


def resolve_login(person, _):
    stored = person.shop.stored_events.get((person.id, "LOGIN"), 0)
    is_done = stored == person.events["LOGIN"] + 1
    person.events["LOGIN"] += is_done  # nobody ever sees the tokens of that session
    return is_done


def resolve_logout(person, session):
    session.is_alive = not refused(person, session)
    person.events["LOGOUT"] += not session.is_alive
    return not session.is_alive


def resolve_logout_all(person, _):
    is_done = refused(person, person.alive()[0])
    if is_done:
        person.end_sessions()
        person.events["SESSION_REVOKED"] += 1
    return is_done


def resolve_password(person, about):
    password, session = about
    is_done = person.try_login(password, expected=(200, 401)).status == 200
    if is_done:
        begun = person.sessions[-1]
        person.password = password
        person.end_sessions(but=session)
        begun.is_alive = True
        person.events["PASSWORD_CHANGED"] += 1
    return is_done


def resolve_refresh(person, session):
    """Asked again with the same token: one successor, the same however often."""
    successors = {person.ask([200], "POST", "/api/auth/refresh", json_body={"refreshToken": session.refresh}).data["refreshToken"]
                  for _ in range(2)}
    assert len(successors) == 1, "a refresh token was redeemed twice"
    session.previous, session.refresh = session.refresh, successors.pop()
    return True


def resolve_role(person, role):
    account = person.ask([200], "GET", "/api/users/" + person.id, token=person.shop.admin).data
    is_done = account["role"] == role
    if is_done:
        person.role = role
        person.end_sessions()
        person.events["ROLE_CHANGED"] += 1
    return is_done


def resolve_lock(person, is_locked):
    account = person.ask([200], "GET", "/api/users/" + person.id, token=person.shop.admin).data
    is_done = account["locked"] == is_locked
    person.is_locked = account["locked"]
    if is_done and is_locked:
        person.end_sessions()
        person.events["ACCOUNT_LOCKED"] += 1
    return is_done


def resolve_order(person, order):
    """Sent again with its key: one order, whether the first was carried out or not."""
    session = person.alive()[0]
    first, again = (person.send_order(order, session) for _ in range(2))
    assert first.status == again.status and first.json() == again.json(), (first, again)
    return True


def resolve_cancel(person, order):
    answer = person.ask([200], "GET", "/api/orders/" + order.id, token=person.alive()[0].access)
    assert answer.data["status"] in ("confirmed", "cancelled"), answer
    order.status = answer.data["status"]
    return order.status == "cancelled"


RESOLVE = {"register": resolve_register, "login": resolve_login, "logout": resolve_logout, "logout-all": resolve_logout_all,
           "password": resolve_password, "refresh": resolve_refresh, "role": resolve_role, "lock": resolve_lock,
           "order": resolve_order, "cancel": resolve_cancel}


def resolve(person):
    """False when there is no such person after all."""
    if person.doubt is None:
        return True
    (operation, about), person.doubt = person.doubt, None
    is_done = RESOLVE[operation](person, about)
    person.shop.count("in doubt, " + ("done" if is_done else "not done"))
    return is_done or operation != "register"


# ---- that all of it holds

def check_sessions(person):
    for session in person.sessions:
        assert refused(person, session) != session.is_alive, (person.email, "alive" if session.is_alive else "ended")
        if not session.is_alive:
            answer = person.ask([401], "POST", "/api/auth/refresh", json_body={"refreshToken": session.refresh})
            assert answer.code == "INVALID_REFRESH_TOKEN", answer
    if person.alive():
        person.refresh(person.alive()[-1])


def check_refresh_tokens_of_old(person):
    """Beyond the one before, a refresh token is a stolen one: it ends its session."""
    session = next((one for one in person.alive() if one.previous), None)
    if session is None:
        return
    stolen = session.previous
    person.refresh(session)
    person.ask([401], "POST", "/api/auth/refresh", json_body={"refreshToken": stolen})
    session.is_alive = False
    person.events["REFRESH_REUSE"] += 1


def check_orders(person):
    if person.role != "user" or not person.alive():
        return
    token, seen = person.alive()[0].access, {}
    for order in person.ask([200], "GET", "/api/orders?limit=100", token=token).data:
        seen[order["id"]] = order["status"]
    told = {order.id: order.status for order in person.orders if order.id}
    assert seen == told, (person.email, seen, told)


def check_person(person):
    if person.is_locked:
        person.ask([403], "POST", "/api/auth/login", json_body={"email": person.email, "password": person.password})
    else:
        assert person.try_login(person.password).data["user"]["role"] == person.role
    check_sessions(person)
    check_orders(person)
    if not person.is_locked and len(person.alive()) > 1:
        check_refresh_tokens_of_old(person)
    person.sessions = person.sessions[-6:]


# ---- the store itself

def query(shop, role, sql):
    """Of the file that the role's tables are in."""
    database = sqlite3.connect(f"file:{shop.server.directory / shop.files[role]}?mode=ro", uri=True)
    try:
        return database.execute(sql).fetchall()
    finally:
        database.close()


def read_events(shop):
    shop.stored_events = {(user, kind): count for user, kind, count in query(
        shop, "auth", "SELECT json_extract(event, '$.userId'), json_extract(event, '$.type'), count(*) FROM event_outbox GROUP BY 1, 2")}


def check_events(shop, people):
    """Each change has exactly one event."""
    read_events(shop)
    for person in people:
        stored = {kind: count for (user, kind), count in shop.stored_events.items() if user == person.id}
        assert stored == {kind: count for kind, count in person.events.items() if count}, (person.email, stored, person.events)


def check_keys(shop):
    """A rotation that was acknowledged holds, and each has one event. Tokens of before are the sessions' tokens."""
    published = {key["kid"] for key in shop.server.get("/.well-known/jwks.json").json()["keys"]}
    assert shop.kids <= published, (shop.kids, published)
    assert len(published - shop.kids) <= shop.key_in_doubt, "a rotation that nobody asked for"
    shop.kids, shop.key_in_doubt = published, False
    rotations = [json.loads(text)["details"]["kid"] for (text,) in query(
        shop, "auth", "SELECT event FROM event_outbox WHERE json_extract(event, '$.type') = 'KEY_ROTATED'")]
    assert len(rotations) == len(set(rotations)) == len(published) - 1 and set(rotations) <= published


def check_stock(shop):
    """Of the desk what was sold is missing, the lamp has what was last said; each key had one order, none is half done."""
    stock = {identifier: shop.server.get("/api/products/" + identifier, token=shop.admin).data["stock"] for identifier in (shop.desk, shop.lamp)}
    orders = dict(query(shop, "orders", "SELECT status, count(*) FROM orders GROUP BY status"))
    assert set(orders) <= {1, 2, 4}, f"unfinished orders: {orders}"  # OrderStatus: confirmed, rejected, cancelled
    sold = query(shop, "orders", "SELECT total(quantity) FROM order_lines JOIN orders ON orders.id = order_id WHERE status = 1")[0][0]
    assert stock[shop.desk] == STOCK - sold >= 0, (stock, sold)
    assert stock[shop.lamp] in (shop.restocked, shop.restock_in_doubt), (stock, shop.restocked, shop.restock_in_doubt)
    shop.restocked, shop.restock_in_doubt = stock[shop.lamp], None
    keys, without = query(shop, "orders", "SELECT count(*), (SELECT count(*) FROM orders) FROM order_repeats")[0]
    assert keys == without, "every order had a key of its own"
    for role in shop.files:
        assert query(shop, role, "PRAGMA integrity_check") == [("ok",)], role


def check(shop, people):
    """Everything about these people, and the whole of the store."""
    shop.sign_admin_in()
    check_keys(shop)
    read_events(shop)
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        there = list(pool.map(resolve, people))
        gone = {id(person) for person, is_there in zip(people, there) if not is_there}
        shop.people = [person for person in shop.people if id(person) not in gone]
        people = [person for person in people if id(person) not in gone]
        for _ in pool.map(check_person, people):
            pass
    check_events(shop, people)
    check_stock(shop)
