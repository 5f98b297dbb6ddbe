// The compact serialization of a signed token (RFC 7515 section 7.1), taken apart strictly. Nothing
// here says that a token is genuine.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace merlon::wire {

// Longest token that is looked at; ours have about 700 bytes. Other issuers' tokens list groups and
// have tens of KiB: the head that brings one has the narrower limit (server.limits.headers).
inline constexpr std::size_t compact_jws_bytes_max = 1 << 20;

struct CompactJws {
    std::string algorithm;              // alg
    std::optional<std::string> type;    // typ
    std::optional<std::string> key_id;  // kid
    std::string payload;                // decoded
    std::string signature;              // decoded
    std::string_view signed_text;       // header.payload as sent: what the signature is over

    // Errors (all Invalid): "jose.too_long", "jose.parts", "jose.encoding", "jose.header" (no JSON
    // object, a duplicate or a name that would change how the token is read: crit, jku, jwk, x5u,
    // x5c, zip, b64; RFC 7515 section 4: other names that we do not know are ignored), "jose.kid"
    // (longer than 128 bytes, or with control bytes).
    static Result<CompactJws> parse(std::string_view token,
                                    std::size_t bytes_max = compact_jws_bytes_max);
};

}  // namespace merlon::wire
