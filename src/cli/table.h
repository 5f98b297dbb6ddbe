// Rows for people: columns under each other on a terminal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace merlon::cli {

// UTF-8 text without what could steer a terminal or turn its direction: control characters, of
// Unicode's second block too (U+009B begins an escape sequence), and marks of direction are "?".
std::string printable(std::string_view text);

// A line of headings and a line a row, columns as wide as their longest cell. Cells are printable.
std::string to_table(const std::vector<std::string>& headings,
                     const std::vector<std::vector<std::string>>& rows);

}  // namespace merlon::cli
