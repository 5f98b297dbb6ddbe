// Every endpoint of the auth role.
#include <algorithm>

#include "identity/accounts/response_schemas.h"
#include "identity/identity.h"
#include "identity/store/schema.h"

namespace merlon::identity {

using api::LocalAccess;
using wire::Method;

// One endpoint of the role. `event` is its name in merlon_auth; empty: not counted.
struct Identity::Endpoint {
    api::LocalRoute route;
    Task<http::Response> (Identity::*serve)(api::LocalCall);
    std::string_view event;
};

std::span<const Identity::Endpoint> Identity::endpoints() {
    using api::RouteText;
    static constexpr auto open = LocalAccess::Public;
    static constexpr auto own = LocalAccess::Authenticated;
    static constexpr Endpoint all[] = {
        {{Method::Post,
          "/api/auth/register",
          open,
          "",
          RegisterForm::schema,
          {.operation = "register",
           .summary = "Make an account and sign in",
           .status = 201,
           .answer = "SignIn",
           .conflict = "The e-mail address has an account"}},
         &Identity::register_account,
         "register"},
        {{Method::Post,
          "/api/auth/login",
          open,
          "",
          LoginForm::schema,
          {.operation = "login",
           .summary = "Sign in",
           .answer = "SignIn",
           .unauthorized = "No such account, or another password: which one is not said"}},
         &Identity::login,
         "login"},
        {{Method::Post,
          "/api/auth/refresh",
          open,
          "",
          RefreshForm::schema,
          {.operation = "refresh",
           .summary = "Get new tokens; the refresh token is good once",
           .answer = "Tokens",
           .unauthorized = "The refresh token is unknown, expired, used or revoked"}},
         &Identity::refresh,
         "refresh"},
        {{Method::Post,
          "/api/auth/logout",
          own,
          "",
          "",
          {.operation = "logout",
           .summary = "End this session; its tokens are refused at once",
           .status = 204},
          api::TokenText::Shown},
         &Identity::logout,
         "logout"},
        {{Method::Post,
          "/api/auth/logout-all",
          own,
          "",
          "",
          {.operation = "logoutAll", .summary = "End all of one's sessions", .status = 204}},
         &Identity::logout_all,
         "logout_all"},
        {{Method::Get,
          "/api/auth/sessions",
          own,
          "",
          "",
          {.operation = "listSessions",
           .summary = "One's sessions, the last seen first",
           .answer = "Sessions"}},
         &Identity::list_sessions,
         ""},
        {{Method::Delete,
          "/api/auth/sessions/{id}",
          own,
          "",
          "",
          {.operation = "endSession", .summary = "End one of one's sessions", .status = 204}},
         &Identity::end_session,
         "end_session"},
        {{Method::Post,
          "/api/auth/password",
          own,
          "",
          PasswordForm::schema,
          {.operation = "changePassword",
           .summary = "Set another password; one's other sessions end",
           .status = 204}},
         &Identity::change_password,
         "password"},
        {{Method::Get,
          "/api/auth/me",
          own,
          "",
          "",
          {.operation = "me", .summary = "Who the token speaks of", .answer = "User"}},
         &Identity::me,
         ""},
        {{Method::Get,
          "/.well-known/jwks.json",
          open,
          "",
          "",
          {.operation = "publishedKeys",
           .summary = "The public keys that verify access tokens (RFC 7517)",
           .answer = "JsonWebKeySet",
           .shape = RouteText::Shape::Bare}},
         &Identity::published_keys,
         ""},
    };
    return all;
}

void Identity::announce_counters() {
    for (const Endpoint& endpoint : endpoints()) {
        if (!endpoint.event.empty()) counters_.add(endpoint.event);
    }
}

const api::RoleTable& Identity::role_table() {
    static const api::RoleTable table = [] {
        api::RoleTable made{
            .role = auth_role, .routes = {}, .schemas = response_schemas(), .revokes_tokens = true};
        for (const Endpoint& endpoint : endpoints()) made.routes.push_back(endpoint.route);
        return made;
    }();
    return table;
}

Task<http::Response> Identity::call(api::LocalCall call) {
    const auto endpoint = std::ranges::find(endpoints(), call.route,
                                            [](const Endpoint& one) { return one.route.pattern; });
    MERLON_ASSERT(endpoint != endpoints().end());
    auto answer = co_await (this->*endpoint->serve)(call);
    // Another password was set while this one was judged: judged again, by that. Twice is enough:
    // parallel logins that renew an outdated hash meet a new one at most once.
    constexpr int repeats_max = 2;
    for (int repeat = 0; repeat < repeats_max; ++repeat) {
        if (answer || answer.error().rule != "account.changed") break;
        answer = co_await (this->*endpoint->serve)(call);
    }
    if (!endpoint->event.empty()) counters_.count(endpoint->event, answer);
    co_return answer;
}

Task<http::Response> Identity::published_keys(api::LocalCall) {
    http::Response response{200, {}, terms_.load()->issuer.jwks(parts_.clock.wall())};
    response.fields.add("Content-Type", "application/json; charset=utf-8");
    response.fields.add("Cache-Control", "public, max-age=300");
    co_return response;
}

}  // namespace merlon::identity
