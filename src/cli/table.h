// Rows for people: columns under each other on a terminal.
#pragma once

#include <string>
#include <vector>

namespace merlon::cli {

// A line of headings and a line a row, columns as wide as their longest cell. Cells are UTF-8; what
// could steer a terminal is shown as "?".
std::string to_table(const std::vector<std::string>& headings,
                     const std::vector<std::vector<std::string>>& rows);

}  // namespace merlon::cli
