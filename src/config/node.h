// A configuration as a tree: what the strict YAML loader gives, and what the layers are merged in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/problem.h"

namespace merlon::config {

struct Entry;

// Value. Every node knows where it was written, so that a later check can say so.
struct Node {
    enum class Kind : std::uint8_t { Null, Scalar, List, Map };
    Kind kind = Kind::Null;
    std::string text = {};         // of a scalar
    bool quoted = false;           // a scalar in quotes is text, never a number or boolean
    std::vector<Node> items = {};  // of a list
    std::vector<Entry> entries;    // of a map, in the order written; names are unique
    Origin origin = {};

    static Node scalar(std::string text, Origin origin);
    static Node map(Origin origin);

    bool is_map() const { return kind == Kind::Map; }
    bool is_list() const { return kind == Kind::List; }
    bool is_scalar() const { return kind == Kind::Scalar; }

    // The value of `name` in a map; null when there is none or this is no map.
    const Node* find(std::string_view name) const;
    Node* find(std::string_view name);
    // The value of a dotted path of names without dots.
    const Node* at(std::string_view path) const;
    // The node at a path; maps are made on the way where nothing was.
    Node& make(const std::vector<std::string>& path, const Origin& origin);
    // A scalar at a dotted path.
    void set(std::string_view path, std::string value, const Origin& origin);
};

struct Entry {
    std::string name;
    Origin origin;  // of the name
    Node value;
};

// The parts of a dotted path.
std::vector<std::string> path_parts(std::string_view path);

}  // namespace merlon::config
