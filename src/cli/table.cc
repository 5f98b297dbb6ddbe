// Lays cells out in columns.
#include "cli/table.h"

#include <algorithm>

namespace merlon::cli {
namespace {

constexpr bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

std::string printable(std::string text) {
    std::ranges::replace_if(
        text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
    return text;
}

// Code points: most scripts take a column for each.
std::size_t width_of(const std::string& text) {
    return static_cast<std::size_t>(std::ranges::count_if(text, std::not_fn(is_continuation)));
}

}  // namespace

std::string to_table(const std::vector<std::string>& headings,
                     const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::vector<std::string>> lines{headings};
    std::vector<std::size_t> widths(headings.size());
    lines.insert(lines.end(), rows.begin(), rows.end());
    for (std::vector<std::string>& line : lines) {
        for (std::size_t i = 0; i < line.size(); ++i) {
            line[i] = printable(std::move(line[i]));
            widths[i] = std::max(widths[i], width_of(line[i]));
        }
    }
    std::string table;
    for (const std::vector<std::string>& line : lines) {
        for (std::size_t i = 0; i < line.size(); ++i) {
            table += line[i];
            if (i + 1 < line.size()) table.append(widths[i] - width_of(line[i]) + 2, ' ');
        }
        table += '\n';
    }
    return table;
}

}  // namespace merlon::cli
