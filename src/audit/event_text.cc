// Renders a stored event for a terminal or a program.
#include "audit/event_text.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "wire/json.h"
#include "wire/json_text.h"

namespace merlon::audit {
namespace {

namespace json = boost::json;

constexpr std::string_view damaged = "damaged event";

void append_json(std::string& out, const json::value& value) {
    if (const auto* object = value.if_object()) {
        out += '{';
        for (const auto& [name, member] : *object) {
            if (out.back() != '{') out += ',';
            wire::append_json_string(out, name);
            out += ':';
            append_json(out, member);
        }
        out += '}';
    } else if (const auto* list = value.if_array()) {
        out += '[';
        for (const auto& item : *list) {
            if (out.back() != '[') out += ',';
            append_json(out, item);
        }
        out += ']';
    } else if (const auto* text = value.if_string()) {
        wire::append_json_string(out, *text);
    } else {
        out += json::serialize(value);  // a number, true, false, null: no text of anybody's
    }
}

// Quoted unless it is a plain word, so that no value can look like two.
std::string word(const json::value& value) {
    const auto* text = value.if_string();
    std::string shown;
    append_json(shown, value);
    const bool is_plain = text != nullptr && !text->empty() && shown.size() == text->size() + 2 &&
                          text->find_first_of(" =") == json::string::npos;
    return is_plain ? std::string(*text) : shown;
}

std::string member(const json::object& event, std::string_view name) {
    const auto* value = event.if_contains(name);
    const bool is_empty = value == nullptr || (value->is_string() && value->get_string().empty());
    return is_empty ? "-" : word(*value);
}

}  // namespace

std::string event_as_json(std::string_view stored) {
    const auto parsed = wire::parse_json(stored);
    std::string line;
    if (parsed && parsed->is_object()) {
        append_json(line, *parsed);
    } else {
        append_json(line, json::object{{"error", damaged}});
    }
    return line;
}

std::string event_as_text(std::string_view stored) {
    const auto parsed = wire::parse_json(stored);
    if (!parsed || !parsed->is_object()) return std::string(damaged);
    const json::object& event = parsed->get_object();
    std::string line =
        fmt::format("{} {:<8} {} {}", member(event, "timestamp"), member(event, "severity"),
                    member(event, "type"), member(event, "userId"));
    const auto* details = event.if_contains("details");
    if (details == nullptr || !details->is_object()) return line;
    for (const auto& [name, value] : details->get_object()) {
        line += ' ' + word(json::value(name)) + '=' + word(value);
    }
    return line;
}

}  // namespace merlon::audit
