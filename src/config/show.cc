// Prints the tree of keys: for people, as JSON, and as JSON Schema.
#include "config/show.h"

#include <algorithm>

#include "wire/json_text.h"

namespace merlon::config {
namespace {

bool holds(const Key& key) {
    if (key.kind == Key::Kind::Value) return !key.value.empty();
    return std::ranges::any_of(key.keys, holds);
}

void add_lines(const Key& key, const std::string& path, Sources sources, std::string& out) {
    if (key.kind == Key::Kind::Value && holds(key)) {
        out += path + ": " + key.value;
        if (sources == Sources::Shown) out += "  # " + key.origin.text();
        out += '\n';
    }
    for (const Key& below : key.keys) {
        const bool is_first = path.empty() || below.name.starts_with('[');
        add_lines(below, is_first ? path + below.name : path + "." + below.name, sources, out);
    }
}

// JSON documents people read: a member a line.
class Document {
public:
    void open(char bracket) {
        text_ += bracket;
        is_first_ = true;
        indent_ += 2;
    }
    void close(char bracket) {
        indent_ -= 2;
        if (!is_first_) line();
        text_ += bracket;
        is_first_ = false;
    }
    void item() {
        if (!is_first_) text_ += ',';
        is_first_ = false;
        line();
    }
    void name(std::string_view name) {
        item();
        wire::append_json_string(text_, name);
        text_ += ": ";
    }
    void string(std::string_view value) { wire::append_json_string(text_, value); }
    void raw(std::string_view json) { text_ += json; }
    std::string take() { return std::move(text_) + "\n"; }

private:
    void line() {
        text_ += '\n';
        text_.append(indent_, ' ');
    }

    std::string text_;
    std::size_t indent_ = 0;
    bool is_first_ = true;
};

void add_value(const Key& key, Sources sources, Document& out) {
    if (key.kind == Key::Kind::Value) {
        if (sources == Sources::Hidden) return out.raw(key.value);
        out.raw("{\"value\": " + key.value + ", \"source\": ");
        out.string(key.origin.text());
        return out.raw("}");
    }
    const bool is_list = key.kind == Key::Kind::List;
    out.open(is_list ? '[' : '{');
    for (const Key& below : key.keys) {
        if (!holds(below)) continue;
        is_list ? out.item() : out.name(below.name);
        add_value(below, sources, out);
    }
    out.close(is_list ? ']' : '}');
}

void add_schema(const Key& key, Document& out);

// The names that are known, and a shape for those that only the operator knows.
void add_properties(const Key& map, Document& out) {
    out.name("type");
    out.raw(R"(["object", "null"])");
    out.name("properties");
    out.open('{');
    for (const Key& below : map.keys) {
        if (below.name == any_name) continue;
        out.name(below.name);
        out.open('{');
        add_schema(below, out);
        out.close('}');
    }
    out.close('}');
    out.name("additionalProperties");
    const auto any = std::ranges::find(map.keys, any_name, &Key::name);
    if (any == map.keys.end()) return out.raw("false");
    out.open('{');
    add_schema(*any, out);
    out.close('}');
}

void add_schema(const Key& key, Document& out) {
    if (!key.description.empty()) {
        out.name("description");
        out.string(key.description);
    }
    if (key.kind == Key::Kind::Map) return add_properties(key, out);
    if (key.kind == Key::Kind::List) {
        out.name("type");
        out.raw("\"array\"");
        out.name("items");
        out.open('{');
        add_schema(key.keys.front(), out);
        return out.close('}');
    }
    out.item();
    out.raw(key.shape);
    if (key.standard.empty()) return;
    out.name("default");
    out.raw(key.standard);
}

}  // namespace

std::string show_text(const Key& root, Sources sources) {
    std::string out;
    add_lines(root, "", sources, out);
    return out;
}

std::string show_json(const Key& root, Sources sources) {
    Document out;
    add_value(root, sources, out);
    return out.take();
}

std::string show_schema(const Key& root) {
    Document out;
    out.open('{');
    out.name("$schema");
    out.string("https://json-schema.org/draft/2020-12/schema");
    out.name("title");
    out.string("merlon.yaml");
    add_schema(root, out);
    out.close('}');
    return out.take();
}

}  // namespace merlon::config
