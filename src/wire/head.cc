// Finds the end of a head, and parses it.
#include "wire/head.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "base/text.h"

namespace merlon::wire {
namespace {

// In the order of Method.
constexpr auto method_names = std::to_array<std::string_view>({
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "ACL",
    "BASELINE-CONTROL",
    "BIND",
    "CHECKIN",
    "CHECKOUT",
    "COPY",
    "LABEL",
    "LINK",
    "LOCK",
    "MERGE",
    "MKACTIVITY",
    "MKCALENDAR",
    "MKCOL",
    "MKREDIRECTREF",
    "MKWORKSPACE",
    "MOVE",
    "ORDERPATCH",
    "PROPFIND",
    "PROPPATCH",
    "QUERY",
    "REBIND",
    "REPORT",
    "SEARCH",
    "UNBIND",
    "UNCHECKOUT",
    "UNLINK",
    "UNLOCK",
    "UPDATE",
    "UPDATEREDIRECTREF",
    "VERSION-CONTROL",
});
static_assert(method_names.size() == method_count);

std::unexpected<Error> refuse(std::string_view rule) { return fail(Kind::Invalid, rule); }

// tchar of RFC 9110 section 5.6.2.
constexpr auto token_letters = [] {
    std::array<bool, 256> letters{};
    for (int c = 0; c < 256; ++c) {
        letters[static_cast<std::size_t>(c)] =
            text::is_digit(static_cast<char>(c)) || text::is_alpha(static_cast<char>(c)) ||
            (c != 0 && std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) !=
                           std::string_view::npos);
    }
    return letters;
}();

// Of the token that `text` begins with.
std::size_t token_length(std::string_view text) {
    std::size_t length = 0;
    while (length < text.size() && token_letters[static_cast<unsigned char>(text[length])]) {
        ++length;
    }
    return length;
}

bool is_token(std::string_view text) { return !text.empty() && token_length(text) == text.size(); }

// HTAB, space, visible ASCII and obs-text (RFC 9110 section 5.5): no other control, no DEL, and so
// no CR that is not a line's end.
bool is_field_value(std::string_view value) {
    // All of it, without leaving early: the compiler makes vectors of this, and a token is long.
    unsigned char bad = 0;
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        bad |= static_cast<unsigned char>((byte < 0x20 && byte != '\t') || byte == 0x7f);
    }
    return bad == 0;
}

// Takes `text` up to `end` and the end itself off the front; null when there is no such end.
std::optional<std::string_view> take_until(std::string_view& text, std::string_view end) {
    const std::size_t at = text.find(end);
    if (at == std::string_view::npos) return std::nullopt;
    const std::string_view taken = text.substr(0, at);
    text.remove_prefix(at + end.size());
    return taken;
}

// "HTTP/1.0" or "HTTP/1.1" (RFC 9112 section 2.3) as its minor number.
Result<int> parse_version(std::string_view text) {
    const bool is_version = text.size() == 8 && text.starts_with("HTTP/") &&
                            text::is_digit(text[5]) && text[6] == '.' && text::is_digit(text[7]);
    if (!is_version) return refuse("head.malformed");
    if (text[5] != '1' || text[7] > '1') return refuse("head.version");
    return text[7] - '0';
}

// method SP request-target SP HTTP-version (RFC 9112 section 3). What a target is made of, and
// which one is ours, is for admission to say.
Result<> parse_request_line(std::string_view line, const HeadLimits& limits, RequestHead& head) {
    const auto method = take_until(line, " ");
    const auto target = take_until(line, " ");
    if (!method || !target || target->empty() || !is_token(*method)) {
        return refuse("head.malformed");
    }
    head.version_minor = MERLON_TRY(parse_version(line));
    const auto known = find_method(*method);
    if (!known) return refuse("head.method");
    if (target->size() > limits.target_bytes) return refuse("target.too_long");
    head.method = *known;
    head.target = *target;
    return {};
}

// HTTP-version SP 3DIGIT SP [ reason-phrase ] (RFC 9112 section 4).
Result<> parse_status_line(std::string_view line, ResponseHead& head) {
    const auto version = take_until(line, " ");
    const auto status = take_until(line, " ");
    if (!version || !status || !is_field_value(line)) return refuse("head.malformed");
    head.version_minor = MERLON_TRY(parse_version(*version));
    const auto number = text::parse_number<int>(*status);
    if (status->size() != 3 || !number || *number < 100) return refuse("head.malformed");
    head.status = *number;
    head.reason = line;
    return {};
}

// field-name ":" OWS field-value OWS, until the empty line (RFC 9112 section 5). Never white space
// before the colon (section 5.1), nor a folded line (section 5.2), which the scanner refuses.
Result<> parse_fields(std::string_view lines, const HeadLimits& limits,
                      std::vector<Field>& fields) {
    fields.clear();
    while (true) {
        auto line = take_until(lines, "\r\n");
        if (!line) return refuse("head.malformed");
        if (line->empty()) break;
        const std::string_view name = line->substr(0, token_length(*line));
        if (name.empty() || name.size() == line->size() || (*line)[name.size()] != ':') {
            return refuse("head.malformed");
        }
        const std::string_view value = text::trim(line->substr(name.size() + 1));
        if (!is_field_value(value)) return refuse("head.malformed");
        if (fields.size() == limits.fields) return refuse("head.too_many_fields");
        fields.push_back({field_id(name), name, value});
    }
    return lines.empty() ? Result<>{} : refuse("head.malformed");
}

const Field* find_in(const std::vector<Field>& fields, FieldId id) {
    for (const Field& field : fields) {
        if (field.id == id) return &field;
    }
    return nullptr;
}

}  // namespace

std::string_view name(Method method) { return method_names[static_cast<std::size_t>(method)]; }

std::optional<Method> find_method(std::string_view text) {
    const auto known = std::ranges::find(method_names, text);
    if (known == method_names.end()) return std::nullopt;
    return static_cast<Method>(known - method_names.begin());
}

bool is_idempotent(Method method) {
    switch (method) {
        case Method::Get:
        case Method::Head:
        case Method::Put:
        case Method::Delete:
        case Method::Options:
        case Method::Propfind:
        case Method::Query:
        case Method::Report:
        case Method::Search:
            return true;
        default:
            return false;
    }
}

Result<std::size_t> HeadScanner::scan(std::string_view bytes, const HeadLimits& limits) {
    while (seen_ < bytes.size()) {
        const void* found = std::memchr(bytes.data() + seen_, '\n', bytes.size() - seen_);
        if (found == nullptr) {
            seen_ = bytes.size();
            break;
        }
        const auto end = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
        // A lone LF ends a line for some servers and not for others (RFC 9112 section 2.2): two
        // readers of one stream must never disagree where a head ends.
        if (end == line_begin_ || bytes[end - 1] != '\r')
            return fail(Kind::Invalid, "head.line_end");
        const bool is_first = line_begin_ == 0;
        const bool is_empty = end == line_begin_ + 1;
        if (!is_first && (bytes[line_begin_] == ' ' || bytes[line_begin_] == '\t')) {
            return fail(Kind::Invalid, "framing.obsolete_fold");
        }
        seen_ = line_begin_ = end + 1;
        if (seen_ > limits.head_bytes) break;
        if (is_empty) return seen_;
    }
    if (seen_ > limits.head_bytes) return fail(Kind::Invalid, "head.too_large");
    return 0;
}

const Field* RequestHead::find(FieldId id) const { return find_in(fields, id); }

Result<> RequestHead::parse(std::string_view head, const HeadLimits& limits) {
    fields.clear();
    const auto line = take_until(head, "\r\n");
    if (!line) return refuse("head.malformed");
    const Result<> begun = parse_request_line(*line, limits, *this);
    // Also behind a line that is refused: who may read the refusal is said by a field.
    const Result<> ended = parse_fields(head, limits, fields);
    return begun ? ended : begun;
}

const Field* ResponseHead::find(FieldId id) const { return find_in(fields, id); }

Result<> ResponseHead::parse(std::string_view head, const HeadLimits& limits) {
    const auto line = take_until(head, "\r\n");
    if (!line) return refuse("head.malformed");
    MERLON_TRY(parse_status_line(*line, *this));
    return parse_fields(head, limits, fields);
}

}  // namespace merlon::wire
