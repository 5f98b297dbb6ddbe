// The map itself: its sections, items, problems and unknown names. Values: reader_values.cc and
// reader_secret.cc.
#include "config/reader.h"

#include <algorithm>
#include <utility>

#include "base/nearest.h"

namespace merlon::config {
Reader::Reader(ReadContext& context, const Node* node, std::string path, Key& key)
    : context_(context),
      node_(node),
      origin_(node != nullptr ? node->origin : Origin{}),
      path_(std::move(path)),
      key_(key) {
    if (node_ != nullptr && node_->kind == Node::Kind::Null) node_ = nullptr;
    if (node_ != nullptr && !node_->is_map()) {
        problem("", "must be a map of keys");
        node_ = nullptr;
    }
}

const Node* Reader::find(std::string_view name) const {
    return node_ != nullptr ? node_->find(name) : nullptr;
}

Key& Reader::declare(Key::Kind kind, std::string_view name, std::string_view description) {
    const Node* said = find(name);
    key_.keys.push_back({.name = std::string(name),
                         .kind = kind,
                         .description = std::string(description),
                         .origin = said != nullptr ? said->origin : Origin{}});
    return key_.keys.back();
}

std::string Reader::path_of(std::string_view name) const {
    if (path_.empty() || name.empty()) return path_ + std::string(name);
    return path_ + "." + std::string(name);
}

Reader Reader::section(std::string_view name, std::string_view description) {
    Key& key = declare(Key::Kind::Map, name, description);
    return Reader(context_, find(name), path_of(name), key);
}

std::vector<std::string> Reader::names() const {
    if (context_.purpose == Purpose::Describe) return {any_name};
    std::vector<std::string> names;
    if (node_ == nullptr) return names;
    for (const Entry& entry : node_->entries) names.push_back(entry.name);
    return names;
}

std::vector<Reader> Reader::items(std::string_view name, std::string_view description) {
    Key& list = declare(Key::Kind::List, name, description);
    const Node* node = find(name);
    std::vector<Reader> readers;
    const auto add = [&](const Node* item) {
        const std::string index = "[" + std::to_string(readers.size()) + "]";
        list.keys.push_back({.name = index});
        readers.emplace_back(context_, item, path_of(name) + index, list.keys.back());
    };
    if (context_.purpose == Purpose::Describe) add(nullptr);
    if (node == nullptr) return readers;
    if (!node->is_list()) problem(name, "must be a list");
    for (const Node& item : node->items) add(&item);
    return readers;
}

void Reader::complain(Grade grade, std::string_view name, std::string message) {
    // Where the value stands, or else its section.
    const Node* where = node_ != nullptr && !name.empty() ? node_->at(name) : nullptr;
    context_.problems.push_back(
        {grade, where != nullptr ? where->origin : origin_, path_of(name), std::move(message)});
}

void Reader::problem(std::string_view name, std::string message) {
    complain(Grade::Error, name, std::move(message));
}

void Reader::warning(std::string_view name, std::string message) {
    complain(Grade::Warning, name, std::move(message));
}

void Reader::finish() {
    if (node_ == nullptr) return;
    for (const Entry& entry : node_->entries) {
        if (std::ranges::find(key_.keys, entry.name, &Key::name) != key_.keys.end()) continue;
        std::string message = "unknown key";
        std::vector<std::string> known;
        for (const Key& key : key_.keys) known.push_back(key.name);
        const std::string nearest = text::nearest(entry.name, known);
        if (!nearest.empty()) message += "; did you mean " + nearest + "?";
        context_.problems.push_back(
            {Grade::Error, entry.origin, path_of(entry.name), std::move(message)});
    }
}

}  // namespace merlon::config
