// A few names of fields, asked for each field of a message.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace merlon::gateway {

// Most sets are empty, and most fields are in none: their length tells.
class FieldNames {
public:
    void add(std::string name) {
        lengths_ |= bit_of(name);
        names_.push_back(std::move(name));
    }
    bool has(std::string_view name) const {
        return (lengths_ & bit_of(name)) != 0 &&
               std::ranges::any_of(names_, [&](const std::string& one) {
                   return text::equals_ignoring_case(one, name);
               });
    }

private:
    static std::uint64_t bit_of(std::string_view name) {
        return std::uint64_t{1} << std::min<std::size_t>(name.size(), 63);
    }

    std::uint64_t lengths_ = 0;
    std::vector<std::string> names_;
};

}  // namespace merlon::gateway
