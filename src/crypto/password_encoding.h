// The text of a stored password hash, read with bounds on what verifying it may cost.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace merlon::crypto {

enum class PasswordKind : std::uint8_t { Bcrypt, Argon2id };

// How a new hash is made. The argon2id values are OWASP's first recommendation: 19 MiB, two passes.
struct PasswordScheme {
    PasswordKind kind = PasswordKind::Bcrypt;
    int bcrypt_cost = 12;
    std::uint32_t argon2_memory_kib = 19'456;
    std::uint32_t argon2_passes = 2;
    std::uint32_t argon2_lanes = 1;
    friend bool operator==(const PasswordScheme&, const PasswordScheme&) = default;
};

// Bounds on what we verify or make: an imported hash with a cost of 31 is a denial of service.
inline constexpr int bcrypt_cost_min = 4;
inline constexpr int bcrypt_cost_max = 16;
inline constexpr std::uint32_t argon2_memory_kib_max = 512 << 10;
inline constexpr std::uint32_t argon2_passes_max = 16;
inline constexpr std::uint32_t argon2_lanes_max = 8;

// bcrypt reads 72 bytes of a password and stops at NUL: more is refused, never cut.
inline constexpr std::size_t bcrypt_password_bytes_max = 72;

// The scheme of an encoded hash: $2a$, $2b$, $2y$ (modular crypt) or $argon2id$v=19$ (PHC).
// `scheme` holds only what the text says; other members are the defaults. `current` is false for a
// prefix we verify but no longer make. Fails with "password.encoding" (Corrupt).
struct PasswordEncoding {
    PasswordScheme scheme;
    bool current = true;
};
Result<PasswordEncoding> parse_password_hash(std::string_view encoded);

}  // namespace merlon::crypto
