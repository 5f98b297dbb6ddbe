// The head of an answer: a status and field lines, held as the text they become.
#pragma once

#include <string>
#include <string_view>

namespace merlon::http {

// Field lines "Name: value\r\n", one after the other. Appending is all a request path does with
// them, so they are one string.
class FieldLines {
public:
    // `name` and `value` hold no CR, LF or NUL: they come from our own constants or from a parsed
    // head, whose grammar excludes them.
    void add(std::string_view name, std::string_view value) {
        text_.append(name).append(": ").append(value).append("\r\n");
    }
    // Lines that are finished text already.
    void add_lines(std::string_view lines) { text_.append(lines); }

    std::string_view text() const { return text_; }
    void clear() { text_.clear(); }

private:
    std::string text_;
};

// An answer that is at hand as a whole.
struct Response {
    int status = 200;
    FieldLines fields;
    std::string body;
};

}  // namespace merlon::http
