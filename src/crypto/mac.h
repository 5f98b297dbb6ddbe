// HMAC-SHA-256 (RFC 2104) and HKDF-SHA-256 (RFC 5869).
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "crypto/digest.h"

namespace merlon::crypto {

// A MAC key, set up once. Immutable, so safe from every thread: each MAC works on a copy of the
// keyed state. Resource: the key stays in OpenSSL's memory, which wipes it.
class HmacSha256 {
public:
    explicit HmacSha256(const Secret& key);
    ~HmacSha256();
    HmacSha256(HmacSha256&&) noexcept;
    HmacSha256& operator=(HmacSha256&&) noexcept;

    Sha256 mac(std::string_view message) const;
    // In constant time. A shortened MAC is refused.
    bool verify(std::string_view message, std::string_view mac) const;

private:
    struct Context;
    std::unique_ptr<Context> context_;
};

// HKDF gives at most 255 digests (RFC 5869 section 2.3).
inline constexpr std::size_t hkdf_bytes_max = 255 * 32;

// `bytes` of key material from `key`. `info` says what for: two uses never share a key.
// Fails with "hkdf.size" when `bytes` is 0 or more than hkdf_bytes_max.
Result<Secret> hkdf_sha256(const Secret& key, std::string_view salt, std::string_view info,
                           std::size_t bytes);

}  // namespace merlon::crypto
