// The strict YAML loader: the subset of YAML that means the same to every reader.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "config/node.h"
#include "config/problem.h"

namespace merlon::config {

inline constexpr std::size_t yaml_bytes_max = 1 << 20;
inline constexpr std::size_t yaml_depth_max = 32;

struct Document {
    Node root;          // Null for an empty file
    Problems problems;  // when not empty, `root` holds what could be read
};

// Refused, each with its place: anchors, aliases, tags, merge keys, a second document, a key
// written twice in one map, keys that are no scalars, NUL, other encodings than UTF-8, more than 1
// MiB, more than 32 levels. `name` is what messages call the text. Never throws.
Document parse_yaml(std::string_view text, const std::string& name);

}  // namespace merlon::config
