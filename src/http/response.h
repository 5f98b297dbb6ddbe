// A response: its status, its field lines as text, its body.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace merlon::http {

// "Name: value\r\n", at the end of `out`; grown once for the whole line.
inline void append_line(std::string& out, std::string_view name, std::string_view value) {
    const std::size_t before = out.size();
    out.resize_and_overwrite(before + name.size() + value.size() + 4, [&](char* text, std::size_t) {
        auto put = [end = text + before](std::string_view part) mutable {
            // Not memcpy itself: an empty view may be null.
            std::char_traits<char>::copy(end, part.data(), part.size());
            return end += part.size();
        };
        put(name);
        put(": ");
        put(value);
        return put("\r\n") - text;  // libstdc++ 12 passes its capacity, not the size asked for
    });
}

// Field lines "Name: value\r\n", one after the other. Appending is all a request path does with
// them, so they are one string.
class FieldLines {
public:
    // `name` and `value` hold no CR, LF or NUL: they come from our own constants or from a parsed
    // head, whose grammar excludes them.
    void add(std::string_view name, std::string_view value) { append_line(text_, name, value); }
    void add(std::string_view name, std::uint64_t value) {
        char digits[20];
        add(name, {digits, std::to_chars(digits, digits + sizeof digits, value).ptr});
    }
    // Lines that are finished text already.
    void add_lines(std::string_view lines) { text_.append(lines); }

    std::string_view text() const { return text_; }
    void clear() { text_.clear(); }

private:
    std::string text_;
};

// A complete response.
struct Response {
    int status = 200;
    FieldLines fields;
    std::string body;
};

}  // namespace merlon::http
