// Members by name, errors by rule.
#include "rpc/port_message.h"

#include <algorithm>

#include "wire/json.h"

namespace merlon::rpc {
namespace {

namespace json = boost::json;

// A snapshot of revocations is the longest.
constexpr wire::JsonLimits limits{.bytes = 64 << 20, .depth = 8};

// Those that somebody branches on, or that have an answer of their own (http/problem.cc).
constexpr std::string_view known_rules[] = {
    "access.denied",       "account.absent",  "account.changed",  "account.email_taken",
    "account.own",         "keys.destroyed",  "limit.auth",       "order.ended",
    "product.absent",      "product.unknown", "schema.violation", "sealed.corrupt",
    "stock.insufficient",  "storage.busy",    "storage.corrupt",  "storage.in_doubt",
    "storage.unavailable", "uuid.malformed",
};

constexpr Kind kinds[] = {Kind::Invalid,  Kind::Unknown,   Kind::Denied,      Kind::Absent,
                          Kind::Conflict, Kind::Exhausted, Kind::Unavailable, Kind::Corrupt};

auto malformed(std::string_view name) {
    return fail(Kind::Invalid, "port.malformed", std::string(name));
}

json::value details_of(const FieldErrors& fields) {
    json::array list;
    for (const FieldError& field : fields) {
        list.push_back({{"field", field.field}, {"message", field.message}});
    }
    return list;
}

Payload payload_of(const json::object& error) {
    if (const auto* seconds = error.if_contains("retryAfter"); seconds && seconds->is_int64()) {
        return RetryAfter{std::chrono::seconds{seconds->get_int64()}};
    }
    const auto* list = error.if_contains("details");
    if (list == nullptr || !list->is_array()) return {};
    FieldErrors fields;
    for (const json::value& one : list->get_array()) {
        const Message member(one.is_object() ? one.get_object() : json::object());
        fields.push_back({member.text("field").value_or(""), member.text("message").value_or("")});
    }
    return fields;
}

}  // namespace

Result<Message> Message::parse(std::string_view text) {
    json::value value = MERLON_TRY(wire::parse_json(text, limits));
    if (!value.is_object()) return malformed("message");
    return Message(std::move(value.get_object()));
}

Result<std::string> Message::text(std::string_view name) const {
    const json::value* value = members_.if_contains(name);
    if (value == nullptr || !value->is_string()) return malformed(name);
    return std::string(value->get_string());
}

Result<std::int64_t> Message::integer(std::string_view name) const {
    const json::value* value = members_.if_contains(name);
    if (value == nullptr || !value->is_int64()) return malformed(name);
    return value->get_int64();
}

Result<json::array> Message::list(std::string_view name) const {
    const json::value* value = members_.if_contains(name);
    if (value == nullptr || !value->is_array()) return malformed(name);
    return value->get_array();
}

Result<std::optional<std::string>> Message::optional_text(std::string_view name) const {
    const json::value* value = members_.if_contains(name);
    if (value == nullptr || value->is_null()) return std::nullopt;
    return text(name);
}

Result<std::optional<bool>> Message::optional_boolean(std::string_view name) const {
    const json::value* value = members_.if_contains(name);
    if (value == nullptr || value->is_null()) return std::nullopt;
    if (!value->is_bool()) return malformed(name);
    return value->get_bool();
}

std::string to_message(const Error& error) {
    Message message;
    message.set("rule", error.rule).set("kind", static_cast<std::int64_t>(error.kind));
    message.set("detail", error.detail);
    if (const auto* fields = std::get_if<FieldErrors>(&error.payload)) {
        message.set("details", details_of(*fields));
    } else if (const auto* retry = std::get_if<RetryAfter>(&error.payload)) {
        message.set("retryAfter", retry->delay.count());
    }
    return message.str();
}

Error error_of(std::string_view text, Error fallback) {
    const auto parsed = wire::parse_json(text, limits);
    if (!parsed || !parsed->is_object()) return fallback;
    const Message message(parsed->get_object());
    const auto rule = message.text("rule");
    const auto kind = message.integer("kind");
    if (!rule || !kind || *kind < 0 || *kind >= std::ssize(kinds)) return fallback;
    const auto known = std::ranges::find(known_rules, *rule);
    return {kinds[*kind], known != std::end(known_rules) ? *known : "port.failed",
            *rule + " " + message.text("detail").value_or(""), payload_of(parsed->get_object())};
}

}  // namespace merlon::rpc
