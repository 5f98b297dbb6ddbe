// Reading maps.
#include "config/reader.h"

#include <algorithm>
#include <numeric>

#include "base/text.h"
#include "config/values.h"

namespace merlon::config {
namespace {

constexpr std::size_t secret_bytes_max = 64 << 10;

// Levenshtein's distance.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), 0);
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t above = row[j];
            row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
            diagonal = above;
        }
    }
    return row[b.size()];
}

}  // namespace

Reader::Reader(ReadContext& context, const Node* node, std::string path)
    : context_(context), node_(node), path_(std::move(path)) {
    if (node_ != nullptr && node_->kind == Node::Kind::Null) node_ = nullptr;
    if (node_ != nullptr && !node_->is_map()) {
        context_.problems.push_back({Grade::Error, node_->origin, path_, "must be a map of keys"});
        node_ = nullptr;
    }
}

const Node* Reader::take(std::string_view name) {
    known_.emplace_back(name);
    return node_ != nullptr ? node_->find(name) : nullptr;
}

Reader Reader::section(std::string_view name) {
    const Node* node = take(name);
    return Reader(context_, node,
                  path_.empty() ? std::string(name) : path_ + "." + std::string(name));
}

void Reader::problem(const Node* where, std::string_view name, std::string message) {
    // Where the value stands, or else its section.
    if (where == nullptr && node_ != nullptr) where = node_->at(name);
    if (where == nullptr) where = node_;
    std::string path = path_;
    if (!name.empty()) path += (path.empty() ? "" : ".") + std::string(name);
    context_.problems.push_back({Grade::Error, where != nullptr ? where->origin : Origin{},
                                 std::move(path), std::move(message)});
}

const Node* Reader::scalar(std::string_view name, std::string_view expected) {
    const Node* node = take(name);
    if (node == nullptr || node->is_scalar()) return node;
    problem(node, name, "must be " + std::string(expected));
    return nullptr;
}

void Reader::text(std::string_view name, std::string& out) {
    if (const Node* node = scalar(name, "text")) out = node->text;
}

void Reader::texts(std::string_view name, std::vector<std::string>& out) {
    const Node* node = take(name);
    if (node == nullptr) return;
    if (node->is_scalar()) {
        out = {node->text};
    } else if (node->is_list() && std::ranges::all_of(node->items, &Node::is_scalar)) {
        out.clear();
        for (const Node& item : node->items) out.push_back(item.text);
    } else {
        problem(node, name, "must be text or a list of texts");
    }
}

void Reader::boolean(std::string_view name, bool& out) {
    const Node* node = scalar(name, "true or false");
    if (node == nullptr) return;
    if (const auto value = parse_boolean(node->text)) {
        out = *value;
    } else {
        problem(node, name, "must be true or false");
    }
}

void Reader::duration(std::string_view name, std::chrono::milliseconds& out) {
    const Node* node = scalar(name, "a duration");
    if (node == nullptr) return;
    if (const auto value = parse_duration(node->text)) {
        out = *value;
    } else {
        problem(node, name, "must be a duration such as 250ms, 10s, 15m or 7d");
    }
}

void Reader::seconds(std::string_view name, std::chrono::seconds& out) {
    std::chrono::milliseconds value = out;
    duration(name, value);
    out = std::chrono::floor<std::chrono::seconds>(value);
}

void Reader::size(std::string_view name, std::size_t& out) {
    const Node* node = scalar(name, "a size");
    if (node == nullptr) return;
    if (const auto value = parse_size(node->text)) {
        out = *value;
    } else {
        problem(node, name, "must be a size such as 512, 8KiB, 1MiB or 4GiB");
    }
}

void Reader::number(std::string_view name, std::int64_t least, std::int64_t most,
                    std::int64_t& out) {
    const Node* node = scalar(name, "a number");
    if (node == nullptr) return;
    const auto value = text::parse_number<std::int64_t>(node->text);
    if (value && *value >= least && *value <= most) {
        out = *value;
    } else {
        problem(
            node, name,
            "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    }
}

void Reader::secret(std::string_view name, Secret& out) {
    const Node* node = scalar(name, "a secret or a reference to one");
    if (node == nullptr) return;
    const std::string_view value = node->text;
    if (value.starts_with("env:")) {
        const auto found = context_.environment.find(std::string(value.substr(4)));
        if (found == context_.environment.end()) {
            problem(node, name, "the environment has no " + std::string(value.substr(4)));
        } else {
            out = Secret(found->second);
        }
    } else if (value.starts_with("file:")) {
        auto content = context_.files.read(std::string(value.substr(5)), secret_bytes_max);
        if (!content) {
            problem(node, name,
                    "cannot read " + std::string(value.substr(5)) + ": " + content.error().detail);
            return;
        }
        while (content->ends_with('\n')) content->pop_back();  // what editors add
        out = Secret(*std::move(content));
    } else if (value.starts_with("vault:") || value.starts_with("aws:")) {
        problem(node, name, "this version reads secrets from env: and file: only");
    } else {
        out = Secret(std::string(value));
    }
}

void Reader::finish() {
    if (node_ == nullptr) return;
    for (const Entry& entry : node_->entries) {
        if (std::ranges::find(known_, entry.name) != known_.end()) continue;
        std::string message = "unknown key";
        const auto nearest = std::ranges::min_element(
            known_, {}, [&](const std::string& known) { return distance(entry.name, known); });
        if (nearest != known_.end() && distance(entry.name, *nearest) <= 3) {
            message += "; did you mean " + *nearest + "?";
        }
        const std::string path = path_.empty() ? entry.name : path_ + "." + entry.name;
        context_.problems.push_back({Grade::Error, entry.origin, path, std::move(message)});
    }
}

}  // namespace merlon::config
