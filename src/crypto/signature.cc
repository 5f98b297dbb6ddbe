// Signing and verifying with a key that is already there. signature_import.cc makes keys.
#include "crypto/signature.h"

#include <openssl/ec.h>
#include <openssl/err.h>

#include <algorithm>

#include "base/text.h"
#include "crypto/curve.h"
#include "crypto/signature_key.h"

namespace merlon::crypto {
namespace {

// (n - 1) / 2 of P-256: s is low up to this.
constexpr std::string_view p256_low_max{
    "\x7f\xff\xff\xff\x80\x00\x00\x00\x7f\xff\xff\xff\xff\xff\xff\xff"
    "\xde\x73\x7d\x56\xd3\x8b\xcf\x42\x79\xdc\xe5\x61\x7e\x31\x92\xa8",
    p256.scalar_bytes};

using EcdsaSignature = Handle<ECDSA_SIG, ECDSA_SIG_free>;
using Number = Handle<BIGNUM, BN_free>;

// 1 ≤ scalar < n (FIPS 186-4 section 6.4.2 step 1): zeros are what "psychic signatures" were.
bool in_range(std::string_view scalar, const Curve& curve) {
    const bool zero = std::ranges::all_of(scalar, [](char c) { return c == '\0'; });
    return !zero && scalar.compare(curve.order) < 0;
}

// RFC 7518 section 3.4 has r || s; OpenSSL wants DER. Empty: not a signature.
std::string to_der(std::string_view raw, const Curve& curve) {
    if (raw.size() != 2 * curve.scalar_bytes) return {};
    const std::string_view r = raw.substr(0, curve.scalar_bytes);
    const std::string_view s = raw.substr(curve.scalar_bytes);
    if (!in_range(r, curve) || !in_range(s, curve)) return {};

    const int bytes = static_cast<int>(curve.scalar_bytes);
    const EcdsaSignature signature(ECDSA_SIG_new());
    Number r_number(BN_bin2bn(octets(r), bytes, nullptr));
    Number s_number(BN_bin2bn(octets(s), bytes, nullptr));
    MERLON_ASSERT(signature && r_number && s_number);
    MERLON_ASSERT(ECDSA_SIG_set0(signature.get(), r_number.release(), s_number.release()) == 1);
    std::string der(static_cast<std::size_t>(i2d_ECDSA_SIG(signature.get(), nullptr)), '\0');
    unsigned char* out = octets(der);
    i2d_ECDSA_SIG(signature.get(), &out);
    return der;
}

void write_scalar(const BIGNUM* scalar, unsigned char* out) {
    MERLON_ASSERT(BN_bn2binpad(scalar, out, p256.scalar_bytes) >= 0);
}

// The lower of s and n - s; the same key verifies both.
void lower(std::string& raw) {
    if (has_lowest_form(Algorithm::ES256, raw)) return;
    unsigned char* const s = octets(raw) + p256.scalar_bytes;
    const Number order(BN_bin2bn(octets(p256.order), p256.scalar_bytes, nullptr));
    const Number number(BN_bin2bn(s, p256.scalar_bytes, nullptr));
    MERLON_ASSERT(order && number && BN_sub(number.get(), order.get(), number.get()) == 1);
    write_scalar(number.get(), s);
}

// Of an ES256 signature.
std::string to_raw(std::string_view der) {
    const unsigned char* in = octets(der);
    const EcdsaSignature signature(d2i_ECDSA_SIG(nullptr, &in, static_cast<long>(der.size())));
    MERLON_ASSERT(signature != nullptr);
    std::string raw(2 * p256.scalar_bytes, '\0');
    write_scalar(ECDSA_SIG_get0_r(signature.get()), octets(raw));
    write_scalar(ECDSA_SIG_get0_s(signature.get()), octets(raw) + p256.scalar_bytes);
    lower(raw);
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
        case Algorithm::ES384:
            return "ES384";
        case Algorithm::RS384:
            return "RS384";
        case Algorithm::RS512:
            return "RS512";
        case Algorithm::PS256:
            return "PS256";
        case Algorithm::PS384:
            return "PS384";
        case Algorithm::PS512:
            return "PS512";
    }
    MERLON_ASSERT(false);
}

Result<Algorithm> parse_algorithm(std::string_view text) {
    using enum Algorithm;
    for (const Algorithm algorithm :
         {HS256, RS256, ES256, EdDSA, ES384, RS384, RS512, PS256, PS384, PS512}) {
        if (name(algorithm) == text) return algorithm;
    }
    return fail(Kind::Invalid, "key.algorithm");
}

bool has_lowest_form(Algorithm algorithm, std::string_view signature) {
    if (algorithm != Algorithm::ES256) return true;
    return signature.size() == 2 * p256.scalar_bytes &&
           signature.substr(p256.scalar_bytes).compare(p256_low_max) <= 0;
}

bool VerifyKey::verify(std::string_view message, std::string_view signature) const {
    if (algorithm_ == Algorithm::HS256) return key_->hmac->verify(message, signature);

    std::string der;
    if (const Curve* curve = curve_of(algorithm_)) {
        der = to_der(signature, *curve);
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
