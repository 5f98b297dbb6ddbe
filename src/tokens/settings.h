// What can be said about tokens. Filled by config/.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.h"
#include "crypto/signature.h"

namespace merlon::tokens {

using crypto::Algorithm;

// Where the tokens of a trusted issuer say what their subject may do. A path leads through objects:
// "realm_access.roles".
struct ForeignClaims {
    std::vector<std::string> permissions;  // paths; none: `permissions`, else `scope` and `scp`
    std::string role;                      // path; empty: no role of ours
    std::string prefix;                    // of the permissions that count
    std::string audience = "aud";          // path
};

// A foreign identity provider whose tokens the gateway accepts.
struct TrustedIssuer {
    std::string issuer;
    std::string jwks;  // https://…, http://… (private network) or file:/…
    std::string audience;
    bool private_network = false;  // the URL may lead to a private address
    std::string ca_path;           // PEM, for the URL; empty: the system's
    ForeignClaims claims = {};
};

struct TokenSettings {
    Algorithm algorithm = Algorithm::ES256;  // HS256 when JWT_SECRET is set and nothing else said
    std::string issuer = "auth-service";
    std::string audience = "microservices-api";
    std::string jwks_url;  // of our public keys, as others reach it
    std::chrono::seconds access_ttl{900};
    std::chrono::seconds refresh_ttl{604'800};
    std::chrono::seconds reuse_grace{10};
    Secret secret;          // HS256: JWT_SECRET
    Secret refresh_secret;  // HS256: JWT_REFRESH_SECRET
    std::vector<TrustedIssuer> trusted;
};

}  // namespace merlon::tokens
