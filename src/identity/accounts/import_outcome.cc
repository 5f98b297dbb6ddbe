// An array of objects; of each only the members that its kind has.
#include "identity/accounts/import_outcome.h"

#include <boost/json.hpp>

#include "wire/json.h"
#include "wire/json_text.h"

namespace merlon::identity {
namespace {

using boost::json::object;

constexpr std::string_view imported_name = "imported";
constexpr std::string_view present_name = "present";
constexpr std::string_view refused_name = "refused";

std::string_view name(ImportOutcome::Kind kind) {
    switch (kind) {
        case ImportOutcome::Kind::Imported:
            return imported_name;
        case ImportOutcome::Kind::Present:
            return present_name;
        case ImportOutcome::Kind::Refused:
            return refused_name;
    }
    MERLON_ASSERT(false && "a kind of outcome outside its enum");
}

void append_text(std::string& json, std::string_view member, std::string_view value) {
    if (value.empty()) return;
    json.append(",\"").append(member).append("\":");
    wire::append_json_string(json, value);
}

void append_flag(std::string& json, std::string_view member, bool value) {
    if (value) json.append(",\"").append(member).append("\":true");
}

std::unexpected<Error> no_answer() {
    return fail(Kind::Corrupt, "import.answer", "the server's answer is not understood");
}

std::string text_of(const object& one, std::string_view member) {
    const auto* found = one.if_contains(member);
    return found != nullptr && found->is_string() ? std::string(found->get_string())
                                                  : std::string();
}

bool flag_of(const object& one, std::string_view member) {
    const auto* found = one.if_contains(member);
    return found != nullptr && found->is_bool() && found->get_bool();
}

Result<ImportOutcome> parse_outcome(const object& one) {
    ImportOutcome outcome;
    const auto* line = one.if_contains("line");
    if (line == nullptr || !line->is_int64() || line->get_int64() < 0) return no_answer();
    outcome.line = static_cast<std::size_t>(line->get_int64());
    const std::string kind = text_of(one, "outcome");
    if (kind == imported_name) {
        outcome.kind = ImportOutcome::Kind::Imported;
    } else if (kind == present_name) {
        outcome.kind = ImportOutcome::Kind::Present;
    } else if (kind != refused_name) {
        return no_answer();
    }
    outcome.role = text_of(one, "role");
    outcome.has_password = flag_of(one, "password");
    outcome.is_verified = flag_of(one, "verified");
    outcome.id = text_of(one, "id");
    outcome.address = text_of(one, "address");
    outcome.rule = text_of(one, "rule");
    outcome.message = text_of(one, "message");
    return outcome;
}

}  // namespace

std::string to_json(std::span<const ImportOutcome> outcomes) {
    std::string json = "[";
    for (const ImportOutcome& one : outcomes) {
        if (json.size() > 1) json += ',';
        json += R"({"line":)" + std::to_string(one.line) + R"(,"outcome":")";
        json.append(name(one.kind)) += '"';
        append_text(json, "role", one.role);
        append_flag(json, "password", one.has_password);
        append_flag(json, "verified", one.is_verified);
        append_text(json, "id", one.id);
        append_text(json, "address", one.address);
        append_text(json, "rule", one.rule);
        append_text(json, "message", one.message);
        json += '}';
    }
    return json + "]";
}

Result<ImportOutcomes> parse_import_outcomes(std::string_view json) {
    const auto parsed = wire::parse_json(json, {.bytes = 16 << 20, .depth = 3});
    if (!parsed || !parsed->is_array()) return no_answer();
    ImportOutcomes outcomes;
    for (const auto& one : parsed->get_array()) {
        if (!one.is_object()) return no_answer();
        outcomes.push_back(MERLON_TRY(parse_outcome(one.get_object())));
    }
    return outcomes;
}

}  // namespace merlon::identity
