// Signing and verifying with a key that is already there. signature_import.cc makes keys.
#include "crypto/signature.h"

#include <openssl/ec.h>
#include <openssl/err.h>

#include <algorithm>

#include "base/text.h"
#include "crypto/signature_key.h"

namespace merlon::crypto {
namespace {

constexpr std::size_t scalar_bytes = 32;  // of P-256

// The order of P-256 (SEC 2 section 2.4.2), big endian.
constexpr std::string_view p256_order{
    "\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff"
    "\xbc\xe6\xfa\xad\xa7\x17\x9e\x84\xf3\xb9\xca\xc2\xfc\x63\x25\x51",
    scalar_bytes};

using EcdsaSignature = Handle<ECDSA_SIG, ECDSA_SIG_free>;
using Number = Handle<BIGNUM, BN_free>;

// 1 ≤ scalar < n (FIPS 186-4 section 6.4.2 step 1): zeros are what "psychic signatures" were.
bool in_range(std::string_view scalar) {
    const bool zero = std::ranges::all_of(scalar, [](char c) { return c == '\0'; });
    return !zero && scalar.compare(p256_order) < 0;
}

// RFC 7518 section 3.4 has r || s; OpenSSL wants DER. Empty: not a signature.
std::string to_der(std::string_view raw) {
    if (raw.size() != 2 * scalar_bytes) return {};
    const std::string_view r = raw.substr(0, scalar_bytes);
    const std::string_view s = raw.substr(scalar_bytes);
    if (!in_range(r) || !in_range(s)) return {};

    const EcdsaSignature signature(ECDSA_SIG_new());
    Number r_number(BN_bin2bn(octets(r), scalar_bytes, nullptr));
    Number s_number(BN_bin2bn(octets(s), scalar_bytes, nullptr));
    MERLON_ASSERT(signature && r_number && s_number);
    MERLON_ASSERT(ECDSA_SIG_set0(signature.get(), r_number.release(), s_number.release()) == 1);
    std::string der(static_cast<std::size_t>(i2d_ECDSA_SIG(signature.get(), nullptr)), '\0');
    unsigned char* out = octets(der);
    i2d_ECDSA_SIG(signature.get(), &out);
    return der;
}

std::string to_raw(std::string_view der) {
    const unsigned char* in = octets(der);
    const EcdsaSignature signature(d2i_ECDSA_SIG(nullptr, &in, static_cast<long>(der.size())));
    MERLON_ASSERT(signature != nullptr);
    std::string raw(2 * scalar_bytes, '\0');
    const bool done =
        BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), octets(raw), scalar_bytes) >= 0 &&
        BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), octets(raw) + scalar_bytes, scalar_bytes) >=
            0;
    MERLON_ASSERT(done);
    return raw;
}

DigestContext copy(const DigestContext& initialised) {
    DigestContext context(EVP_MD_CTX_new());
    MERLON_ASSERT(context && EVP_MD_CTX_copy_ex(context.get(), initialised.get()) == 1);
    return context;
}

}  // namespace

std::string_view name(Algorithm algorithm) {
    switch (algorithm) {
        case Algorithm::HS256:
            return "HS256";
        case Algorithm::RS256:
            return "RS256";
        case Algorithm::ES256:
            return "ES256";
        case Algorithm::EdDSA:
            return "EdDSA";
    }
    MERLON_ASSERT(false);
}

Result<Algorithm> parse_algorithm(std::string_view text) {
    for (const Algorithm algorithm :
         {Algorithm::HS256, Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA}) {
        if (name(algorithm) == text) return algorithm;
    }
    return fail(Kind::Invalid, "key.algorithm");
}

bool VerifyKey::verify(std::string_view message, std::string_view signature) const {
    if (algorithm_ == Algorithm::HS256) return key_->hmac->verify(message, signature);

    std::string der;
    if (algorithm_ == Algorithm::ES256) {
        der = to_der(signature);
        if (der.empty()) return false;
        signature = der;
    }
    const DigestContext context = copy(key_->verify);
    const int verdict = EVP_DigestVerify(context.get(), octets(signature), signature.size(),
                                         octets(message), message.size());
    // A refused signature leaves its reason in this thread's error queue, where the next TLS call
    // would find it and think it its own.
    if (verdict != 1) ERR_clear_error();
    return verdict == 1;
}

std::string SigningKey::sign(std::string_view message) const {
    const VerifyKey::Key& key = *verify_key_.key_;
    if (algorithm() == Algorithm::HS256) return std::string(as_text(key.hmac->mac(message)));

    const DigestContext context = copy(key.sign);
    std::size_t size = static_cast<std::size_t>(EVP_PKEY_get_size(key.key.get()));
    std::string signature(size, '\0');
    MERLON_ASSERT(EVP_DigestSign(context.get(), octets(signature), &size, octets(message),
                                 message.size()) == 1);
    signature.resize(size);
    return algorithm() == Algorithm::ES256 ? to_raw(signature) : signature;
}

}  // namespace merlon::crypto
