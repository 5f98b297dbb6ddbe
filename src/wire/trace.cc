// Reading and continuing traces.
#include "wire/trace.h"

#include <algorithm>

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

std::string next_traceparent(std::string_view received, Entropy& entropy) {
    const bool continues = is_traceparent(received);
    std::string out = "00-";
    out += continues ? std::string(received.substr(3, 32)) : text::to_hex(entropy.bytes(16));
    out += '-';
    out += text::to_hex(entropy.bytes(8));
    out += '-';
    out += continues ? received.substr(53, 2) : "00";
    return out;
}

}  // namespace merlon::wire
