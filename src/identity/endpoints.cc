// Lists the endpoints of the auth role, each with the object that serves it.
#include <algorithm>

#include "api/local_call.h"
#include "identity/accounts/response_schemas.h"
#include "identity/identity.h"
#include "identity/store/schema.h"
#include "tokens/verifier.h"

namespace merlon::identity {

using api::LocalAccess;
using wire::Method;

namespace {

constexpr api::OpenApiFailure register_failures[] = {
    {Kind::Conflict, "The e-mail address has an account", {Accounts::email_taken}}};
constexpr api::OpenApiFailure login_failures[] = {
    {Kind::Unknown,
     "No such account, or another password: which one is not said",
     {wrong_credentials_rule}},
    {Kind::Denied, "The password is right, and the account is locked", {account_locked_rule}}};
constexpr api::OpenApiFailure refresh_failures[] = {
    {Kind::Unknown,
     "The refresh token is unknown, expired, used or revoked",
     {tokens::invalid_refresh_rule}}};
constexpr api::OpenApiFailure logout_failures[] = {
    {Kind::Unknown,
     "No good access token, and no good refresh token either",
     {tokens::missing_token_rule, tokens::invalid_refresh_rule, "token.signature",
      "token.expired"}}};

}  // namespace

// One endpoint of the role. `event` is its name in merlon_auth; empty: not counted.
struct Identity::Endpoint {
    api::LocalRoute route;
    Task<http::Response> (*serve)(Identity&, api::LocalCall);
    std::string_view event;

    // Calls the member function `Member` of the role's member `Object`.
    template <auto Object, auto Member>
    static Task<http::Response> by(Identity& identity, api::LocalCall call) {
        return ((identity.*Object).*Member)(std::move(call));
    }
};

std::span<const Identity::Endpoint> Identity::endpoints() {
    using api::OpenApiOperation;
    static constexpr auto open = LocalAccess::Public;
    static constexpr auto own = LocalAccess::Authenticated;
    static constexpr Endpoint all[] = {
        {{Method::Post,
          "/api/auth/register",
          open,
          "",
          RegisterForm::schema,
          {.operation_id = "register",
           .summary = "Make an account and sign in",
           .status = 201,
           .response_schema = "SignIn",
           .failures = register_failures}},
         &Endpoint::by<&Identity::registration_, &Registration::register_account>,
         "register"},
        {{Method::Post,
          "/api/auth/login",
          open,
          "",
          LoginForm::schema,
          {.operation_id = "login",
           .summary = "Sign in",
           .response_schema = "SignIn",
           .failures = login_failures}},
         &Endpoint::by<&Identity::login_, &Login::login>,
         "login"},
        {{Method::Post,
          "/api/auth/refresh",
          open,
          "",
          RefreshForm::schema,
          {.operation_id = "refresh",
           .summary = "Get new tokens; the refresh token is good once",
           .response_schema = "Tokens",
           .failures = refresh_failures}},
         &Endpoint::by<&Identity::token_refresh_, &TokenRefresh::refresh>,
         "refresh"},
        {{Method::Post,
          "/api/auth/logout",
          LocalAccess::Optional,
          "",
          LogoutForm::schema,
          {.operation_id = "logout",
           .summary = "End this session, by its access token or its refresh token; its tokens are "
                      "refused at once",
           .status = 204,
           .failures = logout_failures},
          api::TokenForwarding::Passed,
          api::BodyUse::Optional},
         &Endpoint::by<&Identity::logout_, &Logout::logout>,
         "logout"},
        {{Method::Post,
          "/api/auth/logout-all",
          own,
          "",
          "",
          {.operation_id = "logoutAll", .summary = "End all of one's sessions", .status = 204}},
         &Endpoint::by<&Identity::sessions_, &Sessions::logout_all>,
         "logout_all"},
        {{Method::Get,
          "/api/auth/sessions",
          own,
          "",
          "",
          {.operation_id = "listSessions",
           .summary = "One's sessions, the last seen first",
           .response_schema = "Sessions"}},
         &Endpoint::by<&Identity::sessions_, &Sessions::list>,
         ""},
        {{Method::Delete,
          "/api/auth/sessions/{id}",
          own,
          "",
          "",
          {.operation_id = "endSession", .summary = "End one of one's sessions", .status = 204}},
         &Endpoint::by<&Identity::sessions_, &Sessions::end>,
         "end_session"},
        {{Method::Post,
          "/api/auth/password",
          own,
          "",
          PasswordForm::schema,
          {.operation_id = "changePassword",
           .summary = "Set another password; one's other sessions end",
           .status = 204}},
         &Endpoint::by<&Identity::own_account_, &OwnAccount::change_password>,
         "password"},
        {{Method::Get,
          "/api/auth/me",
          own,
          "",
          "",
          {.operation_id = "me", .summary = "Who the token speaks of", .response_schema = "User"}},
         &Endpoint::by<&Identity::own_account_, &OwnAccount::me>,
         ""},
        {{Method::Get,
          "/.well-known/jwks.json",
          open,
          "",
          "",
          {.operation_id = "publishedKeys",
           .summary = "The public keys that verify access tokens (RFC 7517)",
           .response_schema = "JsonWebKeySet",
           .shape = OpenApiOperation::Shape::Bare},
          api::TokenForwarding::Withheld,
          api::BodyUse::Required,
          api::Readers::AnyOrigin},
         &Endpoint::by<&Identity::key_administration_, &KeyAdministration::published_keys>,
         ""},
        {{Method::Get,
          "/.well-known/openid-configuration",
          open,
          "",
          "",
          {.operation_id = "openidConfiguration",
           .summary = "Where the keys are, for who verifies access tokens (OpenID Connect "
                      "Discovery 1.0)",
           .response_schema = "OpenIdConfiguration",
           .shape = OpenApiOperation::Shape::Bare},
          api::TokenForwarding::Withheld,
          api::BodyUse::Required,
          api::Readers::AnyOrigin},
         &Endpoint::by<&Identity::key_administration_, &KeyAdministration::discovery>,
         ""},
    };
    return all;
}

void Identity::register_counters() {
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
    auto response = co_await endpoint->serve(*this, api::duplicate(call));
    // Another password was set while this one was verified: it is verified again, against that.
    // Twice is enough: parallel log-ins that renew an outdated hash meet a new one at most once.
    constexpr int repeats_max = 2;
    for (int repeat = 0; repeat < repeats_max; ++repeat) {
        if (response || response.error().rule != Accounts::changed) break;
        response = co_await endpoint->serve(*this, api::duplicate(call));
    }
    if (!endpoint->event.empty()) counters_.count(endpoint->event, response);
    co_return response;
}

}  // namespace merlon::identity
