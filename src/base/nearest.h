// The name that was probably meant: for "did you mean".
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace merlon::text {

// Of `known`, the one that takes the fewest edits to get from `name`: three at most, and fewer than
// half of its letters. Empty: none is near.
std::string nearest(std::string_view name, const std::vector<std::string>& known);

}  // namespace merlon::text
