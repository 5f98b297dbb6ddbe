// RSA moduli of the library of Infineon that made factorable keys (CVE-2017-15361, "ROCA").
#pragma once

#include <openssl/bn.h>

namespace merlon::crypto {

// Whether a modulus has the library's fingerprint: it made primes k·M + (65537^a mod M), where M is
// a product of the first primes, so that modulo each of these the modulus is a power of 65537. Of
// other moduli about one in 2^27 has it. Source: Nemec, Sys, Svenda, Klinec, Matyas, "The Return of
// Coppersmith's Attack", 2017, section 5.
bool has_roca_fingerprint(const BIGNUM* modulus);

}  // namespace merlon::crypto
