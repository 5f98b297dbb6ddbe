// The path canonicaliser.
#include "wire/path.h"

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace merlon::wire {
namespace {

std::unexpected<Error> refuse(std::string_view rule) { return fail(Kind::Invalid, rule); }

// RFC 3986 section 3.3 pchar, without ';' (see below) and without '%'.
bool is_literal(char c) {
    return text::is_alpha(c) || text::is_digit(c) ||
           std::string_view("-._~!$&'()*+,=:@").find(c) != std::string_view::npos;
}

// What browsers send raw in a path though RFC 3986 has no place for it: what the URL standard's
// path percent-encode set leaves out, and '^', which came into that set in 2023 only. All else that
// it holds, such as '"', '<', '{' and '`', no browser sends, and '\\' is a '/' to them.
bool is_left_raw(char c) { return c == '[' || c == ']' || c == '|' || c == '^'; }

int hex(char c) {
    if (text::is_digit(c)) return c - '0';
    const char lower = text::lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// The byte of the escape at the start of `text`, if there is one.
std::optional<char> escaped_byte(std::string_view text) {
    if (text.size() < 3 || text[0] != '%' || hex(text[1]) < 0 || hex(text[2]) < 0) return {};
    return static_cast<char>(hex(text[1]) << 4 | hex(text[2]));
}

// Bytes that must not come out of an escape: they would be a separator, an end, or nothing a path
// may hold, to whoever decodes after us.
bool is_forbidden(char c) {
    return c == '/' || c == '\\' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

// Whether `rest`, what follows a decoded '%', makes a second escape of a byte that matters: %252e.
bool is_double_encoding(std::string_view rest) {
    if (rest.size() < 2 || hex(rest[0]) < 0 || hex(rest[1]) < 0) return false;
    const char c = static_cast<char>(hex(rest[0]) << 4 | hex(rest[1]));
    return is_forbidden(c) || c == '.' || c == '%' || c == ';';
}

// RFC 3629; overlong forms hide "/" and "." from whoever compares bytes.
bool is_utf8(std::string_view text) {
    std::size_t i = 0;
    while (i < text.size()) {
        const auto lead = static_cast<unsigned char>(text[i]);
        const std::size_t length = lead < 0x80       ? 1
                                   : lead >> 5 == 6  ? 2
                                   : lead >> 4 == 14 ? 3
                                   : lead >> 3 == 30 ? 4
                                                     : 0;
        if (length == 0 || i + length > text.size()) return false;
        std::uint32_t point = length == 1 ? lead : lead & (0x7fU >> length);
        for (std::size_t k = 1; k < length; ++k) {
            const auto next = static_cast<unsigned char>(text[i + k]);
            if (next >> 6 != 2) return false;
            point = point << 6 | (next & 0x3fU);
        }
        constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
        if (point < least[length] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
            return false;
        }
        i += length;
    }
    return true;
}

// What a decoded segment may be.
Result<> check_segment(std::string_view segment, bool is_last) {
    if (segment.empty()) {
        if (is_last) return {};  // "/a/" is another resource than "/a"
        return refuse("path.empty_segment");
    }
    if (segment == "." || segment == "..") return refuse("path.dot_segment");
    // Windows and some frameworks drop these: "admin." and "admin " become "admin".
    if (segment.back() == '.' || segment.back() == ' ') return refuse("path.trailing");
    if (!is_utf8(segment)) return refuse("path.encoding");
    // On the decoded text: %25%32%65 becomes %2e however its parts were spelled.
    for (std::size_t at = segment.find('%'); at != std::string_view::npos;
         at = segment.find('%', at + 1)) {
        if (is_double_encoding(segment.substr(at + 1))) return refuse("path.double_encoding");
    }
    return {};
}

// The common case: nothing but literal bytes and no segment that needs a look.
bool is_canonical(std::string_view path) {
    char previous = 0;
    for (const char c : path) {
        if (c == '/') {
            if (previous == '/' || previous == '.') return false;
        } else if (!is_literal(c)) {
            return false;
        }
        previous = c;
    }
    return previous != '.';
}

Result<> rewrite(std::string_view path, std::string& out) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    out.clear();
    std::string segment;  // decoded
    for (std::size_t i = 1; i <= path.size(); ++i) {
        if (i == path.size() || path[i] == '/') {
            MERLON_TRY(check_segment(segment, i == path.size()));
            out += '/';
            for (const char c : segment) {
                if (is_literal(c)) {
                    out += c;
                } else {
                    out += '%';
                    out += digits[static_cast<unsigned char>(c) >> 4];
                    out += digits[static_cast<unsigned char>(c) & 15];
                }
            }
            segment.clear();
            continue;
        }
        char c = path[i];
        // "/admin;x=1" is "/admin" to a servlet and a name of its own to others.
        if (c == ';') return refuse("path.parameter");
        if (c == '%') {
            const auto byte = escaped_byte(path.substr(i));
            if (!byte) return refuse("path.encoding");
            c = *byte;
            i += 2;
            if (is_forbidden(c)) return refuse("path.forbidden_byte");
            if (c == ';') return refuse("path.parameter");
        } else if (!is_literal(c) && !is_left_raw(c)) {
            return refuse("path.forbidden_byte");
        }
        segment += c;
    }
    return {};
}

}  // namespace

Result<Target> canonicalize(std::string_view target, std::string& storage) {
    if (!target.starts_with('/')) {  // absolute form, or "*"
        const std::size_t scheme = target.find("://");
        if (scheme != std::string_view::npos) {
            const std::size_t path = target.find_first_of("/?", scheme + 3);
            target.remove_prefix(path == std::string_view::npos ? target.size() : path);
        } else {
            target = {};
        }
    }
    Target out;
    const std::size_t mark = target.find('?');
    out.path = target.substr(0, mark);
    if (mark != std::string_view::npos) {
        out.has_query = true;
        out.query = target.substr(mark + 1);
    }
    for (const char c : out.query) {
        if (c <= 0x20 || c >= 0x7f || c == '#') return refuse("path.forbidden_byte");
    }
    if (out.path.empty()) {
        out.path = "/";
    } else if (!is_canonical(out.path)) {
        MERLON_TRY(rewrite(out.path, storage));
        out.path = storage;
    }
    return out;
}

std::string fold(std::string_view path, Folding folding) {
    std::string out(path);
    if (folding != Folding::Case && out.size() > 1 && out.back() == '/') out.pop_back();
    if (folding == Folding::Slash) return out;
    for (std::size_t i = 0; i < out.size(); ++i) {
        if (out[i] == '%') {
            i += 2;
        } else if (out[i] == '{') {
            i = std::min(out.find('}', i), out.size());
        } else {
            out[i] = text::lower(out[i]);
        }
    }
    return out;
}

std::string decode_segment(std::string_view segment) {
    std::string out;
    for (std::size_t i = 0; i < segment.size(); ++i) {
        if (const auto byte = escaped_byte(segment.substr(i))) {
            out += *byte;
            i += 2;
        } else {
            out += segment[i];
        }
    }
    return out;
}

}  // namespace merlon::wire
