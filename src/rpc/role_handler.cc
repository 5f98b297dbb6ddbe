// Checks who calls, for which user, and what; then serves the request or the method.
#include "rpc/role_handler.h"

#include <algorithm>

#include "api/bearer_token.h"
#include "api/body_gate.h"
#include "api/body_schema.h"
#include "api/error_response.h"
#include "api/local_call.h"
#include "base/text.h"
#include "http/problem.h"

namespace merlon::rpc {
namespace {

constexpr std::string_view no_route = "none";

// Of the first field of this name; empty: there is none.
std::string_view value_of(const wire::RequestHead& head, std::string_view name) {
    for (const wire::Field& field : head.fields) {
        if (text::equals_ignoring_case(field.name, name)) return field.value;
    }
    return {};
}

http::FieldLines json_fields() {
    http::FieldLines fields;
    fields.add("Content-Type", "application/json; charset=utf-8");
    fields.add("Cache-Control", "no-store");
    return fields;
}

}  // namespace

Result<std::unique_ptr<const OfferedRole>> OfferedRole::make(api::LocalService& service,
                                                             std::vector<OfferedMethod> methods,
                                                             Names names, access::Roles roles,
                                                             TokenRules tokens,
                                                             const api::NameSettings& people) {
    std::unique_ptr<OfferedRole> made(new OfferedRole(service, std::move(methods), std::move(names),
                                                      std::move(roles), std::move(tokens)));
    for (const api::LocalRoute& declared : service.table().routes) {
        OfferedRoute route{&declared, MERLON_TRY(api::local_rule(declared, made->roles_)), nullptr};
        if (!declared.body_schema.empty()) {
            route.schema = std::make_unique<const wire::JsonSchema>(
                MERLON_TRY(api::compile_body_schema(declared.body_schema, people)));
        }
        MERLON_TRY(made->routes_.add(declared.pattern, {declared.method}, std::move(route)));
    }
    return made;
}

bool OfferedRole::may_call(const Method& method, const crypto::SpiffeId& peer) const {
    return std::ranges::any_of(names_.roles, [&](const auto& role) {
        const auto& [name, id] = role;
        return id == peer && (std::ranges::find(method.callers, any_role) != method.callers.end() ||
                              std::ranges::find(method.callers, name) != method.callers.end());
    });
}

std::vector<crypto::SpiffeId> OfferedRole::callers() const {
    std::vector<crypto::SpiffeId> all = names_.gateways;
    for (const auto& [name, id] : names_.roles) {
        const bool calls = std::ranges::any_of(
            methods_, [&](const OfferedMethod& one) { return may_call(*one.method, id); });
        if (calls && std::ranges::find(all, id) == all.end()) all.push_back(id);
    }
    return all;
}

Task<> RoleHandler::serve(http::Exchange& exchange) {
    RequestContext context{no_route};
    const Result<> served = co_await serve_request(&exchange, &context);
    if (served || exchange.has_begun()) co_return served;
    if (const auto type = api::security_event_of(served.error())) {
        refusals_.report({*type, exchange.peer().address, context.route});
    }
    http::Response refusal =
        api::error_response(served.error(), exchange.head().find(wire::FieldId::Accept));
    add_revoked(context, refusal.fields);
    MERLON_CO_TRY(co_await exchange.send(refusal.status, refusal.fields, refusal.body));
    co_return Result<>{};
}

Task<> RoleHandler::serve_request(http::Exchange* exchange, RequestContext* context) {
    exchange->limit_body(api::LocalService::body_bytes_max);
    exchange->keep_body_secret();
    std::string storage;
    const wire::Target target = MERLON_CO_TRY(wire::canonicalize(exchange->head().target, storage));
    if (target.path.starts_with(method_path)) {
        co_return co_await serve_method(exchange, target.path.substr(method_path.size()), context);
    }
    co_return co_await serve_user_request(exchange, target, context);
}

Task<> RoleHandler::serve_user_request(http::Exchange* exchange, wire::Target target,
                                       RequestContext* context) {
    const wire::RequestHead& head = exchange->head();
    const auto& gateways = role_.names().gateways;
    if (std::ranges::find(gateways, exchange->peer().identity->id) == gateways.end()) {
        co_return fail(Kind::Denied, access::denied_rule, exchange->peer().identity->id.text());
    }
    const auto match = role_.routes_.find(head.method, target.path);
    if (match.route == nullptr) co_return fail(Kind::Absent, "route.unknown");
    const OfferedRole::OfferedRoute& route = *match.route;
    context->route = route.declared->pattern;

    tokens::TokenCache::Kept token;
    std::optional<Error> refused_token;
    if (route.rule.needs_subject()) {
        token = MERLON_CO_TRY(co_await verify_caller(exchange));
    } else if (route.declared->access == api::LocalAccess::Optional) {
        auto verified = co_await verify_optional_caller(exchange);
        if (verified) {
            token = *std::move(verified);
        } else if (verified.error().kind == Kind::Unavailable) {
            co_return std::unexpected(std::move(verified).error());
        } else {
            refused_token = std::move(verified).error();
        }
    }
    const access::Pass pass =
        MERLON_CO_TRY(access::Policy::authorize(token ? &token->subject : nullptr, route.rule));
    api::LocalCall call = MERLON_CO_TRY(co_await api::read_local_call(
        exchange, pass,
        {route.declared, route.schema.get(), target, token.get(),
         std::string(value_of(head, "X-Forwarded-For")), std::move(refused_token)}));
    context->generation = role_.tokens_.revocations.generation();
    http::Response response = MERLON_CO_TRY(co_await role_.service_.call(std::move(call)));
    add_revoked(*context, response.fields);
    co_return co_await exchange->send(response.status, response.fields, response.body);
}

// A failed request, too, may have revoked tokens: the reuse of a refresh token does.
void RoleHandler::add_revoked(const RequestContext& context, http::FieldLines& fields) const {
    if (!context.generation) return;
    const std::string revoked = role_.tokens_.revocations.told_since(*context.generation);
    if (!revoked.empty()) fields.add(tokens::revoked_field, revoked);
}

// Verifies the user of a gateway's request by two proofs, since either alone can be stolen: the
// assertion, which the key of the gateway's certificate signed for us and for this token, and the
// token itself, which has to be ours, alive and not revoked. What the caller may do is what the
// token says.
Task<tokens::TokenCache::Kept> RoleHandler::verify_caller(http::Exchange* exchange) {
    const std::string_view assertion = value_of(exchange->head(), tokens::assertion_field);
    if (assertion.empty()) co_return fail(Kind::Unknown, tokens::missing_token_rule);
    const net::PeerIdentity& peer = *exchange->peer().identity;
    const std::string_view bearer = api::bearer_token(exchange->head());
    const auto verified =
        MERLON_CO_TRY(assertions_.verify(assertion, peer.id, peer.key, bearer, clock_.wall()));
    auto token =
        MERLON_CO_TRY(co_await tokens_.verify(std::string(bearer), clock_.wall(), clock_.steady()));
    if (verified->asserted.user_id != token->subject.user_id) {
        co_return fail(Kind::Unknown, "assertion.claims", "it names another user than the token");
    }
    co_return token;
}

// A gateway asserts nobody when it has refused the token: then the error is the token's own.
Task<tokens::TokenCache::Kept> RoleHandler::verify_optional_caller(http::Exchange* exchange) {
    const std::string_view bearer = api::bearer_token(exchange->head());
    if (value_of(exchange->head(), tokens::assertion_field).empty() && !bearer.empty()) {
        MERLON_CO_TRY(co_await tokens_.verify(std::string(bearer), clock_.wall(), clock_.steady()));
        co_return fail(Kind::Unknown, "assertion.missing", "the gateway has refused the token");
    }
    co_return co_await verify_caller(exchange);
}

Task<> RoleHandler::serve_method(http::Exchange* exchange, std::string_view name,
                                 RequestContext* context) {
    const auto found = std::ranges::find_if(
        role_.methods_, [&](const OfferedMethod& one) { return one.method->name == name; });
    if (found == role_.methods_.end() || exchange->head().method != wire::Method::Post) {
        co_return fail(Kind::Absent, "route.unknown");
    }
    context->route = found->method->name;
    if (!role_.may_call(*found->method, exchange->peer().identity->id)) {
        co_return fail(Kind::Denied, access::denied_rule, exchange->peer().identity->id.text());
    }
    const Secret body = MERLON_CO_TRY(co_await api::read_json_body(exchange));
    auto call = Message::parse(body.reveal());
    const auto answer = call ? co_await found->serve(*std::move(call))
                             : Result<Message>(std::unexpected(call.error()));
    if (answer) co_return co_await exchange->send(200, json_fields(), answer->str());
    // No release of Merlon sends such a message: an attacker may have a role's certificate.
    if (answer.error().rule == malformed_rule) {
        refusals_.report(
            {events::Type::UnauthorizedAccess, exchange->peer().address, context->route});
    }
    co_return co_await exchange->send(http::problem_of(answer.error()).status, json_fields(),
                                      to_message(answer.error()));
}

http::Response RoleHandler::refuse(const http::Peer&, const wire::RequestHead*,
                                   const Error& error) {
    return api::error_response(error, nullptr);
}

}  // namespace merlon::rpc
