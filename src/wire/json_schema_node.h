// A compiled schema: what json_schema_compile.cc makes and json_schema.cc asks. Of these two only.
#pragma once

#include <re2/re2.h>

#include <boost/json/value.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace merlon::wire {

enum class SchemaFormat : std::uint8_t { None, Email, Uuid, DateTime, Password, Visible };

struct SchemaNode {
    // Bits of types.
    static constexpr unsigned null_type = 1, boolean = 2, integer = 4, number = 8, string = 16,
                              array = 32, object = 64;
    struct Property {
        std::string name;
        bool is_required = false;
        std::unique_ptr<const SchemaNode> node;
    };

    unsigned types = 0;  // 0: only choices say
    boost::json::array choices;
    std::string choices_text;  // "a, b"

    std::size_t length_min = 0;  // code points
    std::size_t length_max = SIZE_MAX;
    std::unique_ptr<const re2::RE2> pattern;
    SchemaFormat format = SchemaFormat::None;

    std::optional<double> minimum;
    std::optional<double> maximum;

    std::unique_ptr<const SchemaNode> items;
    std::size_t items_min = 0;
    std::size_t items_max = SIZE_MAX;

    std::vector<Property> properties;
    bool keeps_unknown = false;
};

Result<std::unique_ptr<const SchemaNode>> compile_schema(const boost::json::value& schema,
                                                         const std::string& pointer);

}  // namespace merlon::wire
