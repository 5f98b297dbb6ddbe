// HMAC and SHA-256 by OpenSSL.
#include "crypto/mac.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

namespace merlon::crypto {

void HmacSha256::Free::operator()(evp_mac_ctx_st* context) const { EVP_MAC_CTX_free(context); }

HmacSha256::HmacSha256(const Secret& key) {
    EVP_MAC* hmac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    MERLON_ASSERT(hmac != nullptr);
    prepared_.reset(EVP_MAC_CTX_new(hmac));
    EVP_MAC_free(hmac);  // the context holds it
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end()};
    const auto* bytes = reinterpret_cast<const unsigned char*>(key.reveal().data());
    MERLON_ASSERT(EVP_MAC_init(prepared_.get(), bytes, key.size(), parameters) == 1);
}

Digest HmacSha256::compute(std::string_view message) const {
    const std::unique_ptr<EVP_MAC_CTX, Free> context(EVP_MAC_CTX_dup(prepared_.get()));
    MERLON_ASSERT(context != nullptr);
    Digest digest;
    std::size_t size = 0;
    const auto* bytes = reinterpret_cast<const unsigned char*>(message.data());
    MERLON_ASSERT(EVP_MAC_update(context.get(), bytes, message.size()) == 1);
    MERLON_ASSERT(EVP_MAC_final(context.get(), reinterpret_cast<unsigned char*>(digest.data()),
                                &size, digest.size()) == 1);
    return digest;
}

bool HmacSha256::verify(std::string_view message, std::string_view code) const {
    return equal(as_text(compute(message)), code);
}

bool equal(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

Digest sha256(std::string_view text) {
    // Fetched once: looking an algorithm up costs more than hashing a token.
    static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    Digest digest;
    MERLON_ASSERT(EVP_Digest(text.data(), text.size(),
                             reinterpret_cast<unsigned char*>(digest.data()), nullptr, algorithm,
                             nullptr) == 1);
    return digest;
}

}  // namespace merlon::crypto
