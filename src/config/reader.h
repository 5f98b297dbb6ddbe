// Reads one map of a configuration into typed values, and complains of every name that nobody asked
// for: a misspelt key must never silently mean its default.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "config/load.h"
#include "config/node.h"
#include "config/problem.h"

namespace merlon::config {

// What all readers of one load share.
struct ReadContext {
    const Files& files;
    const std::map<std::string, std::string>& environment;
    Problems& problems;
};

// Ask for every name the map may hold, then finish(). A value of a wrong shape is a problem and
// leaves `out` as it was.
class Reader {
public:
    // `node` may be null: nothing was said.
    Reader(ReadContext& context, const Node* node, std::string path);

    bool exists() const { return node_ != nullptr; }
    const Node* take(std::string_view name);
    Reader section(std::string_view name);

    void text(std::string_view name, std::string& out);
    void texts(std::string_view name, std::vector<std::string>& out);  // a list, or one
    void boolean(std::string_view name, bool& out);
    void duration(std::string_view name, std::chrono::milliseconds& out);
    void seconds(std::string_view name, std::chrono::seconds& out);
    void size(std::string_view name, std::size_t& out);
    void number(std::string_view name, std::int64_t least, std::int64_t most, std::int64_t& out);
    // Text, or a reference: env:NAME, file:/path.
    void secret(std::string_view name, Secret& out);

    void problem(const Node* where, std::string_view name, std::string message);
    // Names that nobody asked for are problems, with the nearest name that is known.
    void finish();
    const std::string& path() const { return path_; }

private:
    const Node* scalar(std::string_view name, std::string_view expected);

    ReadContext& context_;
    const Node* node_;
    std::string path_;
    std::vector<std::string> known_;
};

}  // namespace merlon::config
