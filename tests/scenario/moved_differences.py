"""What the moved team's clients see of the move: every difference between an answer of Express alone and one after a step.

A row of the guide's table (docs/guide/moving-from-express.md) stands for one or more of these. A difference that is not here, and
one that is here and does not come, fails the test.
"""

import dataclasses

GATEWAY = (1, 2, 3)  # the steps at which it is to be seen
ACCOUNTS = (2, 3)
ORIGINS = {"preflight", "preflight of another origin", "products from the shop's page", "products from another origin",
           "an error for the shop's page", "two slashes from the shop's page"}
STRANGE = {"products with a long query", "product by a name with a slash", "products with two slashes", "two slashes from the shop's page"}
SPELLINGS = {"products with a slash at the end", "products in capitals"}
STRANGERS = {"preflight of another origin", "products from another origin"}
NO_TOKEN = {"products without a token", "products as problem details", "create an order without a token", "an error for the shop's page",
            "me without a token", "me with Basic", "logout without a token"}
WRONG_TOKEN = {"an expired token", "a forged token", "a token of alg none", "a token of another audience", "a token of another issuer",
               "a token that is none", "a refresh token as access token"}
NOT_PERMITTED = {"create a product as a user", "delete a product as a moderator", "users as a user", "orders as a moderator"}
UNKNOWN = {"unknown path", "unknown path without a token"}
WRONG_METHOD = {"products by PUT", "login by GET"}
SIGNED_OUT = {"me after the logout", "products after the logout"}
TOO_MANY = {"guess 6", "login after the guesses", "request 101 without a token"}


@dataclasses.dataclass(frozen=True)
class Difference:
    row: str            # the first cell of the guide's row
    steps: tuple
    requests: frozenset
    lines: frozenset    # as moved_team.differences writes them


def gone(*fields):
    return [f"{field} → none" for field in fields]


def come(*fields):
    name_and_value = [field.split(": ", 1) for field in fields]
    return [f"{name}: none → {value}" for name, value in name_and_value]


def of_the_gateway(names):
    counted = ("ratelimit-limit: 100", "ratelimit-policy: 100;w=900", "ratelimit-remaining: 99", "ratelimit-reset: <seconds>")
    exposed = "X-Total-Count,X-Page-Count"
    more = exposed + ",RateLimit-Policy,RateLimit-Limit,RateLimit-Remaining,RateLimit-Reset,Retry-After,X-Request-ID,ETag,Location"
    headers = "Content-Type,Authorization,X-Request-ID"
    here = NO_TOKEN | WRONG_TOKEN | NOT_PERMITTED | UNKNOWN | WRONG_METHOD | STRANGE | SPELLINGS | STRANGERS | TOO_MANY | {"health"}
    yield "`X-Request-ID`", names, come("x-request-id: <id>")
    yield "no `ETag`", here, ["etag: <tag> → none"]
    yield "CORS fields", names - ORIGINS, gone("access-control-allow-credentials: true", f"access-control-expose-headers: {exposed}")
    yield "CORS fields", ORIGINS - STRANGERS, [f"access-control-expose-headers: {exposed} → {more}"]
    yield "CORS fields", {"preflight"}, [
        f"access-control-allow-headers: {headers} → {headers},Idempotency-Key,If-Match,traceparent,tracestate"]
    yield "another origin", STRANGERS, ["status: 500 → 403", "body: INTERNAL_ERROR → FORBIDDEN", "vary: none → Origin"]
    yield "`OPTIONS` without `Origin`", {"products by OPTIONS"}, [
        "allow: none → GET, HEAD, POST, OPTIONS", *come(*counted),
        *gone("access-control-allow-methods: GET,POST,PUT,PATCH,DELETE,OPTIONS", f"access-control-allow-headers: {headers}",
              "access-control-max-age: 86400")]
    yield "`WWW-Authenticate`", NO_TOKEN | {"request 101 without a token"} - TOO_MANY, come("www-authenticate: Bearer")
    yield "`WWW-Authenticate`", WRONG_TOKEN, come('www-authenticate: Bearer error="invalid_token"')
    yield "`WWW-Authenticate`", NOT_PERMITTED, come('www-authenticate: Bearer error="insufficient_scope"')
    yield "unknown paths are counted", {"unknown path without a token"}, come(*counted)
    yield "a wrong method", WRONG_METHOD, ["status: 404 → 405", "body: NOT_FOUND → METHOD_NOT_ALLOWED"]
    yield "a wrong method", {"products by PUT"}, come("allow: GET, HEAD, POST, OPTIONS")
    yield "a wrong method", {"login by GET"}, come("allow: POST, OPTIONS")
    yield "other spellings of a path", SPELLINGS, ["status: 200 → 404", "body: data → NOT_FOUND", *gone("x-page-count: 60", "x-total-count: 60")]
    yield "strange paths and long URLs", STRANGE, gone(*counted)
    yield "strange paths and long URLs", {"products with a long query"}, [
        "status: 200 → 414", "body: data → URI_TOO_LONG", *gone("x-page-count: 0", "x-total-count: 0")]
    yield "strange paths and long URLs", {"product by a name with a slash"}, ["body: VALIDATION_ERROR → BAD_REQUEST"]
    yield "strange paths and long URLs", {"products with two slashes", "two slashes from the shop's page"}, [
        "status: 404 → 400", "body: NOT_FOUND → BAD_REQUEST"]
    yield "`Accept: application/problem+json`", {"products as problem details"}, [
        *gone("body.error.code: UNAUTHORIZED", "body.error.message: No token provided", "body.success: false"),
        *come("body.code: UNAUTHORIZED", "body.title: Unauthorized", "body.type: about:blank", "body.detail: No token provided", "body.status: 401"),
        "content-type: application/json; charset=utf-8 → application/problem+json"]


def of_login_limits(names):
    """Of two limits, express-rate-limit sends fields of both, in two styles; Merlon those of the one that is nearer its end."""
    counted = {name for name in names if name.split()[0] in ("register", "login", "guess")}
    yield counted, ["ratelimit-limit: 100 → 5", "ratelimit-policy: 100;w=900 → 5;w=900",
                    *gone("x-ratelimit-limit: 5", "x-ratelimit-reset: <seconds>")]
    in_turn = ["guess 1", "guess 2", "guess 3", "guess 4", "guess 5", "guess 6", "login after the guesses"]
    for used, name in enumerate(in_turn, start=1):
        left = max(5 - used, 0)
        yield {name}, [f"ratelimit-remaining: {100 - used} → {left}", *gone(f"x-ratelimit-remaining: {left}")]
    yield counted - set(in_turn), ["ratelimit-remaining: 99 → 4", *gone("x-ratelimit-remaining: 4")]


def of_accounts(names):
    by_merlon = {name for name in names if name.split()[0] in ("register", "login", "me", "refresh", "logout", "guess", "users")}
    signed_in = {"login", "login of a moderator", "login of an admin", "login to shop", "login with a hash of pgcrypto",
                 "login with a hash of twelve rounds", "login with another case of the address", "refresh", "register",
                 "register with a field too many", "register with names of another script"}
    personal = signed_in | {"logout", "me", "me after a refresh", "me with a lower-case scheme", "me with a token of before the move",
                            "refresh again with the used token", "users"}
    yield "no `ETag`", (by_merlon | SIGNED_OUT) - {"logout"}, ["etag: <tag> → none"]
    yield "no `ETag`", personal, come("cache-control: no-store")
    yield "`WWW-Authenticate`", SIGNED_OUT, come('www-authenticate: Bearer error="invalid_token"')
    yield "`tokenType`, `expiresIn`", signed_in, come("body.data.tokenType: Bearer", "body.data.expiresIn: 900")
    yield "more permissions of admins", {"login of an admin"}, come(
        "body.data.user.permissions[11]: read:audit", "body.data.user.permissions[12]: manage:incidents")
    yield "addresses as typed", {"register"}, ["body.data.user.email: grace.hopper@example.com → Grace.Hopper@example.com"]
    yield "bodies that are no JSON", {"login with malformed JSON"}, ["body.error.message: Unexpected end of JSON input → Malformed JSON"]
    yield "bodies that are no JSON", {"login with a form", "refresh with a cookie"}, [
        "status: 400 → 415", "body: VALIDATION_ERROR → UNSUPPORTED_MEDIA_TYPE"]
    yield "large bodies", {"login with a body too large"}, ["status: 413 → 401", "body: PAYLOAD_TOO_LARGE → INVALID_CREDENTIALS"]
    yield "passwords over 72 bytes", {"login with a password of more than 72 bytes"}, ["status: 200 → 401", "body: data → INVALID_CREDENTIALS"]
    yield "passwords over 72 bytes", {"register with a password of more than 72 bytes"}, ["status: 201 → 400", "body: data → VALIDATION_ERROR"]
    yield "`bearer` in small letters", {"me with a lower-case scheme"}, ["status: 401 → 200", "body: UNAUTHORIZED → data"]
    yield "a refresh repeated", {"refresh again with the used token"}, ["status: 401 → 200", "body: INVALID_REFRESH_TOKEN → data"]
    yield "pages of `/api/users`", {"users"}, [
        *come("body.meta.nextCursor: there", *(f"body.data[{row}].locked: there" for row in range(2)),
              *(f"body.data[{row}].permissions[{number}]: there" for row in range(2) for number in range(6))),
        *gone("body.meta.page: there")]
    yield "refresh tokens of before", {"refresh with a token of before the move"}, ["status: 200 → 401", "body: data → INVALID_REFRESH_TOKEN"]


def every(names):
    found = [(GATEWAY, *one) for one in of_the_gateway(names)]
    found += [(GATEWAY, "limits of sign-in", *one) for one in of_login_limits(names)]
    found += [(ACCOUNTS, *one) for one in of_accounts(names)]
    return [Difference(row, steps, frozenset(requests), frozenset(lines)) for steps, row, requests, lines in found]


def listed(names, step):
    """{(request, line)} of a step, of a client that sends `names`."""
    return {(request, line) for one in every(frozenset(names)) if step in one.steps for request in one.requests for line in one.lines}
