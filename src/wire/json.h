// JSON from strangers: Boost.JSON behind a guard that refuses what readers understand differently.
#pragma once

#include <boost/json/value.hpp>
#include <string_view>

#include "base/result.h"

namespace merlon::wire {

struct JsonLimits {
    std::size_t bytes = 1 << 20;
    std::size_t depth = 32;
};

// One value in UTF-8 and nothing behind it (RFC 8259). Errors (Invalid): "json.malformed",
// "json.too_large", "json.too_deep", "json.duplicate_key" (one reader takes the first, another the
// last), "json.number" (1e400 is Infinity to one and an error to another).
// Texts may be passwords: the value overwrites its memory when it frees it, and so do values made
// in its storage.
Result<boost::json::value> parse_json(std::string_view text, const JsonLimits& limits = {});

}  // namespace merlon::wire
