// JSON Web Keys and sets (RFC 7517), read from and written to JSON.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/jwk.h"
#include "crypto/signature.h"

namespace merlon::tokens {

inline constexpr std::size_t jwks_bytes_max = 1 << 20;
// Keys of one set that are kept; each costs a parsed public key.
inline constexpr std::size_t jwks_keys_max = 64;

// One JWK. Fails with "jwk.malformed".
Result<crypto::Jwk> parse_jwk(std::string_view json);
// {"keys":[…]}
std::string to_json(const std::vector<crypto::Jwk>& keys);

struct NamedKey {
    std::string kid;  // empty: the JWK has none
    crypto::VerifyKey key;
};

// The public keys of a JWKS that we can use. Others (encryption, algorithms we do not speak, too
// weak, shared secrets: a published document holds none) are left out, as section 5 says. Fails
// with "jwks.malformed" or, when none is left, "jwks.empty".
Result<std::vector<NamedKey>> parse_jwks(std::string_view json);

}  // namespace merlon::tokens
