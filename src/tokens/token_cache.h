// The verified tokens of one worker, so that a token is verified once and not at every request.
//
// Keyed by the token's SHA-256: nobody can find another text with the same, so a hit says exactly
// that this token was verified here. Only genuine tokens are kept: a stranger cannot fill it.
#pragma once

#include <cstring>
#include <list>
#include <memory>
#include <unordered_map>

#include "crypto/digest.h"
#include "tokens/access_token.h"

namespace merlon::tokens {

// Used by one thread. Entries leave when their token expires, and the least recently used first
// when it is full.
class TokenCache final {
public:
    explicit TokenCache(std::size_t entries_max = 20'000) : entries_max_(entries_max) {}

    // Shared with the request that uses it: the entry may leave while an upstream is answering.
    using Kept = std::shared_ptr<const AccessToken>;

    // The token if it was put here and has not expired, else null.
    Kept find(const crypto::Sha256& digest, WallTime now);
    Kept put(const crypto::Sha256& digest, AccessToken token);
    // After a change of keys, issuers or permissions.
    void flush();
    std::size_t size() const { return order_.size(); }

private:
    struct Entry {
        crypto::Sha256 digest;
        Kept token;
    };
    struct Hash {
        // A digest is uniform already: any eight bytes of it are a hash.
        std::size_t operator()(const crypto::Sha256& digest) const {
            std::size_t word;
            std::memcpy(&word, digest.data(), sizeof word);
            return word;
        }
    };

    std::size_t entries_max_;
    std::list<Entry> order_;  // the most recently used first
    std::unordered_map<crypto::Sha256, std::list<Entry>::iterator, Hash> index_;
};

}  // namespace merlon::tokens
