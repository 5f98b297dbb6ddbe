// Reads one map of a configuration into typed values, records what it was asked (config/key.h), and
// complains of every name that nobody asked for: a misspelt key must never silently mean its
// default.
#pragma once

#include <chrono>
#include <concepts>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "config/key.h"
#include "config/load.h"
#include "config/node.h"
#include "config/problem.h"

namespace merlon::config {

// Describe: there is no configuration; every key is asked for once, also those below names and
// items that only an operator could give.
enum class Purpose : std::uint8_t { Read, Describe };

// What all readers of one load share.
struct ReadContext {
    const Files& files;
    const std::map<std::string, std::string>& environment;
    Problems& problems;
    std::vector<std::string>& secret_variables;  // those whose value a secret was read from
    Purpose purpose = Purpose::Read;
};

// Ask for every name the map may hold, then finish(). `out` holds the default; a value of a wrong
// shape is a problem and leaves it as it was. A description is what an operator reads.
class Reader {
public:
    // `node` may be null: nothing was said. Borrows all but the path for life.
    Reader(ReadContext& context, const Node* node, std::string path, Key& key);

    bool exists() const { return node_ != nullptr; }
    bool describes() const { return context_.purpose == Purpose::Describe; }
    bool says(std::string_view name) const { return find(name) != nullptr; }
    const std::string& name() const { return key_.name; }
    const Origin& origin() const { return origin_; }
    const Files& files() const { return context_.files; }

    Reader section(std::string_view name, std::string_view description);
    // The names in a map whose names the operator chooses; ask for each of them.
    std::vector<std::string> names() const;
    // A reader for each map in a list.
    std::vector<Reader> items(std::string_view name, std::string_view description);

    void text(std::string_view name, std::string& out, std::string_view description);
    // A list, or one.
    void texts(std::string_view name, std::vector<std::string>& out, std::string_view description);
    void choice(std::string_view name, std::initializer_list<std::string_view> words,
                std::string& out, std::string_view description);
    void boolean(std::string_view name, bool& out, std::string_view description);
    void duration(std::string_view name, std::chrono::milliseconds& out,
                  std::string_view description);
    void duration(std::string_view name, std::optional<std::chrono::milliseconds>& out,
                  std::string_view description);
    void seconds(std::string_view name, std::chrono::seconds& out, std::string_view description);
    void size(std::string_view name, std::size_t& out, std::string_view description);
    void size(std::string_view name, std::optional<std::size_t>& out, std::string_view description);
    // A count, or `auto`, which is 0.
    void count_or_auto(std::string_view name, std::size_t& out, std::string_view description);
    template <std::integral Number>
    void number(std::string_view name, std::int64_t least, std::int64_t most, Number& out,
                std::string_view description) {
        auto value = static_cast<std::int64_t>(out);
        whole_number(name, least, most, value, description);
        out = static_cast<Number>(value);
    }
    // Text, or a reference: env:NAME, file:/path.
    void secret(std::string_view name, Secret& out, std::string_view description);
    // Text or texts that mean more than their shape tells: the node, null when there is none.
    // `shape` is the members of its JSON Schema.
    const Node* words(std::string_view name, std::string_view shape, std::string_view description);

    // A key of a part that this version does not have: known, warned of, never shown.
    void without_effect(std::string_view name);

    // About the key `name`, or the whole map when that is empty.
    void problem(std::string_view name, std::string message);
    void warning(std::string_view name, std::string message);
    // Names that nobody asked for are problems, with the nearest name that is known.
    void finish();

private:
    // One scalar: `parse` gives its value or none, `render` gives JSON, empty for no value.
    template <class T, class Parse, class Render>
    void scalar(std::string_view name, std::string_view shape, std::string_view expected, T& out,
                std::string_view description, Parse parse, Render render);
    template <class T>
    void duration_into(std::string_view name, T& out, std::string_view description);
    template <class T>
    void size_into(std::string_view name, T& out, std::string_view description);
    void whole_number(std::string_view name, std::int64_t least, std::int64_t most,
                      std::int64_t& out, std::string_view description);
    // Text, or what the reference in it leads to.
    std::optional<Secret> resolve(std::string_view name, std::string_view text);

    const Node* find(std::string_view name) const;
    Key& declare(Key::Kind kind, std::string_view name, std::string_view description);
    std::string path_of(std::string_view name) const;
    void complain(Grade grade, std::string_view name, std::string message);

    ReadContext& context_;
    const Node* node_;
    Origin origin_;
    std::string path_;
    Key& key_;
};

}  // namespace merlon::config
