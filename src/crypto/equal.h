// Comparing secrets without telling by time where they differ.
#pragma once

#include <string_view>

namespace merlon::crypto {

// Takes the same time wherever the difference is. Lengths are no secret: unequal ones return early.
bool equal(std::string_view a, std::string_view b);

}  // namespace merlon::crypto
