// tokens.trusted: other issuers whose access tokens are accepted.
#include <algorithm>

#include "config/sections.h"
#include "config/values.h"

namespace merlon::config {
namespace {

// What is wrong with where an issuer's keys are; empty: nothing.
std::string wrong_jwks(const tokens::TrustedIssuer& issuer) {
    if (issuer.jwks.starts_with("file:")) return {};
    const auto url = parse_url(issuer.jwks);
    if (!url || !url->user.empty() || (url->scheme != "https" && url->scheme != "http")) {
        return "must be https://host/path or file:/path";
    }
    if (url->scheme == "http" && !issuer.private_network) {
        return "http:// is for private addresses only, and needs private_network: true";
    }
    return {};
}

void read_claims(Reader claims, tokens::ForeignClaims& out) {
    claims.texts("permissions", out.permissions,
                 "claims with permissions, such as scp or realm_access.roles; default: "
                 "permissions, else scope and scp");
    claims.text("role", out.role, "claim with roles that access.roles has; default: none");
    claims.text("prefix", out.prefix,
                "only permissions that begin with it count, and without it: https://api.example/");
    claims.text("audience", out.audience, "claim with the audience");
    const auto is_empty = [](const std::string& path) { return path.empty(); };
    if (std::ranges::any_of(out.permissions, is_empty)) {
        claims.problem("permissions", "must name a claim");
    }
    if (out.audience.empty()) claims.problem("audience", "must name a claim");
    claims.finish();
}

}  // namespace

void read_trusted_issuers(std::vector<Reader> list, std::vector<tokens::TrustedIssuer>& out) {
    for (Reader& one : list) {
        tokens::TrustedIssuer issuer;
        one.text("issuer", issuer.issuer, "the token's iss");
        one.text("jwks", issuer.jwks, "its public keys: https://host/path or file:/path");
        one.text("audience", issuer.audience, "the token's aud");
        one.boolean("private_network", issuer.private_network,
                    "the keys may be at a private address");
        one.text("ca", issuer.ca_path, "PEM file that certifies its server; default: the system's");
        read_claims(one.section("claims", "where its tokens say what their subject may do"),
                    issuer.claims);
        if (issuer.issuer.empty() || issuer.jwks.empty() || issuer.audience.empty()) {
            one.problem("", "needs issuer, jwks and audience");
        } else if (const std::string wrong = wrong_jwks(issuer); !wrong.empty()) {
            one.problem("jwks", wrong);
        }
        one.finish();
        out.push_back(std::move(issuer));
    }
}

}  // namespace merlon::config
