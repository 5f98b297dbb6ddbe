// Reads who a foreign token is about, and what the configured claims let its subject do.
#include "tokens/foreign_claims.h"

#include <algorithm>

#include "tokens/claims.h"

namespace merlon::tokens {
namespace {

namespace json = boost::json;

// Each costs bytes in a field of every request to an upstream.
constexpr std::size_t permission_names_max = 1'000;

// A word that is no name carries no power and goes nowhere.
void add_permission(std::string_view word, access::Subject& subject) {
    auto& names = subject.permission_names;
    if (!access::is_name(word) || names.size() >= permission_names_max) return;
    if (std::ranges::find(names, word) == names.end()) names.emplace_back(word);
}

// Those that begin with `prefix`, without it: an API's name, as in "shop/read:products".
void add_permissions(const json::object& claims, std::string_view path, std::string_view prefix,
                     access::Subject& subject) {
    const json::value* claim = find_claim(claims, path);
    if (claim == nullptr) return;
    for (const std::string_view word : words_of(*claim)) {
        if (word.starts_with(prefix)) add_permission(word.substr(prefix.size()), subject);
    }
}

void read_permissions(const json::object& claims, const ForeignClaims& names,
                      access::Subject& subject) {
    if (!names.permissions.empty()) {
        for (const std::string& path : names.permissions) {
            add_permissions(claims, path, names.prefix, subject);
        }
    } else if (claims.contains("permissions")) {
        add_permissions(claims, "permissions", names.prefix, subject);
    } else {
        add_permissions(claims, "scope", names.prefix, subject);
        add_permissions(claims, "scp", names.prefix, subject);
    }
}

// Adds the permissions of every role in the claim that access.roles knows. The first of these roles
// becomes the subject's, which X-User-Role shows to upstreams.
void read_roles(const json::object& claims, const ForeignClaims& names, const access::Roles& roles,
                access::Subject& subject) {
    if (names.role.empty()) return;
    const json::value* claim = find_claim(claims, names.role);
    if (claim == nullptr) return;
    for (std::string_view role : words_of(*claim)) {
        // A word without the prefix is meant for another service.
        if (!role.starts_with(names.prefix)) continue;
        role.remove_prefix(names.prefix.size());
        if (!roles.has_role(role)) continue;
        if (subject.role.empty()) subject.role = role;
        for (const std::string& name : roles.permissions_of(role)) add_permission(name, subject);
    }
}

// `sub`; an issuer that has none may say `userId`, as the seed's does.
Result<std::string> read_user_id(const json::object& claims) {
    for (const std::string_view name : {"sub", "userId"}) {
        const auto text = text_of(claims, name);
        if (!text) return refuse("token.claims", std::string(name) + " is not text");
        if (!text->empty()) return *text;
    }
    return refuse("token.claims", "no sub");
}

}  // namespace

Result<AccessToken> read_foreign_claims(const json::object& claims, const ClaimRules& rules,
                                        const access::Roles& roles, WallTime now) {
    AccessToken token;
    token.origin = Origin::Foreign;
    if (!names(claims.if_contains("iss"), rules.issuer)) return refuse("token.issuer");
    if (!names(find_claim(claims, rules.foreign.audience), rules.audience)) {
        return refuse("token.audience");
    }
    MERLON_TRY(read_times(claims, IssueTime::Optional, now, token));
    token.subject.user_id = MERLON_TRY(read_user_id(claims));
    token.token_id = text_of(claims, "jti").value_or("");
    token.session_id = text_of(claims, "sid").value_or("");
    read_permissions(claims, rules.foreign, token.subject);
    read_roles(claims, rules.foreign, roles, token.subject);
    token.subject.permissions = roles.set_of(token.subject.permission_names);
    return token;
}

}  // namespace merlon::tokens
