// Looks for the fingerprint of factorable moduli.
#include "crypto/roca.h"

#include <algorithm>
#include <array>

namespace merlon::crypto {
namespace {

// The odd ones of the primes whose product is M for the shortest keys; longer keys have them all.
constexpr auto primes = std::to_array<BN_ULONG>(
    {3,  5,  7,  11, 13, 17,  19,  23,  29,  31,  37,  41,  43,  47,  53,  59,  61,  67,  71,
     73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167});

bool is_power_of_65537(BN_ULONG residue, BN_ULONG prime) {
    BN_ULONG power = 1;
    do {
        if (power == residue) return true;
        power = power * 65'537 % prime;
    } while (power != 1);
    return false;
}

}  // namespace

bool has_roca_fingerprint(const BIGNUM* modulus) {
    return std::ranges::all_of(primes, [&](BN_ULONG prime) {
        return is_power_of_65537(BN_mod_word(modulus, prime), prime);
    });
}

}  // namespace merlon::crypto
