// merlon token: looks at tokens and judges signatures, for scripts and people.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace merlon::operations {

// The header and the payload of a compact JWS as one JSON object. Judges nothing.
// Errors: those of wire::CompactJws::parse, but a header that changes how it is read is shown too.
Result<std::string> inspect_token(std::string_view token);

// Whether the key of a JWK file made the token's signature. Says nothing of its claims.
// Errors: "jwk.unreadable", "jwk.malformed", "key.…" (about the key: usage); "jose.…",
// "token.algorithm", "token.signature" (about the token).
Result<> verify_signature(std::string_view token, const std::string& jwk_path);

// One token from standard input, without the line's end. Fails with "jose.too_long".
Result<std::string> read_token_from_stdin();

}  // namespace merlon::operations
