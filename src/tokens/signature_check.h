// Whether a key made a token's signature.
#pragma once

#include "crypto/signature.h"
#include "wire/compact_jose.h"

namespace merlon::tokens {

// The token's key is not among those we have (Unknown).
inline constexpr std::string_view unknown_key_rule = "token.key";
// The key is for another algorithm than the token's header names (Unknown).
inline constexpr std::string_view algorithm_rule = "token.algorithm";
// The key did not make it (Unknown).
inline constexpr std::string_view signature_rule = "token.signature";

// A token whose header names another algorithm than the key's is refused before the key sees it: so
// a public key is never taken for a MAC secret. Errors: algorithm_rule, signature_rule.
Result<> check_signature(const wire::CompactJws& jws, const crypto::VerifyKey& key);

// The same for a token that our own key signed, of which there is one text only: services that look
// a revoked token up by its text would miss another. Errors as check_signature.
Result<> check_own_signature(const wire::CompactJws& jws, const crypto::VerifyKey& key);

}  // namespace merlon::tokens
