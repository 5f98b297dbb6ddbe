// Finding and making nodes of a configuration tree.
#include "config/node.h"

#include <algorithm>

namespace merlon::config {

Node Node::scalar(std::string text, Origin origin) {
    return {.kind = Kind::Scalar, .text = std::move(text), .origin = std::move(origin)};
}

Node Node::map(Origin origin) { return {.kind = Kind::Map, .origin = std::move(origin)}; }

const Node* Node::find(std::string_view name) const {
    const auto found = std::ranges::find(entries, name, &Entry::name);
    return found == entries.end() ? nullptr : &found->value;
}

Node* Node::find(std::string_view name) {
    const auto found = std::ranges::find(entries, name, &Entry::name);
    return found == entries.end() ? nullptr : &found->value;
}

const Node* Node::at(std::string_view path) const {
    const Node* node = this;
    for (const std::string& part : path_parts(path)) {
        node = node->find(part);
        if (node == nullptr) return nullptr;
    }
    return node;
}

Node& Node::make(const std::vector<std::string>& path, const Origin& made_origin) {
    Node* node = this;
    for (const std::string& part : path) {
        // Null is an empty section, and an override replaces a scalar in its way.
        if (!node->is_map()) *node = map(made_origin);
        Node* child = node->find(part);
        if (child == nullptr) {
            node->entries.push_back({part, made_origin, {.origin = made_origin}});
            child = &node->entries.back().value;
        }
        node = child;
    }
    return *node;
}

void Node::set(std::string_view path, std::string value, const Origin& made_origin) {
    make(path_parts(path), made_origin) = scalar(std::move(value), made_origin);
}

std::vector<std::string> path_parts(std::string_view path) {
    std::vector<std::string> parts;
    while (true) {
        const std::size_t dot = path.find('.');
        parts.emplace_back(path.substr(0, dot));
        if (dot == std::string_view::npos) return parts;
        path.remove_prefix(dot + 1);
    }
}

}  // namespace merlon::config
