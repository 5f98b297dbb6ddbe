// Reading claims strictly: what has another type than it should is not there.
#include "tokens/claims.h"

#include <algorithm>
#include <boost/json/array.hpp>

#include "base/text.h"
#include "wire/compact_jose.h"
#include "wire/json.h"

namespace merlon::tokens {

namespace json = boost::json;

Result<json::object> parse_payload(std::string_view payload) {
    auto parsed = wire::parse_json(payload, {.bytes = wire::compact_jws_bytes_max, .depth = 16});
    if (!parsed || !parsed->is_object()) {
        return fail(Kind::Unknown, "token.claims", "no JSON object");
    }
    return std::move(parsed->get_object());
}

std::optional<WallTime> date_of(const json::object& claims, std::string_view name) {
    const json::value* value = claims.if_contains(name);
    if (value == nullptr || !value->is_int64()) return std::nullopt;
    const std::int64_t seconds = value->get_int64();
    constexpr std::int64_t year_5000 = 95'617'584'000;
    if (seconds < 0 || seconds > year_5000) return std::nullopt;
    return WallTime{std::chrono::seconds{seconds}};
}

std::optional<std::string> text_of(const json::object& claims, std::string_view name) {
    const json::value* value = claims.if_contains(name);
    if (value == nullptr) return std::string();
    if (!value->is_string()) return std::nullopt;
    // Goes into a header field towards the upstream.
    for (const char c : value->get_string()) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return std::nullopt;
    }
    return std::string(value->get_string());
}

bool names(const json::value* claim, std::string_view text) {
    if (claim == nullptr) return false;
    if (claim->is_string()) return claim->get_string() == text;
    if (!claim->is_array()) return false;
    return std::ranges::any_of(claim->get_array(), [&](const json::value& one) {
        return one.is_string() && one.get_string() == text;
    });
}

Result<> read_times(const json::object& claims, IssueTime issue_time, WallTime now,
                    AccessToken& token) {
    const bool has_issue_time = issue_time == IssueTime::Required || claims.contains("iat");
    const auto expires = date_of(claims, "exp");
    const auto issued = has_issue_time ? date_of(claims, "iat") : WallTime{};
    if (!expires || !issued) {
        return fail(Kind::Unknown, "token.claims", "exp and iat are required");
    }
    if (now >= *expires) return fail(Kind::Unknown, "token.expired");
    WallTime good_from = *issued;
    if (claims.contains("nbf")) {
        const auto not_before = date_of(claims, "nbf");
        if (!not_before) return fail(Kind::Unknown, "token.claims", "nbf");
        good_from = std::max(good_from, *not_before);
    }
    token.good_from = good_from - leeway;
    if (now < token.good_from) return fail(Kind::Unknown, "token.not_yet");
    token.expires_at = *expires;
    return {};
}

// Each dot may end the first name: the longest name that is there is tried first.
const json::value* find_claim(const json::object& claims, std::string_view path) {
    if (const json::value* whole = claims.if_contains(path)) return whole;
    for (std::size_t dot = path.rfind('.'); dot != std::string_view::npos && dot > 0;
         dot = path.rfind('.', dot - 1)) {
        const json::value* object = claims.if_contains(path.substr(0, dot));
        if (object == nullptr || !object->is_object()) continue;
        if (const auto* found = find_claim(object->get_object(), path.substr(dot + 1))) {
            return found;
        }
    }
    return nullptr;
}

std::vector<std::string_view> words_of(const json::value& claim) {
    std::vector<std::string_view> words;
    if (claim.is_string()) {
        words = text::split(claim.get_string(), ' ');
    } else if (claim.is_array()) {
        for (const json::value& one : claim.get_array()) {
            if (one.is_string()) words.emplace_back(one.get_string());
        }
    } else if (claim.is_object()) {
        for (const auto& [name, value] : claim.get_object()) words.emplace_back(name);
    }
    return words;
}

}  // namespace merlon::tokens
