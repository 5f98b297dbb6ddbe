// Settings of password hashing. Filled by config/.
#pragma once

#include <cstddef>
#include <cstdint>

namespace merlon::identity {

enum class PasswordHash : std::uint8_t { Bcrypt, Argon2id };

struct PasswordSettings {
    PasswordHash hash = PasswordHash::Bcrypt;
    int bcrypt_cost = 12;    // 4 to 16; below 10 warns
    unsigned workers = 1;    // threads that hash, at SCHED_IDLE
    std::size_t queue = 64;  // waiting hashes; beyond: 503 with Retry-After

    bool operator==(const PasswordSettings&) const = default;
};

}  // namespace merlon::identity
