// merlon token: looks at tokens and judges signatures, for scripts and people.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/signature.h"

namespace merlon::operations {

// The header and the payload of a compact JWS as one JSON object. Judges nothing.
// Errors: those of wire::CompactJws::parse, but a header that changes how it is read is shown too.
Result<std::string> inspect_token(std::string_view token);

// The public key of a JWK file. Errors: "jwk.unreadable", "jwk.malformed", "key.…".
Result<crypto::VerifyKey> read_verify_key(const std::string& jwk_path);

// Whether the key made the token's signature. Says nothing of its claims. Errors: "jose.…",
// "token.algorithm", "token.signature".
Result<> verify_signature(std::string_view token, const crypto::VerifyKey& key);

// One token from standard input, without the line's end. Fails with "jose.too_long".
Result<std::string> read_token_from_stdin();

}  // namespace merlon::operations
