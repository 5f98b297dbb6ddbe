// The curves of ECDSA keys. Included by this folder's sources only.
#pragma once

#include <openssl/ec.h>
#include <openssl/err.h>

#include <string_view>

#include "base/result.h"
#include "crypto/openssl.h"
#include "crypto/signature.h"

namespace merlon::crypto {

struct Curve {
    Algorithm algorithm;
    std::string_view jwk_name;  // RFC 7518 section 6.2.1.1
    const char* group;          // OpenSSL's name
    std::size_t scalar_bytes;
    std::string_view order;  // n, big endian
};

// SEC 2 section 2.4.2.
inline constexpr Curve p256{
    Algorithm::ES256, "P-256", "prime256v1", 32,
    std::string_view{"\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff"
                     "\xbc\xe6\xfa\xad\xa7\x17\x9e\x84\xf3\xb9\xca\xc2\xfc\x63\x25\x51",
                     32}};
// SEC 2 section 2.5.1.
inline constexpr Curve p384{
    Algorithm::ES384, "P-384", "secp384r1", 48,
    std::string_view{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
                     "\xff\xff\xff\xff\xff\xff\xff\xff\xc7\x63\x4d\x81\xf4\x37\x2d\xdf"
                     "\x58\x1a\x0d\xb2\x48\xb0\xa7\x7a\xec\xec\x19\x6a\xcc\xc5\x29\x73",
                     48}};

// Null: not ECDSA.
constexpr const Curve* curve_of(Algorithm algorithm) {
    if (algorithm == Algorithm::ES256) return &p256;
    return algorithm == Algorithm::ES384 ? &p384 : nullptr;
}

// Null: a curve that we do not use.
inline const Curve* find_curve(EVP_PKEY* key) {
    char group[32] = {};
    if (EVP_PKEY_get_group_name(key, group, sizeof group, nullptr) != 1) {
        ERR_clear_error();
        return nullptr;
    }
    for (const Curve* curve : {&p256, &p384}) {
        if (std::string_view(group) == curve->group) return curve;
    }
    return nullptr;
}

}  // namespace merlon::crypto
