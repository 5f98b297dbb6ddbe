// AES-256-GCM (NIST SP 800-38D): encryption that notices any change.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/entropy.h"
#include "base/result.h"
#include "base/secret.h"

namespace merlon::crypto {

inline constexpr std::size_t aead_key_bytes = 32;
inline constexpr std::size_t aead_nonce_bytes = 12;
inline constexpr std::size_t aead_tag_bytes = 16;
// Another key, another place, or changed bytes (Corrupt).
inline constexpr std::string_view aead_corrupt_rule = "aead.corrupt";

// What a sealed text is longer than its plain one.
inline constexpr std::size_t aead_overhead_bytes = aead_nonce_bytes + aead_tag_bytes;
// One message; far below GCM's own limit of 64 GiB, and what fits OpenSSL's int lengths.
inline constexpr std::size_t aead_plaintext_bytes_max = std::size_t{1} << 30;

// A key, set up once. Immutable, so safe from every thread. Nonces are random: at most 2^32
// messages under one key (SP 800-38D section 8.3), so a key serves one person or one purpose.
class AeadKey {
public:
    // Fails with "aead.key_size" unless `key` is 32 bytes.
    static Result<AeadKey> make(const Secret& key);
    static AeadKey generate(Entropy& entropy);
    ~AeadKey();
    AeadKey(AeadKey&&) noexcept;
    AeadKey& operator=(AeadKey&&) noexcept;

    // nonce | ciphertext | tag. `associated` is not stored but must be the same at open(): bind the
    // row and column there, so that a ciphertext cannot be moved.
    std::string seal(std::string_view plaintext, std::string_view associated,
                     Entropy& entropy) const;
    // Error: aead_corrupt_rule.
    Result<std::string> open(std::string_view sealed, std::string_view associated) const;
    // The same for a plaintext that is itself a key.
    Result<Secret> open_secret(std::string_view sealed, std::string_view associated) const;

private:
    struct Contexts;
    explicit AeadKey(const Secret& key);
    std::unique_ptr<Contexts> contexts_;
};

}  // namespace merlon::crypto
