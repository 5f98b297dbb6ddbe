// Makes our tokens, and reads our refresh tokens back.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/entropy.h"
#include "base/result.h"
#include "tokens/keyring.h"
#include "tokens/settings.h"

namespace merlon::tokens {

// Whom an access token is for.
struct AccessGrant {
    std::string user_id;
    std::string email;
    std::string role;
    std::vector<std::string> permissions;
    std::string session_id;
    std::int64_t version = 0;
};

struct RefreshToken {
    std::string user_id;
    std::string token_id;
};

// `typ` of refresh tokens: who verifies access tokens knows by it that they are none.
inline constexpr std::string_view refresh_token_type = "rt+jwt";

// Whatever is wrong with a refresh token (Unknown).
inline constexpr std::string_view invalid_refresh_rule = "refresh.invalid";

// The key rings of an installation. The keys of refresh tokens are published nowhere: each is
// derived from a signing key and lives as long as that one verifies (refresh_key_of()); with HS256
// it is JWT_REFRESH_SECRET.
struct Rings {
    std::shared_ptr<const Keyring> access;  // shared with the verifiers of all workers
    std::shared_ptr<const Keyring> refresh;
    // Verify refresh tokens without that type, which releases before signed with the published
    // keys: the signing keys, until the last refresh token of their time has expired.
    std::shared_ptr<const Keyring> former_refresh;

    // HS256. Without a refresh secret one is derived from the other. Errors: "secret.short",
    // "secret.sample", "secret.reused".
    static Result<Rings> of_secrets(const TokenSettings& settings);
};

// The key of the refresh tokens of a signing key's time, from its PrivateKeyInfo, DER.
Result<crypto::SigningKey> refresh_key_of(const Secret& signing_key);

// Safe from every thread if `entropy` is, which it borrows.
class Issuer final {
public:
    Issuer(const TokenSettings& settings, Rings rings, Entropy& entropy);
    // The same with other keys.
    Issuer with(Rings rings) const;

    // With a fresh jti.
    std::string issue_access(const AccessGrant& grant, WallTime now) const;
    std::string issue_refresh(const RefreshToken& token, WallTime now) const;
    // Whether it is the current one of its session is the session store's to say.
    // Error: invalid_refresh_rule.
    Result<RefreshToken> verify_refresh(std::string_view token, WallTime now) const;

    std::chrono::seconds access_ttl() const { return access_ttl_; }
    std::chrono::seconds refresh_ttl() const { return refresh_ttl_; }
    std::string jwks(WallTime now) const { return rings_.access->jwks(now); }
    // OpenID Connect Discovery 1.0 section 3, as far as it concerns who verifies access tokens.
    std::string discovery() const;
    const Rings& rings() const { return rings_; }

private:
    std::string issuer_;
    std::string audience_;
    std::string jwks_url_;
    std::chrono::seconds access_ttl_;
    std::chrono::seconds refresh_ttl_;
    Rings rings_;
    Entropy& entropy_;
};

}  // namespace merlon::tokens
