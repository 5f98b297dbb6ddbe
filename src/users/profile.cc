// Profiles as JSON.
#include "users/profile.h"

#include <boost/json.hpp>

#include "wire/json.h"
#include "wire/json_text.h"

namespace merlon::users {
namespace {

std::optional<std::string> text_of(const boost::json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    if (value == nullptr) return std::nullopt;
    return std::string(value->as_string());
}

ProfilePatch::Field field_of(const boost::json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    if (value == nullptr) return std::nullopt;
    if (value->is_null()) return std::optional<std::string>();
    return std::optional(std::string(value->as_string()));
}

void append_member(std::string& json, std::string_view name, std::string_view text) {
    json += json.size() > 1 ? ",\"" : "\"";
    json.append(name).append("\":");
    wire::append_json_string(json, text);
}

}  // namespace

Result<ProfilePatch> ProfilePatch::parse(std::string_view body) {
    const auto value = MERLON_TRY(wire::parse_json(body));
    const auto& object = value.as_object();
    return ProfilePatch{text_of(object, "firstName"), text_of(object, "lastName"),
                        field_of(object, "phone"), field_of(object, "address"),
                        field_of(object, "ssn")};
}

std::string to_json(const ports::AccountNames& names, const Profile& profile) {
    std::string json = "{";
    append_member(json, "firstName", names.first);
    append_member(json, "lastName", names.last);
    if (profile.phone) append_member(json, "phone", *profile.phone);
    if (profile.address) append_member(json, "address", *profile.address);
    if (profile.ssn) {
        constexpr std::size_t shown = 4;
        append_member(json, "ssn", "***-**-" + profile.ssn->substr(profile.ssn->size() - shown));
    }
    return json + "}";
}

}  // namespace merlon::users
