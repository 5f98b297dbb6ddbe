// Lays cells out in columns.
#include "cli/table.h"

#include <algorithm>

namespace merlon::cli {
namespace {

constexpr bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// Code points: most scripts take a column for each.
std::size_t width_of(const std::string& text) {
    return static_cast<std::size_t>(std::ranges::count_if(text, std::not_fn(is_continuation)));
}

// Bytes of a character that is not to be shown, at the beginning of `text`; 0: it may be.
std::size_t hidden_bytes(std::string_view text) {
    const auto byte = [&](std::size_t at) {
        return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
    };
    if (byte(0) < 0x20 || byte(0) == 0x7f) return 1;
    if (byte(0) == 0xc2 && byte(1) >= 0x80 && byte(1) <= 0x9f) return 2;  // U+0080 to U+009F
    if (byte(0) != 0xe2) return 0;
    // U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069.
    const bool is_mark = byte(1) == 0x80 && (byte(2) == 0x8e || byte(2) == 0x8f ||
                                             (byte(2) >= 0xaa && byte(2) <= 0xae));
    const bool is_isolate = byte(1) == 0x81 && byte(2) >= 0xa6 && byte(2) <= 0xa9;
    return is_mark || is_isolate ? 3 : 0;
}

}  // namespace

std::string printable(std::string_view text) {
    std::string shown;
    while (!text.empty()) {
        const std::size_t hidden = hidden_bytes(text);
        shown += hidden > 0 ? '?' : text.front();
        text.remove_prefix(std::max<std::size_t>(hidden, 1));
    }
    return shown;
}

std::string to_table(const std::vector<std::string>& headings,
                     const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::vector<std::string>> lines{headings};
    std::vector<std::size_t> widths(headings.size());
    lines.insert(lines.end(), rows.begin(), rows.end());
    for (const std::vector<std::string>& line : lines) {
        for (std::size_t i = 0; i < line.size(); ++i) {
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
