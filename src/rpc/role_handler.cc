// Who calls, for whom, what.
#include "rpc/role_handler.h"

#include <algorithm>

#include "api/bearer_token.h"
#include "api/body_gate.h"
#include "api/local_call.h"
#include "api/refusal.h"
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

Result<std::unique_ptr<const OfferedRole>> OfferedRole::make(
    api::LocalService& service, std::vector<Port> ports, Names names, access::Roles roles,
    const tokens::Revocations& revocations) {
    std::unique_ptr<OfferedRole> made(new OfferedRole(service, std::move(ports), std::move(names),
                                                      std::move(roles), revocations));
    for (const api::LocalRoute& told : service.table().routes) {
        Route route{&told, MERLON_TRY(api::local_rule(told, made->roles_)), nullptr};
        if (!told.body_schema.empty()) {
            route.schema = std::make_unique<const wire::JsonSchema>(
                MERLON_TRY(wire::JsonSchema::compile(told.body_schema)));
        }
        MERLON_TRY(made->routes_.add(told.pattern, {told.method}, std::move(route)));
    }
    return made;
}

std::vector<crypto::SpiffeId> OfferedRole::callers() const {
    std::vector<crypto::SpiffeId> all = names_.gateways;
    for (const Port& port : ports_) {
        const crypto::SpiffeId& caller = names_.roles.find(port.caller)->second;
        if (std::ranges::find(all, caller) == all.end()) all.push_back(caller);
    }
    return all;
}

Task<> RoleHandler::serve(http::Exchange& exchange) {
    Known known{no_route};
    const Result<> served = co_await serve_request(&exchange, &known);
    if (served || exchange.has_begun()) co_return served;
    if (const auto type = api::event_of(served.error())) {
        refusals_.report({*type, exchange.peer().address, known.route});
    }
    http::Response refusal =
        api::refusal_of(served.error(), exchange.head().find(wire::FieldId::Accept));
    add_revoked(known, refusal.fields);
    MERLON_CO_TRY(co_await exchange.send(refusal.status, refusal.fields, refusal.body));
    co_return Result<>{};
}

Task<> RoleHandler::serve_request(http::Exchange* exchange, Known* known) {
    const wire::RequestHead& head = exchange->head();
    exchange->limit_body(api::LocalService::body_bytes_max);
    std::string storage;
    const wire::Target target = MERLON_CO_TRY(wire::canonicalize(head.target, storage));
    if (target.path.starts_with(port_path)) {
        co_return co_await serve_port(exchange, target.path.substr(port_path.size()), known);
    }
    const auto& gateways = role_.names().gateways;
    if (std::ranges::find(gateways, exchange->peer().identity->id) == gateways.end()) {
        co_return fail(Kind::Denied, "access.denied", exchange->peer().identity->id.text());
    }
    const auto match = role_.routes_.find(head.method, target.path);
    if (match.route == nullptr) co_return fail(Kind::Absent, "route.unknown");
    const OfferedRole::Route& found = *match.route;
    known->route = found.told->pattern;

    api::LocalCall call = api::make_local_call(head, found.told->pattern, target);
    call.client = value_of(head, "X-Forwarded-For");
    std::optional<access::Subject> subject;
    if (found.rule.needs_subject()) subject = MERLON_CO_TRY(subject_of(*exchange, call));
    if (subject && found.told->token == api::TokenText::Shown) {
        call.access_token = api::bearer_token(head);
    }
    MERLON_CO_TRY(access::Policy::authorize(subject ? &*subject : nullptr, found.rule));
    call.body = found.schema ? MERLON_CO_TRY(co_await api::take_judged_body(
                                   exchange, found.schema.get(), api::LocalService::body_bytes_max))
                             : MERLON_CO_TRY(co_await api::take_json_body(exchange));
    known->generation = role_.revocations_.generation();
    http::Response response = MERLON_CO_TRY(co_await role_.service_.call(std::move(call)));
    add_revoked(*known, response.fields);
    co_return co_await exchange->send(response.status, response.fields, response.body);
}

// A refusal, too, may have ended tokens: that of a refresh token which is used again.
void RoleHandler::add_revoked(const Known& known, http::FieldLines& fields) const {
    if (!known.generation) return;
    const std::string revoked = role_.revocations_.told_since(*known.generation);
    if (!revoked.empty()) fields.add(tokens::revoked_field, revoked);
}

// For whom a gateway calls: it says so in an assertion that its own certificate's key signed, for
// us and for the token that came with it.
Result<access::Subject> RoleHandler::subject_of(const http::Exchange& exchange,
                                                api::LocalCall& call) {
    const std::string_view assertion = value_of(exchange.head(), tokens::assertion_field);
    if (assertion.empty()) return fail(Kind::Unknown, "token.missing");
    const net::PeerIdentity& peer = *exchange.peer().identity;
    const auto verified = MERLON_TRY(assertions_.verify(
        assertion, peer.id, peer.key, api::bearer_token(exchange.head()), clock_.wall()));
    const tokens::Asserted& asserted = verified->asserted;
    call.user_id = asserted.user_id;
    call.session_id = asserted.session_id;
    call.role = asserted.role;
    access::Subject subject;
    subject.user_id = asserted.user_id;
    subject.role = asserted.role;
    subject.permissions = role_.roles_.set_of(asserted.permissions);
    return subject;
}

Task<> RoleHandler::serve_port(http::Exchange* exchange, std::string_view operation, Known* known) {
    const auto port = std::ranges::find(role_.ports_, operation, &Port::operation);
    if (port == role_.ports_.end() || exchange->head().method != wire::Method::Post) {
        co_return fail(Kind::Absent, "route.unknown");
    }
    known->route = port->operation;
    const crypto::SpiffeId& caller = role_.names().roles.find(port->caller)->second;
    if (exchange->peer().identity->id != caller) {
        co_return fail(Kind::Denied, "access.denied", exchange->peer().identity->id.text());
    }
    const std::string body = MERLON_CO_TRY(co_await api::take_json_body(exchange));
    auto call = Message::parse(body);
    const auto answer = call ? co_await port->serve(*std::move(call))
                             : Result<Message>(std::unexpected(call.error()));
    if (answer) co_return co_await exchange->send(200, json_fields(), answer->str());
    co_return co_await exchange->send(http::problem_of(answer.error()).status, json_fields(),
                                      to_message(answer.error()));
}

http::Response RoleHandler::refuse(const http::Peer&, const Error& error) {
    return api::refusal_of(error, nullptr);
}

}  // namespace merlon::rpc
