// The words of a schema: the types there are, and what each keyword speaks of.
#pragma once

#include <algorithm>
#include <array>
#include <span>

#include "wire/json_schema_node.h"

namespace merlon::wire::schema {

struct Name {
    std::string_view text;
    unsigned bits;
};
inline constexpr auto types = std::to_array<Name>({{"null", SchemaNode::null_type},
                                                   {"boolean", SchemaNode::boolean},
                                                   {"integer", SchemaNode::integer},
                                                   {"number", SchemaNode::number},
                                                   {"string", SchemaNode::string},
                                                   {"array", SchemaNode::array},
                                                   {"object", SchemaNode::object}});

inline constexpr unsigned any = 0;
inline constexpr unsigned numeric = SchemaNode::number | SchemaNode::integer;
// Keywords with the types they say something of.
inline constexpr auto keywords = std::to_array<Name>({
    {"$schema", any},
    {"$id", any},
    {"$comment", any},
    {"title", any},
    {"description", any},
    {"examples", any},
    {"type", any},
    {"enum", any},
    {"minLength", SchemaNode::string},
    {"maxLength", SchemaNode::string},
    {"pattern", SchemaNode::string},
    {"format", SchemaNode::string},
    {"minimum", numeric},
    {"maximum", numeric},
    {"items", SchemaNode::array},
    {"minItems", SchemaNode::array},
    {"maxItems", SchemaNode::array},
    {"properties", SchemaNode::object},
    {"required", SchemaNode::object},
    {"additionalProperties", SchemaNode::object},
});

inline const Name* find(std::span<const Name> table, std::string_view text) {
    const auto found = std::ranges::find(table, text, &Name::text);
    return found != table.end() ? &*found : nullptr;
}

}  // namespace merlon::wire::schema
