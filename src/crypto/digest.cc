// SHA-256 by OpenSSL.
#include "crypto/digest.h"

#include "base/result.h"
#include "crypto/openssl.h"

namespace merlon::crypto {

const EVP_MD* sha256_algorithm() {
    // Fetching searches OpenSSL's providers under a lock: once for the process.
    static const DigestHandle algorithm(EVP_MD_fetch(nullptr, "SHA256", nullptr));
    MERLON_ASSERT(algorithm != nullptr);
    return algorithm.get();
}

struct Sha256Hasher::Context {
    DigestContext handle{EVP_MD_CTX_new()};
};

Sha256Hasher::Sha256Hasher() : context_(std::make_unique<Context>()) {
    MERLON_ASSERT(context_->handle != nullptr);
    MERLON_ASSERT(EVP_DigestInit_ex2(context_->handle.get(), sha256_algorithm(), nullptr) == 1);
}
Sha256Hasher::~Sha256Hasher() = default;
Sha256Hasher::Sha256Hasher(Sha256Hasher&&) noexcept = default;
Sha256Hasher& Sha256Hasher::operator=(Sha256Hasher&&) noexcept = default;

Sha256 Sha256Hasher::hash(std::string_view bytes) {
    EVP_MD_CTX* context = context_->handle.get();
    Sha256 digest;
    // Without an algorithm the context starts again with the one it has.
    const bool done = EVP_DigestInit_ex2(context, nullptr, nullptr) == 1 &&
                      EVP_DigestUpdate(context, bytes.data(), bytes.size()) == 1 &&
                      EVP_DigestFinal_ex(context, octets(std::span(digest)), nullptr) == 1;
    MERLON_ASSERT(done);
    return digest;
}

Sha256 sha256(std::string_view bytes) {
    Sha256 digest;
    MERLON_ASSERT(EVP_Digest(bytes.data(), bytes.size(), octets(std::span(digest)), nullptr,
                             sha256_algorithm(), nullptr) == 1);
    return digest;
}

}  // namespace merlon::crypto
