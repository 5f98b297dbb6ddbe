// The kinds of values a key can have, each with its shape in JSON Schema.
#include <algorithm>

#include "base/text.h"
#include "config/reader.h"
#include "config/values.h"
#include "wire/json_text.h"

namespace merlon::config {
namespace {

constexpr std::string_view size_shape =
    R"("type":["integer","string"],"minimum":0,"pattern":"^[0-9]+(B|KiB|MiB|GiB|TiB)?$")";

std::string quoted(std::string_view text) {
    std::string json;
    wire::append_json_string(json, text);
    return json;
}

std::string quoted_unless_empty(std::string_view text) { return text.empty() ? "" : quoted(text); }

template <class Texts>
std::string list_of(const Texts& texts) {
    std::string json = "[";
    for (const auto& text : texts) {
        if (json.size() > 1) json += ", ";
        json += quoted(text);
    }
    return json + "]";
}

std::string json_of(const Node& node) {
    if (node.is_scalar()) return quoted(node.text);
    std::vector<std::string_view> texts;
    for (const Node& item : node.items) texts.emplace_back(item.text);
    return list_of(texts);
}

// "public, authenticated or none".
std::string spoken(std::initializer_list<std::string_view> words) {
    std::string text;
    for (const std::string_view word : words) {
        if (!text.empty()) text += &word == words.end() - 1 ? " or " : ", ";
        text += word;
    }
    return text;
}

}  // namespace

template <class T, class Parse, class Render>
void Reader::scalar(std::string_view name, std::string_view shape, std::string_view expected,
                    T& out, std::string_view description, Parse parse, Render render) {
    Key& key = declare(Key::Kind::Value, name, description);
    key.shape = shape;
    key.standard = render(out);
    if (const Node* said = find(name)) {
        auto value = said->is_scalar() ? parse(said->text) : std::nullopt;
        if (!value) {
            problem(name, "must be " + std::string(expected));
        } else if constexpr (std::is_same_v<T, decltype(value)>) {
            out = std::move(value);  // an optional key
        } else {
            out = *std::move(value);
        }
    }
    key.value = render(out);
}

void Reader::text(std::string_view name, std::string& out, std::string_view description) {
    scalar(
        name, R"("type":"string")", "text", out, description,
        [](const std::string& text) { return std::optional(text); }, quoted_unless_empty);
}

void Reader::texts(std::string_view name, std::vector<std::string>& out,
                   std::string_view description) {
    Key& key = declare(Key::Kind::Value, name, description);
    key.shape = R"("type":["string","array"],"items":{"type":"string"})";
    key.standard = list_of(out);
    if (const Node* said = find(name)) {
        if (said->is_scalar()) {
            out = {said->text};
        } else if (said->is_list() && std::ranges::all_of(said->items, &Node::is_scalar)) {
            out.clear();
            for (const Node& item : said->items) out.push_back(item.text);
        } else {
            problem(name, "must be text or a list of texts");
        }
    }
    key.value = list_of(out);
}

void Reader::choice(std::string_view name, std::initializer_list<std::string_view> words,
                    std::string& out, std::string_view description) {
    const auto parse = [&](const std::string& text) {
        return std::ranges::find(words, text) != words.end() ? std::optional(text) : std::nullopt;
    };
    scalar(name, "\"enum\":" + list_of(words), spoken(words), out, description, parse,
           quoted_unless_empty);
}

void Reader::boolean(std::string_view name, bool& out, std::string_view description) {
    scalar(name, R"("type":"boolean")", "true or false", out, description, parse_boolean,
           [](bool value) { return std::string(value ? "true" : "false"); });
}

template <class T>
void Reader::duration_into(std::string_view name, T& out, std::string_view description) {
    scalar(name, R"("type":"string","pattern":"^[0-9]+(ms|s|m|h|d)$")",
           "a duration such as 250ms, 10s, 15m or 7d", out, description, parse_duration,
           [](const std::optional<std::chrono::milliseconds>& value) {
               return value ? quoted(duration_text(*value)) : "";
           });
}

void Reader::duration(std::string_view name, std::chrono::milliseconds& out,
                      std::string_view description) {
    duration_into(name, out, description);
}

void Reader::duration(std::string_view name, std::optional<std::chrono::milliseconds>& out,
                      std::string_view description) {
    duration_into(name, out, description);
}

void Reader::seconds(std::string_view name, std::chrono::seconds& out,
                     std::string_view description) {
    std::chrono::milliseconds value = out;
    duration_into(name, value, description);
    out = std::chrono::floor<std::chrono::seconds>(value);
}

template <class T>
void Reader::size_into(std::string_view name, T& out, std::string_view description) {
    scalar(name, size_shape, "a size such as 512, 8KiB, 1MiB or 4GiB", out, description, parse_size,
           [](const std::optional<std::size_t>& value) {
               return value ? quoted(size_text(*value)) : "";
           });
}

void Reader::size(std::string_view name, std::size_t& out, std::string_view description) {
    size_into(name, out, description);
}

void Reader::size(std::string_view name, std::optional<std::size_t>& out,
                  std::string_view description) {
    size_into(name, out, description);
}

void Reader::count_or_auto(std::string_view name, std::size_t& out, std::string_view description) {
    scalar(
        name, R"("anyOf":[{"type":"integer","minimum":1},{"const":"auto"}])",
        "auto or a whole number", out, description,
        [](const std::string& text) {
            return text == "auto" ? 0 : text::parse_number<std::size_t>(text);
        },
        [](std::size_t value) {
            return value == 0 ? std::string("\"auto\"") : std::to_string(value);
        });
}

void Reader::whole_number(std::string_view name, std::int64_t least, std::int64_t most,
                          std::int64_t& out, std::string_view description) {
    const std::string from = std::to_string(least);
    const std::string to = std::to_string(most);
    scalar(
        name, R"("type":"integer","minimum":)" + from + R"(,"maximum":)" + to,
        "a whole number from " + from + " to " + to, out, description,
        [&](const std::string& text) {
            const auto value = text::parse_number<std::int64_t>(text);
            return value && *value >= least && *value <= most ? value : std::nullopt;
        },
        [](std::int64_t value) { return std::to_string(value); });
}

const Node* Reader::words(std::string_view name, std::string_view shape,
                          std::string_view description) {
    Key& key = declare(Key::Kind::Value, name, description);
    key.shape = shape;
    const Node* said = find(name);
    if (said != nullptr) key.value = json_of(*said);
    return said;
}

void Reader::without_effect(std::string_view name) {
    constexpr const char* message = "has no effect in this version";
    declare(Key::Kind::Value, name, message).shape = R"("type":["object","null"])";
    if (says(name)) warning(name, message);
}

}  // namespace merlon::config
