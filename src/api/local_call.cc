// Copies the parts of a request that a call consists of.
#include "api/local_call.h"

#include "api/bearer_token.h"
#include "api/body_gate.h"

namespace merlon::api {
namespace {

// All lines of a field are one list (RFC 9110 section 5.3).
std::string list_of(const wire::RequestHead& head, wire::FieldId id) {
    std::string list;
    for (const wire::Field& field : head.fields) {
        if (field.id != id) continue;
        if (!list.empty()) list += ',';
        list += field.value;
    }
    return list;
}

}  // namespace

Task<LocalCall> read_local_call(http::Exchange* exchange, access::Pass pass, CallContext context) {
    const wire::RequestHead& head = exchange->head();
    LocalCall call{pass};
    // HEAD is GET whose body the exchange leaves out.
    call.method = head.method == wire::Method::Head ? wire::Method::Get : head.method;
    call.route = context.route->pattern;
    call.path = context.target.path;
    call.query = context.target.query;
    call.client = std::move(context.client);
    call.user_agent = list_of(head, wire::FieldId::UserAgent);
    call.if_match = list_of(head, wire::FieldId::IfMatch);
    call.idempotency_key = list_of(head, wire::FieldId::IdempotencyKey);
    if (context.token != nullptr) {
        call.user_id = context.token->subject.user_id;
        call.session_id = context.token->session_id;
        call.role = context.token->subject.role;
        if (context.route->token == TokenForwarding::Passed) call.access_token = bearer_token(head);
    }
    call.refused_token = std::move(context.refused_token);
    call.body =
        context.schema != nullptr
            ? MERLON_CO_TRY(co_await read_validated_body(
                  exchange, context.schema, LocalService::body_bytes_max, context.route->body))
            : MERLON_CO_TRY(co_await read_json_body(exchange));
    co_return call;
}

LocalCall duplicate(const LocalCall& call) {
    return {.pass = call.pass,
            .method = call.method,
            .route = call.route,
            .path = call.path,
            .query = call.query,
            .body = call.body.duplicate(),
            .client = call.client,
            .user_agent = call.user_agent,
            .if_match = call.if_match,
            .idempotency_key = call.idempotency_key,
            .refused_token = call.refused_token,
            .user_id = call.user_id,
            .session_id = call.session_id,
            .role = call.role,
            .access_token = call.access_token};
}

Result<access::Rule> local_rule(const LocalRoute& route, access::Roles& roles) {
    switch (route.access) {
        case LocalAccess::Public:
        case LocalAccess::Optional:
            return access::Rule::open();
        case LocalAccess::Authenticated:
            return access::Rule::authenticated();
        case LocalAccess::Permission:
            return access::Rule::all_of({std::string(route.permission)}, roles);
    }
    MERLON_ASSERT(false);
}

}  // namespace merlon::api
