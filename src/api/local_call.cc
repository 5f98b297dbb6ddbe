// From a head to a call.
#include "api/local_call.h"

namespace merlon::api {

LocalCall make_local_call(const wire::RequestHead& head, std::string_view pattern,
                          const wire::Target& target) {
    LocalCall call;
    call.method = head.method;
    call.route = pattern;
    call.path = target.path;
    call.query = target.query;
    // HEAD is GET whose body the exchange leaves out.
    if (call.method == wire::Method::Head) call.method = wire::Method::Get;
    // All lines of a field are one list (RFC 9110 section 5.3).
    const auto text_of = [&](wire::FieldId id) {
        std::string text;
        for (const wire::Field& field : head.fields) {
            if (field.id != id) continue;
            if (!text.empty()) text += ',';
            text += field.value;
        }
        return text;
    };
    call.user_agent = text_of(wire::FieldId::UserAgent);
    call.if_match = text_of(wire::FieldId::IfMatch);
    call.idempotency_key = text_of(wire::FieldId::IdempotencyKey);
    return call;
}

Result<access::Rule> local_rule(const LocalRoute& route, access::Roles& roles) {
    switch (route.access) {
        case LocalAccess::Public:
            return access::Rule::open();
        case LocalAccess::Authenticated:
            return access::Rule::authenticated();
        case LocalAccess::Permission:
            return access::Rule::all_of({std::string(route.permission)}, roles);
    }
    MERLON_ASSERT(false);
}

}  // namespace merlon::api
