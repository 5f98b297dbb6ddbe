// Judges one line, from its JSON inwards.
#include "identity/accounts/import_form.h"

#include <algorithm>
#include <boost/json.hpp>

#include "api/body_schema.h"
#include "base/uuid.h"
#include "crypto/password_encoding.h"
#include "wire/json.h"
#include "wire/text_format.h"

namespace merlon::identity {
namespace {

using boost::json::object;

// Of a line's own members; any other is refused, not stripped: a misspelt `hash` would leave
// somebody without a password.
constexpr std::string_view schema_text = R"({
    "type": "object",
    "required": ["id", "email", "firstName", "lastName"],
    "properties": {
        "id": {"type": "string", "minLength": 1},
        "email": {"type": "string", "format": "email", "minLength": 1},
        "firstName": {"type": "string", "format": "person-name", "minLength": 2, "maxLength": 50,
                      "pattern": "^[^\\x00-\\x1f\\x7f]*$"},
        "lastName": {"type": "string", "format": "person-name", "minLength": 2, "maxLength": 50,
                     "pattern": "^[^\\x00-\\x1f\\x7f]*$"},
        "role": {"type": "string", "minLength": 1},
        "hash": {"type": "string", "minLength": 1},
        "createdAt": {"type": "string", "format": "date-time"},
        "verified": {"type": "boolean"}
    }
})";

constexpr std::string_view members[] = {"id",   "email", "firstName", "lastName",
                                        "role", "hash",  "createdAt", "verified"};

Result<> require_known_members(const object& line) {
    for (const auto& [name, value] : line) {
        if (std::ranges::find(members, std::string_view(name)) != std::end(members)) continue;
        // A name that is so long is no name, and may be somebody's data.
        const std::string shown = name.size() <= 32 ? "\"" + std::string(name) + "\"" : "a member";
        return fail(Kind::Invalid, ImportForm::field_rule,
                    shown +
                        " is none of id, email, firstName, lastName, role, hash, createdAt, "
                        "verified");
    }
    return {};
}

// Sign-outs and locks find people by the 16 bytes of a UUID, and paths name them by it.
Result<> require_id(std::string_view id) {
    const auto uuid = Uuid::parse(id);
    if (!uuid) {
        return fail(Kind::Invalid, ImportForm::id_rule,
                    "\"id\" is no UUID: give the person one, in the file and wherever the old id "
                    "stands");
    }
    if (uuid->text() != id) {
        return fail(Kind::Invalid, ImportForm::id_rule,
                    "\"id\" has letters in upper case: services that compare text would not find "
                    "the person's rows, so write it in lower case, in the file and in your tables");
    }
    return {};
}

// What an account's times are written as has four digits of a year.
Result<> require_past(WallTime created_at, WallTime now) {
    if (created_at >= WallTime{} && created_at <= now) return {};
    return fail(Kind::Invalid, ImportForm::created_rule,
                "\"createdAt\" is before 1970 or in the future");
}

std::string text_of(const object& line, std::string_view name, std::string_view absent = {}) {
    const auto* found = line.if_contains(name);
    return std::string(found != nullptr ? std::string_view(found->get_string()) : absent);
}

}  // namespace

ImportForm ImportForm::make(const api::NameSettings& names) {
    return ImportForm(api::compile_body_schema(schema_text, names).value());  // a literal of ours
}

Result<ImportedPerson> ImportForm::parse(std::string_view line, WallTime now) const {
    if (line.size() > line_bytes_max) {
        return fail(Kind::Invalid, line_rule, "the line is longer than 8 KiB");
    }
    boost::json::value parsed =
        MERLON_TRY(wire::parse_json(line, {.bytes = line_bytes_max, .depth = 2}));
    if (!parsed.is_object()) {
        return fail(Kind::Invalid, line_rule, "the line is not one JSON object");
    }
    MERLON_TRY(require_known_members(parsed.get_object()));
    MERLON_TRY(schema_.check(parsed));
    const object& read = parsed.get_object();
    ImportedPerson person{.id = text_of(read, "id"),
                          .email = MERLON_TRY(wire::Email::parse(text_of(read, "email"))),
                          .first_name = text_of(read, "firstName"),
                          .last_name = text_of(read, "lastName"),
                          .role = text_of(read, "role", "user"),
                          .hash = text_of(read, "hash")};
    MERLON_TRY(require_id(person.id));
    if (!person.hash.empty()) MERLON_TRY(crypto::parse_password_hash(person.hash));
    if (read.contains("createdAt")) {
        person.created_at = wire::parse_date_time(text_of(read, "createdAt"));
        MERLON_TRY(require_past(*person.created_at, now));
    }
    if (const auto* verified = read.if_contains("verified")) {
        person.is_verified = verified->get_bool();
    }
    return person;
}

}  // namespace merlon::identity
