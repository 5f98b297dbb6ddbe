// bcrypt by libxcrypt, argon2id by libargon2.
#include "crypto/password_hash.h"

#include <argon2.h>
#include <crypt.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/secret.h"
#include "crypto/equal.h"

namespace merlon::crypto {
namespace {

constexpr std::size_t salt_bytes = 16;  // bcrypt's; argon2 is content with them (RFC 9106, 3.1)
constexpr std::size_t argon2_hash_bytes = 32;
constexpr std::size_t bcrypt_hash_digits = 31;

Result<> check_bcrypt_password(std::string_view password) {
    if (password.size() > bcrypt_password_bytes_max) {
        return fail(Kind::Invalid, "password.too_long");
    }
    if (password.find('\0') != std::string_view::npos) return fail(Kind::Invalid, "password.nul");
    return {};
}

// "$2b$12$" and the salt in bcrypt's base64.
std::string bcrypt_setting(int cost, std::string_view salt) {
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    const char* made = ::crypt_gensalt_rn("$2b$", static_cast<unsigned long>(cost), salt.data(),
                                          static_cast<int>(salt.size()), setting, sizeof setting);
    MERLON_ASSERT(made != nullptr);
    return made;
}

Result<std::string> argon2id(std::string_view password, const PasswordScheme& scheme,
                             std::string_view salt) {
    std::string encoded(
        ::argon2_encodedlen(scheme.argon2_passes, scheme.argon2_memory_kib, scheme.argon2_lanes,
                            salt_bytes, argon2_hash_bytes, Argon2_id),
        '\0');
    const int status =
        ::argon2id_hash_encoded(scheme.argon2_passes, scheme.argon2_memory_kib, scheme.argon2_lanes,
                                password.data(), password.size(), salt.data(), salt.size(),
                                argon2_hash_bytes, encoded.data(), encoded.size());
    if (status == ARGON2_MEMORY_ALLOCATION_ERROR || status == ARGON2_THREAD_FAIL) {
        return fail(Kind::Unavailable, "password.unavailable");
    }
    MERLON_ASSERT(status == ARGON2_OK);
    encoded.resize(std::strlen(encoded.c_str()));
    return encoded;
}

// As argon2id_verify() and its like do, but for their threads, one for each lane: those have the
// priority of their own time slices, and the pool counts only its worker's processor time.
Result<bool> verify_argon2(std::string_view password, PasswordEncoding encoding) {
    constexpr argon2_type types[] = {Argon2_d, Argon2_i, Argon2_id};
    const auto bytes = [](std::string& text) {
        return reinterpret_cast<std::uint8_t*>(text.data());
    };
    std::string copy(password);
    std::string made(encoding.digest.size(), '\0');
    argon2_context context{.out = bytes(made),
                           .outlen = static_cast<std::uint32_t>(made.size()),
                           .pwd = bytes(copy),
                           .pwdlen = static_cast<std::uint32_t>(copy.size()),
                           .salt = bytes(encoding.salt),
                           .saltlen = static_cast<std::uint32_t>(encoding.salt.size()),
                           .secret = nullptr,
                           .secretlen = 0,
                           .ad = nullptr,
                           .adlen = 0,
                           .t_cost = encoding.scheme.argon2_passes,
                           .m_cost = encoding.scheme.argon2_memory_kib,
                           .lanes = encoding.scheme.argon2_lanes,
                           .threads = 1,
                           .version = ARGON2_VERSION_13,
                           .allocate_cbk = nullptr,
                           .free_cbk = nullptr,
                           .flags = ARGON2_DEFAULT_FLAGS};
    const int status = ::argon2_ctx(&context, types[static_cast<std::size_t>(encoding.variant)]);
    wipe(copy);
    if (status == ARGON2_MEMORY_ALLOCATION_ERROR) {
        return fail(Kind::Unavailable, "password.unavailable");
    }
    if (status != ARGON2_OK) {
        return fail(Kind::Corrupt, password_encoding_rule, ::argon2_error_message(status));
    }
    return equal(made, encoding.digest);
}

}  // namespace

struct PasswordHasher::Memory {
    crypt_data data{};
    ~Memory() { wipe(std::as_writable_bytes(std::span(&data, 1))); }
};

PasswordHasher::PasswordHasher() : memory_(std::make_unique<Memory>()) {}
PasswordHasher::~PasswordHasher() = default;

Result<std::string> PasswordHasher::bcrypt(std::string_view password, const char* setting) {
    std::string terminated(password);
    const char* encoded = ::crypt_r(terminated.c_str(), setting, &memory_->data);
    wipe(terminated);
    // crypt_r says "*0" when it cannot; parse_password_hash has refused all such settings.
    if (encoded == nullptr || encoded[0] == '*') {
        return fail(Kind::Corrupt, password_encoding_rule);
    }
    return std::string(encoded);
}

Result<std::string> PasswordHasher::hash(std::string_view password, const PasswordScheme& scheme,
                                         std::string_view salt) {
    if (!is_affordable(scheme)) return fail(Kind::Invalid, "password.scheme");
    MERLON_ASSERT(salt.size() == salt_bytes);
    if (scheme.kind == PasswordKind::Argon2id) return argon2id(password, scheme, salt);
    MERLON_TRY(check_bcrypt_password(password));
    return bcrypt(password, bcrypt_setting(scheme.bcrypt_cost, salt).c_str());
}

// What bcrypt cannot hold is hashed all the same, so that time tells nothing, and never matches, so
// that its first 72 bytes do not open the account.
Result<bool> PasswordHasher::verify_bcrypt(std::string_view password, std::string_view encoded,
                                           int cost, const PasswordScheme& scheme) {
    const bool fits = check_bcrypt_password(password).has_value();
    const std::string_view hashed = fits ? password : std::string_view("not a password");
    std::string setting(encoded);
    const std::string made = MERLON_TRY(bcrypt(hashed, setting.c_str()));
    if (fits && equal(made, encoded)) return true;
    // Costs c, c, c + 1, … C - 1 take as long as C, which a wrong password for nobody costs.
    // Otherwise a quick answer would say that there is an account, imported with a low cost.
    const bool is_same_kind = scheme.kind == PasswordKind::Bcrypt;
    for (int more = cost; is_same_kind && more < scheme.bcrypt_cost; ++more) {
        setting.replace(4, 2, fmt::format("{:02}", more));
        MERLON_TRY(bcrypt(hashed, setting.c_str()));
    }
    return false;
}

Result<PasswordVerdict> PasswordHasher::verify(std::string_view password, std::string_view encoded,
                                               const PasswordScheme& scheme) {
    const PasswordEncoding encoding = MERLON_TRY(parse_password_hash(encoded));
    const bool matches =
        MERLON_TRY(encoding.scheme.kind == PasswordKind::Bcrypt
                       ? verify_bcrypt(password, encoded, encoding.scheme.bcrypt_cost, scheme)
                       : verify_argon2(password, encoding));
    // Only what the kind uses counts: a bcrypt hash does not age by a new argon2 memory.
    PasswordScheme wanted = scheme;
    if (scheme.kind == PasswordKind::Bcrypt) {
        wanted = {.kind = PasswordKind::Bcrypt, .bcrypt_cost = scheme.bcrypt_cost};
    } else {
        wanted.bcrypt_cost = encoding.scheme.bcrypt_cost;
    }
    const bool outdated = !encoding.current || encoding.scheme != wanted;
    return PasswordVerdict{.matches = matches, .needs_rehash = matches && outdated};
}

std::string password_salt(Entropy& entropy) { return entropy.bytes(salt_bytes); }

std::string dummy_password_hash(const PasswordScheme& scheme, Entropy& entropy) {
    // Random digits in the place of a hash: finding a password for them is breaking the hash. The
    // last digit has unused bits, which are zero: '.' in bcrypt's alphabet, 'A' in base64.
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/";
    const auto random_digits = [&](std::size_t count) {
        std::string text = entropy.bytes(count);
        for (char& c : text) c = digits[static_cast<unsigned char>(c) % digits.size()];
        return text;
    };
    if (scheme.kind == PasswordKind::Bcrypt) {
        return bcrypt_setting(scheme.bcrypt_cost, password_salt(entropy)) +
               random_digits(bcrypt_hash_digits - 1) + '.';
    }
    // 16 bytes are 22 digits and 32 are 43; the last digit's unused bits are zero.
    return fmt::format("$argon2id$v=19$m={},t={},p={}${}A${}A", scheme.argon2_memory_kib,
                       scheme.argon2_passes, scheme.argon2_lanes, random_digits(21),
                       random_digits(42));
}

}  // namespace merlon::crypto
