// The verified tokens of one worker, so that a token is verified once and not at every request.
//
// Keyed by the token's SHA-256: nobody can find another text with the same, so a hit says exactly
// that this token was verified here. Only genuine tokens are kept: a stranger cannot fill it.
//
// With ten thousand tokens nothing of this is in the processor's first caches. So the last letters
// of a token, which are its signature's, choose a set of eight places and tell them apart: the
// set's memory is on its way from when a request's head is read, and that of the likely place, its
// token and what a service was told of it while the digest is computed.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "crypto/digest.h"
#include "tokens/access_token.h"

namespace merlon::tokens {

// Used by one thread. An entry leaves when its token is not good any more and somebody asks for it,
// and when its set is full and it was used least recently there.
class TokenCache final {
public:
    static constexpr std::size_t places = 8;

    // Holds up to 8 × `sets` tokens; `sets` is a power of two.
    explicit TokenCache(std::size_t sets = 4'096) : sets_max_(sets) {}

    // Shared with the request that uses it: the entry may leave while an upstream is answering.
    using Kept = std::shared_ptr<const AccessToken>;

    // find() is near, of a token that `text` ends with. Says nothing about it.
    void expect(std::string_view text) const;
    // The token if it was put here and is good now, else null.
    Kept find(std::string_view token, WallTime now);
    // `token` is the text that `verified` was read from.
    Kept put(std::string_view token, AccessToken verified);
    // After a change of keys, issuers or permissions.
    void flush() { sets_.clear(); }

private:
    struct Place {
        crypto::Sha256 digest{};
        Kept token;
        std::uint64_t used = 0;  // when, counted in uses of the cache; 0: empty
    };
    struct alignas(64) Set {
        std::array<std::uint64_t, places> tags{};
        std::array<Place, places> all;
    };

    std::size_t set_of(std::uint64_t tag) const { return tag >> 32 & (sets_max_ - 1); }

    crypto::Sha256Hasher hasher_;
    std::size_t sets_max_;
    std::vector<Set> sets_;  // made with the first token
    std::uint64_t uses_ = 0;
};

}  // namespace merlon::tokens
