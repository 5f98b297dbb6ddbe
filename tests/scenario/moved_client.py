"""What the clients of the moved team's shop send: some ninety requests, each with a name, from an address of its own.

visit(port) sends all of them and returns {name: answer}. What one answer gives (a token, an order) the next requests use.
"""

import gzip
import json
import time

import client
import jose
from harness import PASSWORD, REFRESH_SECRET, SECRET
from moved_team import ORIGIN, row_id

OTHER_ORIGIN = "https://evil.example.net"
JSON = {"Content-Type": "application/json"}
# Without `jti`, two tokens that Express makes for a person in one second are one, and end together: SHOPPER does not sign out.
PERSON, SHOPPER, TWELVE_ROUNDS, PGCRYPTO, ADMIN, MODERATOR = (f"person{number}@example.com" for number in (3, 6, 4, 5, 1, 2))
NEW = {"email": "Grace.Hopper@example.com", "password": PASSWORD, "firstName": "Grace", "lastName": "Hopper"}
PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,authorization"}


class Forgiving(client.Connection):
    """npm's cors sends Content-Length with a 204, which RFC 9110 (section 8.6) forbids."""

    def body_of(self, answer, method="GET"):
        return () if answer.status == 204 else super().body_of(answer, method)


class Visitor:
    def __init__(self, port):
        self.port, self.answers, self.addresses = port, {}, 0

    def new_address(self):
        self.addresses += 1
        return f"127.0.{self.addresses // 250 + 1}.{self.addresses % 250 + 1}"

    def __call__(self, name, method, target, headers=(), body=None, token=None, address=None, send=None):
        """`send`: a value that goes as JSON."""
        fields = list(dict(headers).items())
        if send is not None:
            body, fields = json.dumps(send), [*JSON.items(), *fields]
        if token:
            fields.append(("Authorization", f"Bearer {token}"))
        assert name not in self.answers, name
        with Forgiving(self.port, source=address or self.new_address()) as connection:
            self.answers[name] = connection.request(method, target, fields, body)
        return self.answers[name]

    def login(self, name, email, password=PASSWORD, **more):
        answer = self(name, "POST", "/api/auth/login", send={"email": email, "password": password}, **more)
        return answer.data if answer.status == 200 else {"accessToken": "none", "refreshToken": "none"}


def access_token(number=6, role="user", secret=SECRET, header=(), **claims):
    """As Express makes it for a person of people.sql."""
    now = int(time.time())
    permissions = ["read:profile", "write:profile", "read:products", "read:orders", "write:orders", "cancel:orders"]
    return jose.token({"alg": "HS256", "typ": "JWT", **dict(header)}, {
        "userId": row_id(f"person {number}"), "email": f"person{number}@example.com", "role": role, "permissions": permissions,
        "iat": now, "exp": now + 900, "aud": jose.AUDIENCE, "iss": jose.ISSUER} | claims, jose.hs256(secret))


def refresh_token():
    """The one of the session that people.sql has made."""
    now = int(time.time())
    claims = {"userId": row_id("person 8"), "tokenId": row_id("session"), "type": "refresh", "iat": now - 1000, "exp": now + 1000}
    return jose.token({"alg": "HS256", "typ": "JWT"}, claims, jose.hs256(REFRESH_SECRET))


def accounts(ask):
    register, login = "/api/auth/register", "/api/auth/login"
    ask("register", "POST", register, send=NEW)
    ask("register an address that is taken", "POST", register, send=NEW)
    ask("register with everything wrong", "POST", register, send={"email": "no", "password": "short", "firstName": "", "lastName": 7})
    ask("register with an empty object", "POST", register, send={})
    ask("register with a weak password", "POST", register, send=NEW | {"email": "weak@example.com", "password": "weakweakweak"})
    ask("register with a password of more than 72 bytes", "POST", register, send=NEW | {"email": "long@example.com", "password": PASSWORD * 6})
    ask("register with a field too many", "POST", register, send=NEW | {"email": "more@example.com", "role": "admin"})
    ask("register with names of another script", "POST", register, send=NEW | {"email": "mi@example.com", "firstName": "Ngọc Lan", "lastName": "Đặng 🌊"})
    ask.login("login with another case of the address", PERSON.upper())
    ask.login("login with a hash of twelve rounds", TWELVE_ROUNDS)
    ask.login("login with a hash of pgcrypto", PGCRYPTO)
    ask.login("login with a password of more than 72 bytes", "person9@example.com", PASSWORD * 6)
    ask.login("login with a wrong password", PERSON, "Wrong$Battery9")
    ask.login("login with an unknown address", "nobody@example.com")
    ask("login without a password", "POST", login, send={"email": PERSON})
    ask("login with malformed JSON", "POST", login, JSON, '{"email": ')
    ask("login with a form", "POST", login, {"Content-Type": "application/x-www-form-urlencoded"}, f"email={PERSON}&password=x")
    ask("login with a body too large", "POST", login, send={"email": PERSON, "password": "x" * 200_000})
    ask("login by GET", "GET", login)
    person = ask.login("login", PERSON)
    ask("me", "GET", "/api/auth/me", token=person["accessToken"])
    ask("me without a token", "GET", "/api/auth/me")
    ask("me with Basic", "GET", "/api/auth/me", {"Authorization": "Basic YTpi"})
    ask("me with a lower-case scheme", "GET", "/api/auth/me", {"Authorization": f"bearer {person['accessToken']}"})
    sessions(ask, person)


def sessions(ask, person):
    refresh = "/api/auth/refresh"
    answer = ask("refresh", "POST", refresh, send={"refreshToken": person["refreshToken"]})
    tokens = answer.data if answer.status == 200 else person
    ask("refresh again with the used token", "POST", refresh, send={"refreshToken": person["refreshToken"]})
    ask("refresh with an access token", "POST", refresh, send={"refreshToken": person["accessToken"]})
    ask("refresh with nonsense", "POST", refresh, send={"refreshToken": "nonsense"})
    ask("refresh without a token", "POST", refresh, send={})
    ask("refresh with a cookie", "POST", refresh, {"Cookie": f"refreshToken={tokens['refreshToken']}"})
    ask("me after a refresh", "GET", "/api/auth/me", token=tokens["accessToken"])
    ask("logout", "POST", "/api/auth/logout", send={"refreshToken": tokens["refreshToken"]}, token=tokens["accessToken"])
    ask("me after the logout", "GET", "/api/auth/me", token=tokens["accessToken"])
    ask("products after the logout", "GET", "/api/products", token=tokens["accessToken"])
    ask("refresh after the logout", "POST", refresh, send={"refreshToken": tokens["refreshToken"]})
    ask("logout without a token", "POST", "/api/auth/logout", send={})


def products(ask, token):
    products = "/api/products"
    listed = ask("products", "GET", products, token=token)
    ask("products that have not changed", "GET", products, {"If-None-Match": listed.get("ETag", '"none"')}, token=token)
    ask("products without a token", "GET", products)
    ask("products by search", "GET", products + "?q=walnut&limit=2", token=token)
    ask("products by a search in Unicode", "GET", products + "?q=caf%C3%A9&limit=2", token=token)
    ask("products by two words", "GET", products + "?q=Oak&q=desk&limit=2", token=token)
    ask("products by an array", "GET", products + "?q[]=Oak&q[]=chair&limit=2", token=token)
    ask("products, second page", "GET", products + "?page=2&limit=3", token=token)
    ask("products, a page beyond the end", "GET", products + "?page=99", token=token)
    ask("products with a limit that is no number", "GET", products + "?limit=ten", token=token)
    ask("products with a limit too large", "GET", products + "?limit=1000&page=0", token=token)
    ask("products with a long query", "GET", products + "?limit=1&q=" + "x" * 9000, token=token)
    ask("product", "GET", f"{products}/{row_id('product 7')}", token=token)
    ask("product that is not there", "GET", f"{products}/{row_id('product 0')}", token=token)
    ask("product by no UUID", "GET", f"{products}/7", token=token)
    ask("product by a name with a slash", "GET", f"{products}/a%2Fb", token=token)
    ask("products by HEAD", "HEAD", products, token=token)
    ask("products by OPTIONS", "OPTIONS", products)
    ask("products by PUT", "PUT", products, send={}, token=token)
    ask("products with a slash at the end", "GET", products + "/?limit=1", token=token)
    ask("products in capitals", "GET", "/API/Products?limit=1", token=token)
    ask("products with two slashes", "GET", "/api//products?limit=1", token=token)
    ask("products for a browser", "GET", products + "?limit=1", {"Accept": "text/html,*/*;q=0.8"}, token=token)
    ask("products as problem details", "GET", products, {"Accept": "application/problem+json"})
    ask("products with a request id", "GET", products + "?limit=1", {"X-Request-ID": "client-7"}, token=token)


def management(ask, token):
    """By an admin, a moderator, and the user of `token`."""
    admin = ask.login("login of an admin", ADMIN)["accessToken"]
    moderator = ask.login("login of a moderator", MODERATOR)["accessToken"]
    stool = {"name": "Stool", "price": 4900, "stock": 3}
    ask("create a product as a user", "POST", "/api/products", send=stool, token=token)
    made = ask("create a product", "POST", "/api/products", send=stool, token=admin)
    ask("create a product with everything wrong", "POST", "/api/products", send={"name": "", "price": "dear", "stock": -1}, token=admin)
    place = made.get("Location", "/api/products/none")
    ask("delete a product as a moderator", "DELETE", place, token=moderator)
    ask("delete a product", "DELETE", place, token=admin)
    ask("delete a product again", "DELETE", place, token=admin)
    ask("users", "GET", "/api/users?limit=2", token=admin)
    ask("users as a user", "GET", "/api/users", token=token)
    ask("another's order as an admin", "GET", f"/api/orders/{row_id('order 4')}", token=admin)
    ask("orders as a moderator", "GET", "/api/orders", token=moderator)


def orders(ask, token):
    orders, items = "/api/orders", [{"productId": row_id("product 7"), "quantity": 2}]
    ask("orders", "GET", orders, token=token)
    ask("order", "GET", f"{orders}/{row_id('order 6')}", token=token)
    ask("another's order", "GET", f"{orders}/{row_id('order 4')}", token=token)
    made = ask("create an order", "POST", orders, send={"items": items, "userId": row_id("person 4")}, token=token)
    place = made.get("Location", f"{orders}/none")
    ask("created order", "GET", place, token=token)
    ask("orders after one more", "GET", orders + "?limit=1", token=token)
    ask("create an order without a token", "POST", orders, send={"items": items})
    ask("create an order of too many", "POST", orders, send={"items": [items[0] | {"quantity": 999}, items[0] | {"quantity": 999}]}, token=token)
    ask("create an order of nothing", "POST", orders, send={"items": []}, token=token)
    ask("create an order with everything wrong", "POST", orders, send={"items": [{"productId": "x", "quantity": 0}, {}]}, token=token)
    ask("create an order with malformed JSON", "POST", orders, JSON, '{"items": [', token=token)
    ask("create an order as text", "POST", orders, {"Content-Type": "text/plain"}, "items", token=token)
    ask("create an order in an unknown charset", "POST", orders, {"Content-Type": "application/json; charset=klingon"}, "{}", token=token)
    ask("create an order with a body too large", "POST", orders, send={"items": items, "note": "x" * 200_000}, token=token)
    packed = gzip.compress(json.dumps({"items": items}).encode())
    ask("create an order in gzip", "POST", orders, JSON | {"Content-Encoding": "gzip"}, packed, token=token)
    text = json.dumps({"items": items})
    ask("create an order in chunks", "POST", orders, JSON | {"Transfer-Encoding": "chunked"}, f"{len(text):x}\r\n{text}\r\n0\r\n\r\n", token=token)
    ask("cancel an order", "POST", f"{place}/cancel", token=token)
    ask("cancel an order again", "POST", f"{place}/cancel", token=token)
    ask("cancel another's order", "POST", f"{orders}/{row_id('order 4')}/cancel", token=token)


def tokens(ask):
    me = "/api/products?limit=1"
    ask("a token of before the move", "GET", me, token=access_token())
    ask("me with a token of before the move", "GET", "/api/auth/me", token=access_token())
    ask("an order with a token of before the move", "GET", f"/api/orders/{row_id('order 6')}", token=access_token())
    ask("an expired token", "GET", me, token=access_token(iat=int(time.time()) - 1000, exp=int(time.time()) - 100))
    ask("a forged token", "GET", me, token=access_token(secret="another secret of thirty-two bytes"))
    ask("a token of alg none", "GET", me, token=access_token(header={"alg": "none"}).rpartition(".")[0] + ".")
    ask("a token of another audience", "GET", me, token=access_token(aud="somebody-else"))
    ask("a token of another issuer", "GET", me, token=access_token(iss="somebody-else"))
    ask("a token that is none", "GET", me, token="abc")
    ask("a refresh token as access token", "GET", me, token=access_token(type="refresh", iss=None, aud=None))
    ask("refresh with a token of before the move", "POST", "/api/auth/refresh", send={"refreshToken": refresh_token()})


def browsers(ask, token):
    ask("preflight", "OPTIONS", "/api/orders", {"Origin": ORIGIN} | PREFLIGHT)
    ask("preflight of another origin", "OPTIONS", "/api/orders", {"Origin": OTHER_ORIGIN} | PREFLIGHT)
    ask("products from the shop's page", "GET", "/api/products?limit=1", {"Origin": ORIGIN}, token=token)
    ask("products from another origin", "GET", "/api/products?limit=1", {"Origin": OTHER_ORIGIN}, token=token)
    ask("an error for the shop's page", "GET", "/api/products", {"Origin": ORIGIN})
    ask("two slashes from the shop's page", "GET", "/api//products", {"Origin": ORIGIN}, token=token)
    ask("unknown path", "GET", "/api/nowhere", token=token)
    ask("unknown path without a token", "GET", "/nowhere")
    ask("health", "GET", "/health")


def limits(ask):
    one, other = ask.new_address(), ask.new_address()
    for number in range(5):
        ask.login(f"guess {number + 1}", "guessed@example.com", f"Wrong$Battery{number}", address=one)
    ask.login("guess 6", "guessed@example.com", "Wrong$Battery6", address=one)
    ask.login("login after the guesses", PERSON, address=one)
    for number in range(100):
        answer = client.fetch(ask.port, "GET", "/api/products", source=other)
        assert answer.status == 401, (number, answer)
    ask("request 101 without a token", "GET", "/api/products", address=other)


def visit(port):
    ask = Visitor(port)
    accounts(ask)
    token = ask.login("login to shop", SHOPPER)["accessToken"]
    products(ask, token)
    orders(ask, token)
    management(ask, token)
    tokens(ask)
    browsers(ask, token)
    limits(ask)
    return ask.answers
