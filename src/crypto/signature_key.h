// What is inside a VerifyKey and a SigningKey. Included by this folder's sources only.
#pragma once

#include <optional>

#include "crypto/mac.h"
#include "crypto/openssl.h"
#include "crypto/signature.h"

namespace merlon::crypto {

// Contexts are initialised once and copied for each use: that spares OpenSSL's look-up of the
// algorithm, which takes a lock.
struct VerifyKey::Key {
    std::optional<HmacSha256> hmac;  // HS256
    KeyHandle key;                   // the others
    DigestContext verify;
    DigestContext sign;  // null: a public key only
};

}  // namespace merlon::crypto
