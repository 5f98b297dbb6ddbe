// The query of a request target as parameters: application/x-www-form-urlencoded, read strictly.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace merlon::wire {

class Query {
public:
    static constexpr std::size_t parameters_max = 32;

    // `text` is what stands behind the question mark. Error (Invalid): "query.malformed" for bad
    // percent-encoding, what is no UTF-8, control characters, a name that stands twice (two readers
    // would pick different ones), an empty name, and too many parameters.
    static Result<Query> parse(std::string_view text);

    // Decoded; null when there is no parameter of this name.
    const std::string* find(std::string_view name) const;

private:
    std::vector<std::pair<std::string, std::string>> parameters_;
};

}  // namespace merlon::wire
