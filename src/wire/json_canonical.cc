// Writes JSON. Not by Boost.JSON's serializer: it writes 1.5 as 1.5E0, which is right and
// surprises people.
#include "wire/json_canonical.h"

#include <array>
#include <boost/json/serializer.hpp>
#include <charconv>

namespace merlon::wire {
namespace {

template <class Number>
void append_number(std::string& out, Number number) {
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, number).ptr;
    out.append(text, end);
}

// Without a string of its own: the text may be a password, and `out` is its caller's to wipe.
void append_string(std::string& out, boost::json::string_view text) {
    boost::json::serializer serializer;
    serializer.reset(text);
    std::array<char, 512> piece;
    while (!serializer.done()) {
        const boost::json::string_view made = serializer.read(piece.data(), piece.size());
        out.append(made.data(), made.size());
    }
}

}  // namespace

void append_canonical_json(std::string& out, const boost::json::value& value) {
    switch (value.kind()) {
        case boost::json::kind::null:
            out += "null";
            return;
        case boost::json::kind::bool_:
            out += value.get_bool() ? "true" : "false";
            return;
        case boost::json::kind::int64:
            return append_number(out, value.get_int64());
        case boost::json::kind::uint64:
            return append_number(out, value.get_uint64());
        case boost::json::kind::double_:
            return append_number(out, value.get_double());
        case boost::json::kind::string:
            append_string(out, value.get_string());
            return;
        case boost::json::kind::array: {
            out += '[';
            for (const auto& element : value.get_array()) {
                if (out.back() != '[') out += ',';
                append_canonical_json(out, element);
            }
            out += ']';
            return;
        }
        case boost::json::kind::object: {
            out += '{';
            for (const auto& member : value.get_object()) {
                if (out.back() != '{') out += ',';
                append_string(out, member.key());
                out += ':';
                append_canonical_json(out, member.value());
            }
            out += '}';
            return;
        }
    }
}

}  // namespace merlon::wire
