// One line of an import file: a person as another system knew them. Names and addresses are judged
// by the rules of registration.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/name_settings.h"
#include "base/clock.h"
#include "base/result.h"
#include "wire/email.h"
#include "wire/json_schema.h"

namespace merlon::identity {

// A value.
struct ImportedPerson {
    std::string id;  // a UUID as Uuid::text() writes it
    wire::Email email;
    std::string first_name;
    std::string last_name;
    std::string role;
    std::string hash;                    // of the password; empty: none is known
    std::optional<WallTime> created_at;  // empty: not said
    bool is_verified = true;             // false: the old system said that the address was not
};

// Immutable; safe from every thread.
class ImportForm final {
public:
    // A person with the longest of everything takes under 2 KiB.
    static constexpr std::size_t line_bytes_max = 8 << 10;

    // Rules, all Invalid; the detail is a sentence that repeats nothing of the line's values.
    static constexpr std::string_view line_rule = "import.line";    // too long, or no object
    static constexpr std::string_view field_rule = "import.field";  // a member of another name
    static constexpr std::string_view id_rule = "import.id";        // no UUID in lower case
    static constexpr std::string_view created_rule = "import.created_at";  // the future, or too old

    static ImportForm make(const api::NameSettings& names);

    // `now` bounds createdAt. Errors: the rules above, "schema.violation" (FieldErrors), and those
    // of parse_json and parse_password_hash.
    Result<ImportedPerson> parse(std::string_view line, WallTime now) const;

private:
    explicit ImportForm(wire::JsonSchema schema) : schema_(std::move(schema)) {}
    wire::JsonSchema schema_;
};

}  // namespace merlon::identity
