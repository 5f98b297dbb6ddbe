// Hashing and checking passwords. Slow on purpose: never on an event loop.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/entropy.h"
#include "base/result.h"
#include "crypto/password_encoding.h"

namespace merlon::crypto {

struct PasswordVerdict {
    bool matches = false;
    // It matches but was made by another scheme: hash it again while the password is at hand.
    bool needs_rehash = false;
};

// Resource; one per worker thread: crypt_r's working memory is 32 KiB and lives here.
class PasswordHasher {
public:
    PasswordHasher();
    ~PasswordHasher();
    PasswordHasher(const PasswordHasher&) = delete;

    // `salt`: password_salt()'s, new each time. Errors: "password.too_long" and "password.nul"
    // (Invalid; bcrypt only), "password.scheme" (Invalid: a cost out of bounds),
    // "password.unavailable" (Unavailable: no memory for argon2).
    Result<std::string> hash(std::string_view password, const PasswordScheme& scheme,
                             std::string_view salt);

    // Whether `password` made `encoded`; `scheme` is the configured one. A password the kind cannot
    // hold is no match, at the same cost. No match of a bcrypt hash costs as much as with one of
    // the configured cost, if that is more. Errors: those of parse_password_hash(),
    // "password.unavailable".
    Result<PasswordVerdict> verify(std::string_view password, std::string_view encoded,
                                   const PasswordScheme& scheme);

private:
    struct Memory;
    Result<std::string> bcrypt(std::string_view password, const char* setting);
    Result<bool> verify_bcrypt(std::string_view password, std::string_view encoded, int cost,
                               const PasswordScheme& scheme);
    std::unique_ptr<Memory> memory_;
};

// 16 random bytes: the same password of two users makes two hashes.
std::string password_salt(Entropy& entropy);

// A well-formed hash of this scheme that nobody knows a password of: verify against it when the
// user is unknown, and the answer takes as long as for a known one. Cheap; make it once at start.
std::string dummy_password_hash(const PasswordScheme& scheme, Entropy& entropy);

}  // namespace merlon::crypto
