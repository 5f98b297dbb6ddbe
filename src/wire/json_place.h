// The name of a place inside a JSON value.
#pragma once

#include <string>
#include <string_view>

namespace merlon::wire {

// Where in the body a value stands. Lives on the stack; spelled out only for a
// violation.
struct JsonPlace {
    const JsonPlace* parent = nullptr;
    std::string_view name;
    std::size_t index = 0;  // of an array's item, when the name is empty

    // "items.0.price", as the seed joins Joi's path.
    std::string field() const {
        if (parent == nullptr) return {};
        const std::string own = name.data() == nullptr ? std::to_string(index) : std::string(name);
        const std::string above = parent->field();
        return above.empty() ? own : above + "." + own;
    }
    // "items[0].price", as Joi says it in a message.
    std::string label() const {
        if (parent == nullptr) return {};
        const std::string above = parent->label();
        if (name.data() == nullptr) return above + "[" + std::to_string(index) + "]";
        return above.empty() ? std::string(name) : above + "." + std::string(name);
    }
};

}  // namespace merlon::wire
