// Splits a batch into lines, and turns what is wrong with one into a sentence.
#include "identity/accounts/import_lines.h"

#include <algorithm>

#include "identity/accounts/declared_role.h"
#include "ports/account_directory.h"

namespace merlon::identity {
namespace {

// For people, and without what stands in the line: a report may go to others than the file.
std::string sentence_of(const Error& error) {
    if (const auto* fields = std::get_if<FieldErrors>(&error.payload)) {
        std::string all;
        for (const FieldError& one : *fields) {
            if (!all.empty()) all += ", ";
            all += one.message;
        }
        return all;
    }
    if (breaks_rule(error, "json.")) {
        return "the line is not one JSON object in UTF-8 in which each member stands once";
    }
    return error.detail;
}

ImportOutcome refusal(std::size_t line, std::string_view rule, std::string message) {
    return {.line = line,
            .kind = ImportOutcome::Kind::Refused,
            .rule = std::string(rule),
            .message = std::move(message)};
}

bool is_blank(std::string_view line) {
    return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

}  // namespace

ImportOutcome ImportLines::id_taken(std::size_t line) {
    return refusal(line, id_taken_rule, "an account of this id has another address");
}

ImportOutcome ImportLines::address_taken(std::size_t line) {
    return refusal(line, ports::email_taken_rule, "an account of another id has this address");
}

Result<std::vector<ImportLine>> ImportLines::judge(std::string_view lines,
                                                   const access::Roles& roles, WallTime now) const {
    std::vector<ImportLine> judged;
    std::size_t number = 0;
    for (std::size_t begin = 0; begin < lines.size(); ++number) {
        if (number == lines_max) return fail(Kind::Invalid, "import.batch", "too many lines");
        const std::size_t end = std::min(lines.find('\n', begin), lines.size());
        const std::string_view line = lines.substr(begin, end - begin);
        begin = end + 1;
        if (is_blank(line)) continue;
        judged.push_back(judge_one(line, roles, now));
        judged.back().outcome.line = number;
    }
    return judged;
}

ImportLine ImportLines::judge_one(std::string_view line, const access::Roles& roles,
                                  WallTime now) const {
    auto person = form_.parse(line, now);
    const Result<> judged =
        person ? require_role(roles, person->role) : std::unexpected(person.error());
    if (!judged) return {refusal(0, judged.error().rule, sentence_of(judged.error()))};
    ImportOutcome outcome{.kind = ImportOutcome::Kind::Imported,
                          .role = person->role,
                          .has_password = !person->hash.empty(),
                          .is_verified = person->is_verified};
    return {std::move(outcome), *std::move(person)};
}

}  // namespace merlon::identity
