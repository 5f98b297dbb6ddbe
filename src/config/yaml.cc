// yaml-cpp's events become nodes; the features that surprise are refused as they appear. Its own
// node graph is not used: it resolves aliases and drops duplicate keys before anybody can look.
#include "config/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <istream>
#include <optional>
#include <span>
#include <spanstream>

namespace merlon::config {
namespace {

// Leaves yaml-cpp's parser from within an event; never leaves this file.
struct TooDeep {};

class Builder final : public YAML::EventHandler {
public:
    Builder(Document& document, const std::string& name) : document_(document), name_(name) {}

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        refuse_anchor(mark, anchor);
        add({.origin = origin(mark)});
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
        refuse(mark, "aliases (*name) are not allowed: write the value where it is used");
        add({.origin = origin(mark)});
    }

    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        refuse_anchor(mark, anchor);
        const bool quoted = tag == "!";  // how yaml-cpp marks quotes
        if (!quoted) refuse_tag(mark, tag);
        if (value.find('\0') != std::string::npos) refuse(mark, "a value holds a NUL character");
        Node node = Node::scalar(value, origin(mark));
        node.quoted = quoted;
        add(std::move(node));
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        open(Node::Kind::List, mark, tag, anchor);
    }
    void OnSequenceEnd() override { close(); }

    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        open(Node::Kind::Map, mark, tag, anchor);
    }
    void OnMapEnd() override { close(); }

    void refuse(const YAML::Mark& mark, std::string message) {
        document_.problems.push_back({.origin = origin(mark), .message = std::move(message)});
    }

private:
    struct Open {
        Node node;
        std::optional<Entry> key;  // of a map, between a key and its value
    };

    Origin origin(const YAML::Mark& mark) const {
        if (mark.is_null()) return {Origin::Layer::File, name_};
        return {Origin::Layer::File, name_, static_cast<std::size_t>(mark.line) + 1,
                static_cast<std::size_t>(mark.column) + 1};
    }

    void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
        if (anchor != 0) refuse(mark, "anchors (&name) are not allowed");
    }

    void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
        if (!tag.empty() && tag != "?") refuse(mark, "tags (!name) are not allowed");
    }

    void open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag,
              YAML::anchor_t anchor) {
        refuse_anchor(mark, anchor);
        refuse_tag(mark, tag);
        if (open_.size() >= yaml_depth_max) {
            refuse(mark, fmt::format("nested deeper than {} levels", yaml_depth_max));
            throw TooDeep{};
        }
        open_.push_back({.node = {.kind = kind, .origin = origin(mark)}});
    }

    void close() {
        Node node = std::move(open_.back().node);
        open_.pop_back();
        add(std::move(node));
    }

    void add(Node node) {
        if (open_.empty()) {
            document_.root = std::move(node);
            return;
        }
        Open& parent = open_.back();
        if (parent.node.is_list()) {
            parent.node.items.push_back(std::move(node));
        } else if (!parent.key) {
            parent.key = key_of(std::move(node));
        } else {
            add_entry(parent, std::move(node));
        }
    }

    Entry key_of(Node node) {
        if (!node.is_scalar()) {
            complain(node.origin, "a key must be a word");
        } else if (node.text == "<<" && !node.quoted) {
            complain(node.origin, "merge keys (<<) are not allowed");
        }
        return {std::move(node.text), std::move(node.origin), {}};
    }

    void add_entry(Open& parent, Node value) {
        Entry entry = *std::move(parent.key);
        parent.key.reset();
        entry.value = std::move(value);
        for (const Entry& other : parent.node.entries) {
            if (other.name != entry.name) continue;
            complain(entry.origin, fmt::format("\"{}\" is here twice: first in line {}", entry.name,
                                               other.origin.line));
            return;
        }
        parent.node.entries.push_back(std::move(entry));
    }

    void complain(const Origin& where, std::string message) {
        document_.problems.push_back({.origin = where, .message = std::move(message)});
    }

    Document& document_;
    const std::string& name_;
    std::vector<Open> open_;
};

void refuse_whole(Document& document, const std::string& name, std::string message) {
    document.problems.push_back(
        {.origin = {Origin::Layer::File, name}, .message = std::move(message)});
}

}  // namespace

Document parse_yaml(std::string_view text, const std::string& name) {
    Document document;
    if (text.size() > yaml_bytes_max) {
        refuse_whole(document, name, "larger than 1 MiB");
        return document;
    }
    // yaml-cpp would guess UTF-16 and UTF-32 from these.
    if (text.find('\0') != std::string_view::npos || text.starts_with("\xfe\xff") ||
        text.starts_with("\xff\xfe")) {
        refuse_whole(document, name, "not UTF-8 text");
        return document;
    }
    Builder builder(document, name);
    try {
        std::ispanstream stream(std::span(text.data(), text.size()));
        YAML::Parser parser(stream);
        if (parser.HandleNextDocument(builder)) {
            Document second;
            Builder ignored(second, name);
            if (parser.HandleNextDocument(ignored)) {
                refuse_whole(document, name, "a second document (---) is not allowed");
            }
        }
    } catch (const TooDeep&) {
        document.root = {};
    } catch (const YAML::Exception& error) {
        builder.refuse(error.mark, error.msg);
        document.root = {};
    }
    return document;
}

}  // namespace merlon::config
