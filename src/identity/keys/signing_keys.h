// The keys that sign our tokens, in their table, encrypted under the key store's root key.
//
// The life of a key: it is published; five minutes later, when every verifier that caches our JWKS
// knows it, it signs; a successor takes over; it verifies access tokens until the last one it
// signed has expired, and leaves the JWKS; the key derived from it verifies refresh tokens until
// the last of those has expired, so that a rotation signs nobody out.
#pragma once

#include "base/clock.h"
#include "base/entropy.h"
#include "events/event.h"
#include "sealing/key_store.h"
#include "storage/database.h"
#include "tokens/issuer.h"

namespace merlon::identity {

// Which keys are made, and how long the tokens live that they sign.
struct KeyPolicy {
    tokens::Algorithm algorithm;
    std::chrono::seconds access_ttl;
    std::chrono::seconds refresh_ttl;
};

// When a new key begins to sign.
enum class KeyStart : std::uint8_t {
    Published,  // once nobody's copy of our JWKS can lack it
    // The old key cannot be trusted; other verifiers may refuse tokens for five minutes. Where
    // several processes share the database it begins after the seconds in which all of them read
    // it.
    AtOnce,
};

// Not for HS256, whose keys are configuration. Safe from every thread; of concurrent changes the
// caller has to keep the rings of the last (key_change.h).
class SigningKeys final {
public:
    // Keys that still verify something; each successor adds one.
    static constexpr std::size_t keys_max = 32;

    // Borrows all for its life.
    SigningKeys(storage::Database& database, sealing::KeyStore& keys, events::EventSink& events,
                const Clock& clock, Entropy& entropy)
        : database_(database), keys_(keys), events_(events), clock_(clock), entropy_(entropy) {}

    // Each gives the rings as they are then. Errors: those of Database, and "keys.master" (a key
    // does not open).

    // At first start makes a key; makes a successor when the newest is of another algorithm.
    Task<tokens::Rings> load(KeyPolicy policy);
    // As another process may have changed them.
    Task<tokens::Rings> read();
    // Makes a successor. Error: "key.many" (Exhausted).
    Task<tokens::Rings> rotate(KeyPolicy policy, KeyStart start);
    // Ends a key at once: no token it signed is valid any more. Errors: "key.absent" (Absent),
    // "key.signs" (Conflict: it signs or is about to).
    Task<tokens::Rings> retire(std::string kid);

private:
    struct Fresh;
    Result<Fresh> make(tokens::Algorithm algorithm) const;
    events::Event event(std::string kid, std::string change) const;
    Result<tokens::Rings> open(const storage::Rows& rows) const;

    storage::Database& database_;
    sealing::KeyStore& keys_;
    events::EventSink& events_;
    const Clock& clock_;
    Entropy& entropy_;
};

}  // namespace merlon::identity
