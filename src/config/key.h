// What reading merlon.yaml found out about each key. Readers fill it as they read, so this one
// record gives the known names, `config show` and `config schema`: there is no list beside the
// code.
#pragma once

#include <cstdint>
#include <list>
#include <string>

#include "config/problem.h"

namespace merlon::config {

// Names of keys that only the operator knows, as describe() shows them.
inline constexpr const char* any_name = "*";

// Value. A tree: the keys of a section, the entries of a map, the items of a list.
struct Key {
    enum class Kind : std::uint8_t { Value, Map, List };

    std::string name = {};  // "[0]" of a list's item
    Kind kind = Kind::Map;
    std::string description = {};
    std::string shape = {};     // of a value: the members of its JSON Schema
    std::string standard = {};  // JSON; empty: no default
    std::string value = {};     // JSON, secrets masked; empty: nothing was said and nothing holds
    Origin origin = {};
    std::list<Key> keys = {};  // a list, because readers hold on to their key while it grows
};

}  // namespace merlon::config
