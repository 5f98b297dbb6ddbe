// Reads the claims of an access token.
#include "tokens/access_token.h"

#include <boost/json.hpp>

#include "tokens/claims.h"
#include "tokens/foreign_claims.h"

namespace merlon::tokens {
namespace {

namespace json = boost::json;

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

Result<> read_subject(const json::object& claims, AccessToken& token) {
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
    token.revocable = {RevokedId::parse(token.session_id), RevokedId::parse(token.subject.user_id)};
    return {};
}

// Of our own tokens.
Result<AccessToken> read_own_claims(const json::object& claims, const ClaimRules& rules,
                                    const access::Roles& roles, WallTime now) {
    AccessToken token;
    const auto type = text_of(claims, "type");
    if (!type || (claims.contains("type") && *type != "access")) return refuse(token_type_rule);
    const auto issuer = text_of(claims, "iss");
    if (!issuer || *issuer != rules.issuer) return refuse("token.issuer");
    if (!names(claims.if_contains("aud"), rules.audience)) return refuse("token.audience");
    MERLON_TRY(read_times(claims, IssueTime::Required, now, token));
    MERLON_TRY(read_subject(claims, token));
    if (const json::value* version = claims.if_contains("ver")) {
        if (!version->is_int64()) return refuse("token.claims", "ver");
        token.version = version->get_int64();
    }
    MERLON_TRY(read_permissions(claims, token.subject));
    token.subject.permissions = roles.set_of(token.subject.permission_names);
    return token;
}

}  // namespace

Result<std::string> unverified_issuer(std::string_view payload) {
    return text_of(MERLON_TRY(parse_payload(payload)), "iss").value_or("");
}

Result<WallTime> unverified_expiry(std::string_view payload) {
    const auto expires = date_of(MERLON_TRY(parse_payload(payload)), "exp");
    if (!expires) return refuse("token.claims", "exp is required");
    return *expires;
}

Result<AccessToken> parse_access_claims(std::string_view payload, const ClaimRules& rules,
                                        const access::Roles& roles, WallTime now) {
    const json::object claims = MERLON_TRY(parse_payload(payload));
    return rules.origin == Origin::Own ? read_own_claims(claims, rules, roles, now)
                                       : read_foreign_claims(claims, rules, roles, now);
}

}  // namespace merlon::tokens
