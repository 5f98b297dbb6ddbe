// Parses and renders messages: members by name, errors by rule.
#include "rpc/message.h"

#include <algorithm>

#include "wire/json.h"

namespace merlon::rpc {
namespace {

namespace json = boost::json;

// A snapshot of revocations is the longest.
constexpr wire::JsonLimits limits{.bytes = 64 << 20, .depth = 8};

// By name, since numbers change when a kind is added.
constexpr std::pair<std::string_view, Kind> kind_names[] = {
    {"invalid", Kind::Invalid},         {"unknown", Kind::Unknown},
    {"denied", Kind::Denied},           {"absent", Kind::Absent},
    {"conflict", Kind::Conflict},       {"exhausted", Kind::Exhausted},
    {"unavailable", Kind::Unavailable}, {"corrupt", Kind::Corrupt},
};

auto malformed(std::string_view name) {
    return fail(Kind::Invalid, malformed_rule, std::string(name));
}

json::value details_of(const FieldErrors& fields) {
    json::array list;
    for (const FieldError& field : fields) {
        list.push_back({{"field", field.field}, {"message", field.message}});
    }
    return list;
}

FieldErrors fields_of(const json::array& list) {
    FieldErrors fields;
    for (const json::value& one : list) {
        const Message member(one.is_object() ? one.get_object() : json::object());
        fields.push_back({member.text("field").value_or(""), member.text("message").value_or("")});
    }
    return fields;
}

Payload payload_of(const Message& error) {
    if (const auto seconds = error.integer("retryAfter")) {
        return RetryAfter{std::chrono::seconds{*seconds}};
    }
    if (const auto details = error.list("details")) return fields_of(*details);
    if (const auto required = error.list("required")) {
        RequiredPermissions permissions;
        for (const json::value& name : *required) {
            if (name.is_string()) permissions.names.emplace_back(name.get_string());
        }
        return permissions;
    }
    return {};
}

std::string_view name_of(Kind kind) {
    return std::ranges::find(kind_names, kind, &std::pair<std::string_view, Kind>::second)->first;
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

std::span<const std::string_view> shared_rules() {
    static constexpr std::string_view rules[] = {
        "port.malformed", "keys.destroyed",  "keys.unavailable", "sealed.corrupt",
        "storage.busy",   "storage.corrupt", "storage.in_doubt", "storage.unavailable",
    };
    return rules;
}

std::string to_message(const Error& error) {
    Message message;
    message.set("rule", error.rule).set("kind", name_of(error.kind)).set("detail", error.detail);
    if (const auto* fields = std::get_if<FieldErrors>(&error.payload)) {
        message.set("details", details_of(*fields));
    } else if (const auto* retry = std::get_if<RetryAfter>(&error.payload)) {
        message.set("retryAfter", retry->delay.count());
    } else if (const auto* required = std::get_if<RequiredPermissions>(&error.payload)) {
        message.set("required", required->names);
    }
    return message.str();
}

Error error_of(std::string_view text, std::span<const std::string_view> rules, Error fallback) {
    const auto message = Message::parse(text);
    if (!message) return fallback;
    const auto rule = message->text("rule");
    const auto kind_name = message->text("kind");
    if (!rule || !kind_name) return fallback;
    const auto* kind = std::ranges::find(kind_names, std::string_view(*kind_name),
                                         &std::pair<std::string_view, Kind>::first);
    if (kind == std::end(kind_names)) return fallback;
    std::string_view known = "port.failed";
    for (const auto& list : {rules, shared_rules()}) {
        const auto found = std::ranges::find(list, std::string_view(*rule));
        if (found != list.end()) known = *found;
    }
    return {kind->second, known, *rule + " " + message->text("detail").value_or(""),
            payload_of(*message)};
}

}  // namespace merlon::rpc
