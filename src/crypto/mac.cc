// HMAC and HKDF by OpenSSL.
#include "crypto/mac.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "crypto/equal.h"
#include "crypto/openssl.h"

namespace merlon::crypto {
namespace {

const EVP_MAC* hmac_algorithm() {
    static const MacHandle algorithm(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
    MERLON_ASSERT(algorithm != nullptr);
    return algorithm.get();
}

char* sha256_name() {
    static char name[] = "SHA256";  // OSSL_PARAM wants it writable and leaves it alone
    return name;
}

OSSL_PARAM octet_parameter(const char* name, std::string_view bytes) {
    return OSSL_PARAM_construct_octet_string(name, const_cast<char*>(bytes.data()), bytes.size());
}

}  // namespace

struct HmacSha256::Context {
    MacContext keyed;
};

HmacSha256::HmacSha256(const Secret& key) : context_(std::make_unique<Context>()) {
    context_->keyed.reset(EVP_MAC_CTX_new(const_cast<EVP_MAC*>(hmac_algorithm())));
    MERLON_ASSERT(context_->keyed != nullptr);
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, sha256_name(), 0),
        OSSL_PARAM_construct_end()};
    // A null key would mean "the one you have": an empty one is still a key.
    const std::string_view bytes = key.empty() ? std::string_view("") : key.reveal();
    MERLON_ASSERT(EVP_MAC_init(context_->keyed.get(), octets(bytes), bytes.size(), parameters) ==
                  1);
}
HmacSha256::~HmacSha256() = default;
HmacSha256::HmacSha256(HmacSha256&&) noexcept = default;
HmacSha256& HmacSha256::operator=(HmacSha256&&) noexcept = default;

Sha256 HmacSha256::mac(std::string_view message) const {
    const MacContext context(EVP_MAC_CTX_dup(context_->keyed.get()));
    Sha256 mac;
    std::size_t size = 0;
    const bool done = context != nullptr &&
                      EVP_MAC_update(context.get(), octets(message), message.size()) == 1 &&
                      EVP_MAC_final(context.get(), octets(std::span(mac)), &size, mac.size()) == 1;
    MERLON_ASSERT(done && size == mac.size());
    return mac;
}

bool HmacSha256::verify(std::string_view message, std::string_view mac) const {
    return equal(as_text(this->mac(message)), mac);
}

Result<Secret> hkdf_sha256(const Secret& key, std::string_view salt, std::string_view info,
                           std::size_t bytes) {
    if (bytes == 0 || bytes > hkdf_bytes_max) return fail(Kind::Invalid, "hkdf.size");
    static const Handle<EVP_KDF, EVP_KDF_free> algorithm(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
    const Handle<EVP_KDF_CTX, EVP_KDF_CTX_free> context(EVP_KDF_CTX_new(algorithm.get()));
    MERLON_ASSERT(context != nullptr);
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, sha256_name(), 0),
        octet_parameter(OSSL_KDF_PARAM_KEY, key.reveal()),
        octet_parameter(OSSL_KDF_PARAM_SALT, salt), octet_parameter(OSSL_KDF_PARAM_INFO, info),
        OSSL_PARAM_construct_end()};
    std::string out(bytes, '\0');
    MERLON_ASSERT(EVP_KDF_derive(context.get(), octets(out), out.size(), parameters) == 1);
    return Secret(std::move(out));
}

}  // namespace merlon::crypto
