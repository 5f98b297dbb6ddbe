// The keys that sign our tokens, in their table, encrypted under the key store's root key.
//
// A key lives so: published; five minutes later, when every verifier that keeps our JWKS knows it,
// it signs; a successor takes over; it verifies access tokens until the last one it made has
// expired and leaves the JWKS; it verifies refresh tokens until the last of those has, so that a
// rotation signs nobody out.
#pragma once

#include "identity/parts.h"
#include "tokens/issuer.h"

namespace merlon::identity {

// What keys are made, and how long the tokens live that they sign.
struct KeyPolicy {
    tokens::Algorithm algorithm;
    std::chrono::seconds access_ttl;
    std::chrono::seconds refresh_ttl;
};

// When a new key begins to sign.
enum class KeyStart : std::uint8_t {
    Published,  // once nobody's copy of our JWKS can lack it
    // The old one cannot be trusted; other verifiers may refuse for five minutes. Where several
    // processes share the database it is after those seconds in which all of them hear of it.
    AtOnce,
};

// Not for HS256, whose keys are configuration. Safe from every thread, but of changes at the same
// time the caller has to keep the rings of the last.
class SigningKeys final {
public:
    // Keys that still verify something; each successor adds one.
    static constexpr std::size_t keys_max = 32;

    explicit SigningKeys(const Parts& parts) : parts_(parts) {}

    // Each gives the rings as they are then. Errors: those of Database, and "keys.master" (a key
    // does not open).

    // At first start with a new key; with a successor when the newest is of another algorithm.
    Task<tokens::Rings> load(KeyPolicy policy);
    // As another process may have changed them.
    Task<tokens::Rings> read();
    // Makes a successor. Error: "key.many" (Exhausted).
    Task<tokens::Rings> rotate(KeyPolicy policy, KeyStart start);
    // Ends a key at once: no token it made is good any more. Errors: "key.absent" (Absent),
    // "key.signs" (Conflict: it signs or is about to).
    Task<tokens::Rings> retire(std::string kid);

private:
    struct Fresh;
    Result<Fresh> make(tokens::Algorithm algorithm) const;
    events::Event event(std::string kid, std::string change) const;
    Result<tokens::Rings> open(const storage::Rows& rows) const;

    Parts parts_;
};

}  // namespace merlon::identity
