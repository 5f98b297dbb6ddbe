// Reads request ids and trace contexts, and makes the next one.
#include "wire/trace.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/text.h"

namespace merlon::wire {
namespace {

bool is_lower_hex(std::string_view text) {
    return std::ranges::all_of(text,
                               [](char c) { return text::is_digit(c) || (c >= 'a' && c <= 'f'); });
}

bool is_nonzero(std::string_view text) {
    return text.find_first_not_of('0') != std::string_view::npos;
}

// 00-<32 hex>-<16 hex>-<2 hex>
bool is_traceparent(std::string_view text) {
    return text.size() == 55 && text.starts_with("00-") && text[35] == '-' && text[52] == '-' &&
           is_lower_hex(text.substr(3, 32)) && is_nonzero(text.substr(3, 32)) &&
           is_lower_hex(text.substr(36, 16)) && is_nonzero(text.substr(36, 16)) &&
           is_lower_hex(text.substr(53, 2));
}

}  // namespace

bool is_request_id(std::string_view text) {
    return !text.empty() && text.size() <= 128 && std::ranges::all_of(text, [](char c) {
        return text::is_alpha(c) || text::is_digit(c) || c == '.' || c == '_' || c == '-';
    });
}

void next_traceparent(std::string_view received, Entropy& entropy, std::string& out) {
    const bool continues = is_traceparent(received);
    std::array<char, 24> random;  // trace id, parent id
    entropy.fill(std::as_writable_bytes(std::span(random)));
    const std::string_view bytes(random.data(), random.size());
    out.assign("00-");
    if (continues) {
        out.append(received.substr(3, 32));
    } else {
        text::append_hex(out, bytes.substr(0, 16));
    }
    out += '-';
    text::append_hex(out, bytes.substr(16));
    out += '-';
    out.append(continues ? received.substr(53, 2) : "00");
}

}  // namespace merlon::wire
