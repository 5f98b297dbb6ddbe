// Our own keys in order: one signs, the others verify what they signed before, and a new one is
// published before it signs.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "crypto/signature.h"

namespace merlon::tokens {

// Verifiers may hold our JWKS this long (contract: max-age=300); a new key waits that long.
inline constexpr std::chrono::seconds jwks_max_age{300};

struct RingKey {
    std::string kid;
    WallTime created_at;
    WallTime signs_from;                 // published since created_at
    std::optional<WallTime> retires_at;  // verifies until then; none: no end is set
    crypto::VerifyKey verify_key;
    // Shared by successive rings; immutable. Null where we only verify: in a gateway whose auth
    // role is elsewhere.
    std::shared_ptr<const crypto::SigningKey> key;

    // The kid is the key's RFC 7638 thumbprint. A shared secret's is made from its MAC, since a
    // hash of the secret must not be published.
    static RingKey make(crypto::SigningKey key, WallTime created_at, WallTime signs_from,
                        std::optional<WallTime> retires_at = {});
    // Of a published key, which the process that signs with it named.
    static RingKey of_public(std::string kid, crypto::VerifyKey key);
    bool is_retired(WallTime now) const { return retires_at && now >= *retires_at; }
};

// Value; immutable. A change makes a new ring, and the owner puts it in the old one's place.
class Keyring {
public:
    // Newest first, whatever order they come in. Fails with "keyring.duplicate" (two keys of one
    // kid) or "keyring.empty".
    static Result<Keyring> make(std::vector<RingKey> keys);
    // Without a key: finds none, and signs nothing. Of a process that holds no key, or none yet.
    static Keyring none() { return Keyring({}); }
    // HS256 with a secret that a fleet shares. Errors: "secret.short", "secret.sample".
    static Result<Keyring> of_secret(const Secret& secret);

    const std::vector<RingKey>& keys() const { return keys_; }
    // The newest key whose time to sign has come and that is not retired; when a clock went back
    // and none has, the oldest.
    const RingKey& signer(WallTime now) const;
    // The key a token names by `kid`; without one, a shared secret. Retired keys are not found.
    const RingKey* find(const std::optional<std::string>& kid, WallTime now) const;

    // RFC 7517 section 5: public keys that are not retired. A shared secret is never in it.
    std::string jwks(WallTime now) const;

private:
    explicit Keyring(std::vector<RingKey> keys) : keys_(std::move(keys)) {}
    std::vector<RingKey> keys_;  // empty: none()
};

}  // namespace merlon::tokens
