// Reads bcrypt's modular crypt format and argon2's PHC strings, no more of either than we verify.
#include "crypto/password_encoding.h"

#include <algorithm>

#include "base/text.h"

namespace merlon::crypto {
namespace {

std::unexpected<Error> malformed() { return fail(Kind::Corrupt, "password.encoding"); }

// bcrypt's own base64 alphabet.
bool is_bcrypt_digit(char c) {
    return text::is_alpha(c) || text::is_digit(c) || c == '.' || c == '/';
}

// $2b$12$ and 53 digits: 22 of salt, 31 of hash.
constexpr std::size_t bcrypt_bytes = 60;

Result<PasswordEncoding> parse_bcrypt(std::string_view encoded) {
    if (encoded.size() != bcrypt_bytes || encoded[3] != '$' || encoded[6] != '$') {
        return malformed();
    }
    const char variant = encoded[2];
    // $2x$ is a known bug's own format, $2$ predates the terminating NUL: neither is made by
    // anyone.
    if (variant != 'a' && variant != 'b' && variant != 'y') return malformed();
    const auto cost = text::parse_number<int>(encoded.substr(4, 2));
    if (!cost || *cost < bcrypt_cost_min || *cost > bcrypt_cost_max) return malformed();
    if (!std::ranges::all_of(encoded.substr(7), is_bcrypt_digit)) return malformed();
    return PasswordEncoding{{.kind = PasswordKind::Bcrypt, .bcrypt_cost = *cost}, variant == 'b'};
}

// `m=19456` with the expected name.
std::optional<std::uint32_t> parameter(std::string_view text, std::string_view name) {
    if (!text.starts_with(name)) return std::nullopt;
    return text::parse_number<std::uint32_t>(text.substr(name.size()));
}

bool is_base64_of(std::string_view text, std::size_t bytes_min, std::size_t bytes_max) {
    const std::size_t bytes = text.size() * 3 / 4;
    return bytes >= bytes_min && bytes <= bytes_max && std::ranges::all_of(text, [](char c) {
               return text::is_alpha(c) || text::is_digit(c) || c == '+' || c == '/';
           });
}

// $argon2id$v=19$m=19456,t=2,p=1$salt$hash
Result<PasswordEncoding> parse_argon2id(std::string_view encoded) {
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
    // RFC 9106 section 3.1: at least 8 KiB a lane.
    if (*lanes < 1 || *lanes > argon2_lanes_max || *passes < 1 || *passes > argon2_passes_max ||
        *memory < 8 * *lanes || *memory > argon2_memory_kib_max) {
        return malformed();
    }
    if (!is_base64_of(parts[4], 8, 64) || !is_base64_of(parts[5], 16, 64)) return malformed();
    return PasswordEncoding{{.kind = PasswordKind::Argon2id,
                             .argon2_memory_kib = *memory,
                             .argon2_passes = *passes,
                             .argon2_lanes = *lanes}};
}

}  // namespace

Result<PasswordEncoding> parse_password_hash(std::string_view encoded) {
    // text::split trims parts, so a space could hide: no encoding has one.
    if (std::ranges::any_of(encoded, [](char c) { return c <= ' ' || c > '~'; })) {
        return malformed();
    }
    if (encoded.starts_with("$2")) return parse_bcrypt(encoded);
    if (encoded.starts_with("$argon2id$")) return parse_argon2id(encoded);
    return malformed();
}

}  // namespace merlon::crypto
