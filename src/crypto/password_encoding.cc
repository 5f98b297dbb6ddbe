// Reads bcrypt's modular crypt format and argon2's PHC strings, no more of either than we verify.
#include "crypto/password_encoding.h"

#include <algorithm>

#include "base/text.h"

namespace merlon::crypto {
namespace {

std::unexpected<Error> malformed() {
    return fail(Kind::Corrupt, password_encoding_rule, "the hash is not written as its kind is");
}

std::unexpected<Error> other_kind() {
    return fail(Kind::Corrupt, password_kind_rule,
                "the hash is neither bcrypt ($2a$, $2b$, $2y$) nor argon2 ($argon2id$v=19$, "
                "$argon2i$v=19$, $argon2d$v=19$)");
}

std::unexpected<Error> cost_out_of_bounds() {
    return fail(Kind::Corrupt, password_cost_rule,
                "verifying the hash costs too much, or what no such hash costs: bcrypt may have 4 "
                "to 16; argon2 512 MiB, 16 passes, 8 lanes, and 2 GiB as memory times passes");
}

// bcrypt's own base64 alphabet.
constexpr std::string_view bcrypt_digits =
    "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

// $2b$12$ and 53 digits: 22 of salt, 31 of hash.
constexpr std::size_t bcrypt_bytes = 60;
constexpr std::size_t bcrypt_salt_end = 29;

// 16 bytes of salt leave four bits of their last digit unused, 23 of hash two. What libxcrypt makes
// has zeroes there, so a hash with others would match no password.
bool has_unused_bits(char digit, std::size_t mask) {
    return (bcrypt_digits.find(digit) & mask) != 0;
}

Result<PasswordEncoding> parse_bcrypt(std::string_view encoded) {
    const char variant = encoded.size() < 4 ? '\0' : encoded[2];
    // $2x$ is a known bug's own format, $2$ predates the terminating NUL: neither is made by
    // anyone.
    if ((variant != 'a' && variant != 'b' && variant != 'y') || encoded[3] != '$') {
        return other_kind();
    }
    if (encoded.size() != bcrypt_bytes || encoded[6] != '$') return malformed();
    const auto cost = text::parse_number<int>(encoded.substr(4, 2));
    if (!cost) return malformed();
    PasswordEncoding read{.scheme = {.kind = PasswordKind::Bcrypt, .bcrypt_cost = *cost},
                          .current = variant == 'b'};
    if (!is_affordable(read.scheme)) return cost_out_of_bounds();
    if (encoded.find_first_not_of(bcrypt_digits, 7) != std::string_view::npos) return malformed();
    if (has_unused_bits(encoded[bcrypt_salt_end - 1], 0x0f)) return malformed();
    if (has_unused_bits(encoded.back(), 0x03)) return malformed();
    return read;
}

// `m=19456` with the expected name.
std::optional<std::uint32_t> parameter(std::string_view text, std::string_view name) {
    if (!text.starts_with(name)) return std::nullopt;
    return text::parse_number<std::uint32_t>(text.substr(name.size()));
}

// The alphabet of RFC 4648 section 4, without padding.
Result<std::string> parse_base64(std::string_view text, std::size_t bytes_min,
                                 std::size_t bytes_max) {
    std::string url(text);
    if (url.find_first_of("-_") != std::string::npos) return malformed();
    std::ranges::replace(url, '+', '-');
    std::ranges::replace(url, '/', '_');
    auto bytes = text::from_base64url(url);
    if (!bytes || bytes->size() < bytes_min || bytes->size() > bytes_max) return malformed();
    return *std::move(bytes);
}

// $argon2id$v=19$m=19456,t=2,p=1$salt$hash
Result<PasswordEncoding> parse_argon2(std::string_view encoded, Argon2Variant variant) {
    // Longest salt and hash we take, in base64, with the longest numbers.
    if (encoded.size() > 256) return malformed();
    const auto parts = text::split(encoded, '$');
    if (parts.size() != 6 || parts[2] != "v=19") return malformed();
    const auto costs = text::split(parts[3], ',');
    if (costs.size() != 3) return malformed();
    const auto memory = parameter(costs[0], "m=");
    const auto passes = parameter(costs[1], "t=");
    const auto lanes = parameter(costs[2], "p=");
    if (!memory || !passes || !lanes) return malformed();
    PasswordEncoding read{.scheme = {.kind = PasswordKind::Argon2id,
                                     .argon2_memory_kib = *memory,
                                     .argon2_passes = *passes,
                                     .argon2_lanes = *lanes},
                          .current = variant == Argon2Variant::Id,
                          .variant = variant};
    if (!is_affordable(read.scheme)) return cost_out_of_bounds();
    read.salt = MERLON_TRY(parse_base64(parts[4], 8, 64));
    read.digest = MERLON_TRY(parse_base64(parts[5], 16, 64));
    return read;
}

}  // namespace

bool is_affordable(const PasswordScheme& scheme) {
    if (scheme.kind == PasswordKind::Bcrypt) {
        return scheme.bcrypt_cost >= bcrypt_cost_min && scheme.bcrypt_cost <= bcrypt_cost_max;
    }
    const std::uint64_t memory = scheme.argon2_memory_kib;
    // RFC 9106 section 3.1: at least 8 KiB a lane.
    return scheme.argon2_lanes >= 1 && scheme.argon2_lanes <= argon2_lanes_max &&
           scheme.argon2_passes >= 1 && scheme.argon2_passes <= argon2_passes_max &&
           memory >= 8 * scheme.argon2_lanes && memory <= argon2_memory_kib_max &&
           memory * scheme.argon2_passes <= argon2_work_kib_max;
}

Result<PasswordEncoding> parse_password_hash(std::string_view encoded) {
    // text::split trims parts, so a space could hide: no encoding has one.
    if (std::ranges::any_of(encoded, [](char c) { return c <= ' ' || c > '~'; })) {
        return malformed();
    }
    if (encoded.starts_with("$2")) return parse_bcrypt(encoded);
    if (encoded.starts_with("$argon2id$")) return parse_argon2(encoded, Argon2Variant::Id);
    if (encoded.starts_with("$argon2i$")) return parse_argon2(encoded, Argon2Variant::I);
    if (encoded.starts_with("$argon2d$")) return parse_argon2(encoded, Argon2Variant::D);
    return other_kind();
}

}  // namespace merlon::crypto
