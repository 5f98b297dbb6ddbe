// SipHash-1-3 (Aumasson and Bernstein 2012): the keyed hash of tables whose keys strangers choose.
// Without the key nobody can make two keys fall together.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/entropy.h"

namespace merlon {

class SipHash {
public:
    explicit SipHash(Entropy& entropy) { entropy.fill(std::as_writable_bytes(std::span(key_))); }
    SipHash(std::uint64_t key0, std::uint64_t key1) : key_{key0, key1} {}

    std::uint64_t operator()(std::string_view text) const {
        State state{key_[0] ^ 0x736f6d6570736575, key_[1] ^ 0x646f72616e646f6d,
                    key_[0] ^ 0x6c7967656e657261, key_[1] ^ 0x7465646279746573};
        const std::size_t whole = text.size() & ~std::size_t{7};
        for (std::size_t i = 0; i < whole; i += 8) state.absorb(load(text.data() + i, 8));
        state.absorb(std::uint64_t{text.size()} << 56 |
                     load(text.data() + whole, text.size() - whole));
        state.v2 ^= 0xff;
        for (int i = 0; i < 3; ++i) state.round();
        return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
    }

private:
    struct State {
        std::uint64_t v0, v1, v2, v3;

        void round() {
            v0 += v1, v1 = std::rotl(v1, 13) ^ v0, v0 = std::rotl(v0, 32);
            v2 += v3, v3 = std::rotl(v3, 16) ^ v2;
            v0 += v3, v3 = std::rotl(v3, 21) ^ v0;
            v2 += v1, v1 = std::rotl(v1, 17) ^ v2, v2 = std::rotl(v2, 32);
        }
        void absorb(std::uint64_t word) {
            v3 ^= word;
            round();
            v0 ^= word;
        }
    };

    static std::uint64_t load(const char* bytes, std::size_t count) {
        static_assert(std::endian::native == std::endian::little);
        std::uint64_t word = 0;
        // An empty text may be nowhere, which memcpy() must not be told.
        if (count > 0) std::memcpy(&word, bytes, count);
        return word;
    }

    std::uint64_t key_[2];
};

}  // namespace merlon
