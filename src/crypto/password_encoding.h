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
// Memory times passes: how long one takes. The greatest is some seconds, as bcrypt's is.
inline constexpr std::uint64_t argon2_work_kib_max = 2'048 << 10;

// bcrypt reads 72 bytes of a password and stops at NUL: more is refused, never cut.
inline constexpr std::size_t bcrypt_password_bytes_max = 72;

// Whether the costs are within the bounds above.
bool is_affordable(const PasswordScheme& scheme);

// Rules of parse_password_hash(), all Corrupt; the detail is a sentence without the hash.
inline constexpr std::string_view password_encoding_rule = "password.encoding";  // malformed
inline constexpr std::string_view password_kind_rule = "password.kind";  // of no kind we verify
inline constexpr std::string_view password_cost_rule = "password.cost";  // out of bounds

// RFC 9106 section 1: what the salt and the password have to do with the memory's addresses.
enum class Argon2Variant : std::uint8_t { D, I, Id };

// An encoded hash: $2a$, $2b$, $2y$ (modular crypt), or $argon2id$v=19$, $argon2i$v=19$,
// $argon2d$v=19$ (PHC). Other kinds are refused: those of crypt(3) before bcrypt (DES, MD5) are
// guessed by the billion a second. So are spellings that nothing verifies: with unused bits set.
struct PasswordEncoding {
    PasswordScheme scheme;  // holds only what the text says; other members are the defaults
    bool current = true;    // false: of a prefix that we verify but no longer make
    // Of argon2 only.
    Argon2Variant variant = Argon2Variant::Id;
    std::string salt;
    std::string digest;
};
Result<PasswordEncoding> parse_password_hash(std::string_view encoded);

}  // namespace merlon::crypto
