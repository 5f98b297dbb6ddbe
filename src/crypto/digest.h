// Hashing bytes: SHA-256.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>

namespace merlon::crypto {

using Sha256 = std::array<std::byte, 32>;

// The bytes of a digest as text, for maps and encoders. Borrows.
inline std::string_view as_text(const Sha256& digest) {
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// One digest now and then; allocates a context. On a hot path keep a Sha256Hasher.
Sha256 sha256(std::string_view bytes);

// Digests on a hot path: keeps its context. OpenSSL 3.0 allocates the state inside it for every
// digest all the same. Resource; one thread.
class Sha256Hasher {
public:
    Sha256Hasher();
    ~Sha256Hasher();
    Sha256Hasher(Sha256Hasher&&) noexcept;
    Sha256Hasher& operator=(Sha256Hasher&&) noexcept;

    Sha256 hash(std::string_view bytes);

private:
    struct Context;
    std::unique_ptr<Context> context_;
};

}  // namespace merlon::crypto
