// Reads the claims of an access token.
#include "tokens/access_token.h"

#include <boost/json.hpp>
#include <optional>

#include "base/text.h"
#include "wire/json.h"

namespace merlon::tokens {
namespace {

namespace json = boost::json;

constexpr wire::JsonLimits payload_limits{.bytes = 8 << 10, .depth = 8};

std::unexpected<Error> refuse(std::string_view rule, std::string detail = {}) {
    return fail(Kind::Unknown, rule, std::move(detail));
}

// A NumericDate (RFC 7519 section 2), whole seconds as ours are, of a year that a calendar knows.
// Text, null, fractions and 1e300 are none; a missing one must not read as "for ever".
std::optional<WallTime> date_of(const json::object& claims, std::string_view name) {
    const json::value* value = claims.if_contains(name);
    if (value == nullptr || !value->is_int64()) return std::nullopt;
    const std::int64_t seconds = value->get_int64();
    constexpr std::int64_t year_5000 = 95'617'584'000;
    if (seconds < 0 || seconds > year_5000) return std::nullopt;
    return WallTime{std::chrono::seconds{seconds}};
}

// An absent claim is empty text; one of another type is none at all.
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

bool names_audience(const json::object& claims, std::string_view audience) {
    const json::value* value = claims.if_contains("aud");
    if (value == nullptr) return false;
    if (value->is_string()) return value->get_string() == audience;
    if (!value->is_array()) return false;
    for (const json::value& one : value->get_array()) {
        if (one.is_string() && one.get_string() == audience) return true;
    }
    return false;
}

Result<> check_times(const json::object& claims, WallTime now, AccessToken& token) {
    const auto expires = date_of(claims, "exp");
    const auto issued = date_of(claims, "iat");
    if (!expires || !issued) return refuse("token.claims", "exp and iat are required");
    if (now >= *expires) return refuse("token.expired");
    WallTime good_from = *issued;
    if (claims.contains("nbf")) {
        const auto not_before = date_of(claims, "nbf");
        if (!not_before) return refuse("token.claims", "nbf");
        good_from = std::max(good_from, *not_before);
    }
    token.good_from = good_from - leeway;
    if (now < token.good_from) return refuse("token.not_yet");
    token.expires_at = *expires;
    return {};
}

Result<> read_permissions(const json::object& claims, access::Subject& subject) {
    const json::value* value = claims.if_contains("permissions");
    if (value == nullptr) return {};
    if (!value->is_array()) return refuse("token.claims", "permissions");
    for (const json::value& one : value->get_array()) {
        if (!one.is_string()) return refuse("token.claims", "permissions");
        const std::string_view name = one.get_string();
        // Listed in a header field, separated by commas.
        for (const char c : name) {
            if (c <= 0x20 || c >= 0x7f || c == ',') return refuse("token.claims", "permissions");
        }
        subject.permission_names.emplace_back(name);
    }
    return {};
}

// OAuth's `scope` (RFC 6749 section 3.3): words between spaces.
void read_scope(std::string_view scope, access::Subject& subject) {
    for (const std::string_view word : text::split(scope, ' ')) {
        if (access::is_name(word)) subject.permission_names.emplace_back(word);
    }
}

}  // namespace

Result<std::string> unverified_issuer(std::string_view payload) {
    const auto parsed = wire::parse_json(payload, payload_limits);
    if (!parsed || !parsed->is_object()) return refuse("token.claims", "no JSON object");
    return text_of(parsed->get_object(), "iss").value_or("");
}

Result<WallTime> unverified_expiry(std::string_view payload) {
    const auto parsed = wire::parse_json(payload, payload_limits);
    if (!parsed || !parsed->is_object()) return refuse("token.claims", "no JSON object");
    const auto expires = date_of(parsed->get_object(), "exp");
    if (!expires) return refuse("token.claims", "exp is required");
    return *expires;
}

Result<AccessToken> parse_access_claims(std::string_view payload, const ClaimRules& rules,
                                        const access::Roles& roles, WallTime now) {
    const auto parsed = wire::parse_json(payload, payload_limits);
    if (!parsed || !parsed->is_object()) return refuse("token.claims", "no JSON object");
    const json::object& claims = parsed->get_object();

    AccessToken token;
    token.origin = rules.origin;
    const auto type = text_of(claims, "type");
    if (!type || (claims.contains("type") && *type != "access")) return refuse("token.type");
    const auto issuer = text_of(claims, "iss");
    if (!issuer || *issuer != rules.issuer) return refuse("token.issuer");
    if (!names_audience(claims, rules.audience)) return refuse("token.audience");
    MERLON_TRY(check_times(claims, now, token));

    const auto user_id = text_of(claims, "userId");
    const auto subject = text_of(claims, "sub");
    const auto email = text_of(claims, "email");
    const auto role = text_of(claims, "role");
    const auto token_id = text_of(claims, "jti");
    const auto session_id = text_of(claims, "sid");
    if (!user_id || !subject || !email || !role || !token_id || !session_id) {
        return refuse("token.claims", "a claim of text is not text");
    }
    if (!user_id->empty() && !subject->empty() && *user_id != *subject) {
        return refuse("token.claims", "sub and userId differ");
    }
    token.subject.user_id = user_id->empty() ? *subject : *user_id;
    if (token.subject.user_id.empty()) return refuse("token.claims", "no userId");
    token.subject.email = *email;
    token.subject.role = *role;
    token.token_id = *token_id;
    token.session_id = *session_id;
    if (token.origin == Origin::Own) {
        token.revocable = {RevokedId::parse(token.session_id),
                           RevokedId::parse(token.subject.user_id)};
    }
    if (const json::value* version = claims.if_contains("ver")) {
        if (!version->is_int64()) return refuse("token.claims", "ver");
        token.version = version->get_int64();
    }
    MERLON_TRY(read_permissions(claims, token.subject));
    if (rules.origin == Origin::Foreign && !claims.contains("permissions")) {
        read_scope(text_of(claims, "scope").value_or(""), token.subject);
    }
    token.subject.permissions = roles.set_of(token.subject.permission_names);
    return token;
}

}  // namespace merlon::tokens
