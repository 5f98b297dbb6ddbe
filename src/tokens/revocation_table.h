// A compact table of revoked subjects: 28 bytes each in one block, so that a million of them are
// tens of megabytes, and one byte of each in another, which stays in the processor's cache: of a
// subject that is not revoked, that is nearly every one, nothing else is waited for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tokens/revoked_id.h"

namespace merlon::tokens {

struct Revoked {
    RevokedId id;
    std::uint32_t least_version = 0;  // tokens of a lower one are refused
    std::uint32_t until = 0;          // seconds since 1970
    std::uint32_t least_until = 0;    // seconds of the clock that does not jump
};

// Open addressing with linear probing; 5 to 8 of 10 places are in use once it has grown. No locks.
class RevocationTable final {
public:
    // Keeps the greater one of each of the values when it is there. Gives whether more tokens are
    // refused now.
    bool add(const Revoked& revoked);
    const Revoked* find(const RevokedId& id) const;
    // Drops those that are over by both clocks, and gives back the memory.
    void drop_expired(std::uint32_t now, std::uint32_t steady_now);
    std::size_t size() const { return size_; }

private:
    std::size_t place_of(const RevokedId& id) const;
    void put(const Revoked& revoked, std::size_t place);
    void rebuild(std::size_t places);

    std::vector<Revoked> places_;
    std::vector<std::uint8_t> tags_;  // by place: free, or seven bits of the hash
    std::size_t size_ = 0;
};

}  // namespace merlon::tokens
