// Finds table names in migrations: a reader of words, and the three statements that name a table.
#include "storage/copy/table_names.h"

#include <algorithm>

#include "base/text.h"

namespace merlon::storage {
namespace {

bool is_of_word(char c) { return text::is_alpha(c) || text::is_digit(c) || c == '_'; }

// Words and single signs, without comments.
std::vector<std::string_view> words_of(std::string_view script) {
    std::vector<std::string_view> words;
    for (std::size_t at = 0; at < script.size();) {
        std::size_t end = at + 1;
        if (script.substr(at).starts_with("--")) {
            end = std::min(script.find('\n', at), script.size());
        } else if (is_of_word(script[at])) {
            while (end < script.size() && is_of_word(script[end])) ++end;
            words.push_back(script.substr(at, end - at));
        } else if (script[at] != ' ' && script[at] != '\n') {
            words.push_back(script.substr(at, 1));
        }
        at = end;
    }
    return words;
}

using Words = std::span<const std::string_view>;

bool begins(Words words, std::initializer_list<std::string_view> with) {
    return words.size() > with.size() && std::ranges::equal(words.first(with.size()), with);
}

// The name that follows CREATE TABLE or DROP TABLE.
std::string name_after(Words words) {
    std::size_t at = 2;
    for (const std::string_view passed : {"IF", "NOT", "EXISTS"}) at += words[at] == passed ? 1 : 0;
    return std::string(words[at]);
}

}  // namespace

std::vector<std::string> table_names(std::span<const Migration> migrations) {
    std::vector<std::string> names;
    for (const Migration& migration : migrations) {
        const auto words = words_of(migration.script.text());
        for (Words rest = words; !rest.empty(); rest = rest.subspan(1)) {
            if (begins(rest, {"CREATE", "TABLE"})) names.push_back(name_after(rest));
            if (begins(rest, {"DROP", "TABLE"})) std::erase(names, name_after(rest));
            if (rest.size() > 5 && begins(rest, {"ALTER", "TABLE"}) && rest[3] == "RENAME" &&
                rest[4] == "TO") {
                std::ranges::replace(names, std::string(rest[2]), std::string(rest[5]));
            }
        }
    }
    return names;
}

}  // namespace merlon::storage
