// Joi's rules, then the canonical form. Unicode data is utf8proc's, IDNA is libidn2's.
#include "wire/email.h"

#include <idn2.h>
#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>

#include "base/text.h"
#include "wire/unicode.h"

namespace merlon::wire {
namespace {

constexpr std::size_t text_bytes_max = 1'024;  // before NFC, which can only shorten a valid one
constexpr std::size_t units_max = 254;         // RFC 5321 section 4.5.3.1.3, without the brackets
constexpr std::size_t local_bytes_max = 64;    // section 4.5.3.1.1
constexpr std::size_t label_bytes_max = 63;    // RFC 1035 section 2.3.4

struct Free {
    void operator()(void* memory) const { std::free(memory); }
};

// Once is not enough: folding can make a text that normalizes further. What is not stable after a
// few rounds has no canonical form.
std::optional<std::string> fold(std::string text) {
    constexpr int options =
        UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE;
    for (int round = 0; round < 4; ++round) {
        auto next = normalize(text, options);
        if (!next || *next == text) return next;
        text = *std::move(next);
    }
    return std::nullopt;
}

// JavaScript's length, which is what Joi measures. `text` is valid UTF-8.
std::size_t utf16_units(std::string_view text) {
    std::size_t units = 0;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte & 0xc0U) != 0x80) units += byte >= 0xf0 ? 2 : 1;
    }
    return units;
}

bool is_atom_character(utf8proc_int32_t c) {
    if (c < 0x80) {
        const char ascii = static_cast<char>(c);
        return text::is_alpha(ascii) || text::is_digit(ascii) ||
               (ascii != 0 && std::string_view("!#$%&'*+-/=?^_`{|}~").contains(ascii));
    }
    switch (utf8proc_category(c)) {
        case UTF8PROC_CATEGORY_CN:
        case UTF8PROC_CATEGORY_CC:
        case UTF8PROC_CATEGORY_CS:
        case UTF8PROC_CATEGORY_ZS:
        case UTF8PROC_CATEGORY_ZL:
        case UTF8PROC_CATEGORY_ZP:
            return false;
        case UTF8PROC_CATEGORY_CF:  // marks that reorder text; joiners are letters to some scripts
            return c == 0x200c || c == 0x200d;
        default:
            return true;
    }
}

// Atoms between dots (RFC 5322 section 3.2.3, with RFC 6532's UTF-8). `local` is valid UTF-8.
bool is_local_part(std::string_view local) {
    if (local.empty() || local.front() == '.' || local.back() == '.') return false;
    if (local.contains("..")) return false;
    const auto* at = reinterpret_cast<const utf8proc_uint8_t*>(local.data());
    auto left = static_cast<utf8proc_ssize_t>(local.size());
    while (left > 0) {
        utf8proc_int32_t c = 0;
        const auto bytes = utf8proc_iterate(at, left, &c);
        if (bytes <= 0 || (c != '.' && !is_atom_character(c))) return false;
        at += bytes;
        left -= bytes;
    }
    return true;
}

bool is_label(std::string_view label) {
    if (label.empty() || label.size() > label_bytes_max) return false;
    if (label.front() == '-' || label.back() == '-') return false;
    for (const char c : label) {
        if (!text::is_alpha(c) && !text::is_digit(c) && c != '-') return false;
    }
    return true;
}

// The domain in lower-case ASCII, or nothing.
std::optional<std::string> ascii_domain(const std::string& domain) {
    std::string ascii = text::to_lower(domain);
    const bool is_plain = std::ranges::all_of(ascii, [](char c) { return c > 0; }) &&
                          !ascii.starts_with("xn--") && !ascii.contains(".xn--");
    if (!is_plain) {
        if (domain.contains('\0')) return std::nullopt;
        char* made = nullptr;
        const int code =
            idn2_to_ascii_8z(domain.c_str(), &made,
                             IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL | IDN2_USE_STD3_ASCII_RULES);
        const std::unique_ptr<char, Free> owner(made);
        if (code != IDN2_OK) return std::nullopt;
        ascii = made;
    }
    const auto labels = text::split(ascii, '.');
    if (labels.size() < 2 || !text::is_alpha(labels.back().empty() ? '0' : labels.back().front())) {
        return std::nullopt;
    }
    std::size_t bytes = labels.size() - 1;
    for (const std::string_view label : labels) {
        if (!is_label(label)) return std::nullopt;
        bytes += label.size();
    }
    if (bytes != ascii.size()) return std::nullopt;  // split() trims
    return ascii;
}

std::unexpected<Error> malformed(std::string why) {
    return fail(Kind::Invalid, "email.malformed", std::move(why));
}

}  // namespace

Result<Email> Email::parse(std::string_view text) {
    if (text.size() > text_bytes_max) return malformed("too long");
    auto typed = to_nfc(text);
    if (!typed) return malformed("no UTF-8");
    if (utf16_units(*typed) > units_max) return malformed("too long");
    const std::size_t at = typed->find('@');
    if (at == std::string::npos || typed->find('@', at + 1) != std::string::npos) {
        return malformed("not one @");
    }
    const std::string local = typed->substr(0, at);
    if (local.size() > local_bytes_max || !is_local_part(local)) return malformed("local part");
    const auto folded = fold(local);
    if (!folded || !is_local_part(*folded)) return malformed("local part is not stable");
    const auto domain = ascii_domain(typed->substr(at + 1));
    if (!domain) return malformed("domain");
    return Email(*std::move(typed), *folded + "@" + *domain);
}

}  // namespace merlon::wire
