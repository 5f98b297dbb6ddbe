// Problems as the lines an operator reads and an editor can follow.
#include "config/problem.h"

#include <fmt/format.h>

#include <algorithm>

namespace merlon::config {

std::string Origin::text() const {
    if (layer == Layer::Default) return "default";
    if (line == 0) return source;
    return column == 0 ? fmt::format("{}:{}", source, line)
                       : fmt::format("{}:{}:{}", source, line, column);
}

std::string Problem::text() const {
    return fmt::format("{}: {}: {}{}{}", origin.text(), grade == Grade::Error ? "error" : "warning",
                       path, path.empty() ? "" : ": ", message);
}

bool has_errors(const Problems& problems) {
    return std::ranges::any_of(problems, [](const Problem& p) { return p.grade == Grade::Error; });
}

}  // namespace merlon::config
