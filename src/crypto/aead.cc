// AES-256-GCM by OpenSSL.
#include "crypto/aead.h"

#include "crypto/openssl.h"

namespace merlon::crypto {
namespace {

const EVP_CIPHER* aes_256_gcm() {
    static const CipherHandle algorithm(EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr));
    MERLON_ASSERT(algorithm != nullptr);
    return algorithm.get();
}

// A copy of a keyed context: the key schedule and GHASH tables are not computed again.
CipherContext copy(const CipherContext& keyed) {
    CipherContext context(EVP_CIPHER_CTX_new());
    MERLON_ASSERT(context != nullptr && EVP_CIPHER_CTX_copy(context.get(), keyed.get()) == 1);
    return context;
}

}  // namespace

struct AeadKey::Contexts {
    CipherContext encrypt{EVP_CIPHER_CTX_new()};
    CipherContext decrypt{EVP_CIPHER_CTX_new()};
};

AeadKey::AeadKey(const Secret& key) : contexts_(std::make_unique<Contexts>()) {
    const unsigned char* bytes = octets(key.reveal());
    MERLON_ASSERT(contexts_->encrypt != nullptr && contexts_->decrypt != nullptr);
    MERLON_ASSERT(
        EVP_EncryptInit_ex2(contexts_->encrypt.get(), aes_256_gcm(), bytes, nullptr, nullptr) == 1);
    MERLON_ASSERT(
        EVP_DecryptInit_ex2(contexts_->decrypt.get(), aes_256_gcm(), bytes, nullptr, nullptr) == 1);
}
AeadKey::~AeadKey() = default;
AeadKey::AeadKey(AeadKey&&) noexcept = default;
AeadKey& AeadKey::operator=(AeadKey&&) noexcept = default;

Result<AeadKey> AeadKey::make(const Secret& key) {
    if (key.size() != aead_key_bytes) return fail(Kind::Invalid, "aead.key_size");
    return AeadKey(key);
}

AeadKey AeadKey::generate(Entropy& entropy) {
    return AeadKey(Secret(entropy.bytes(aead_key_bytes)));
}

std::string AeadKey::seal(std::string_view plaintext, std::string_view associated,
                          Entropy& entropy) const {
    MERLON_ASSERT(plaintext.size() <= aead_plaintext_bytes_max &&
                  associated.size() <= aead_plaintext_bytes_max);
    std::string sealed = entropy.bytes(aead_nonce_bytes);
    sealed.resize(plaintext.size() + aead_overhead_bytes);
    unsigned char* const nonce = octets(sealed);
    unsigned char* const body = nonce + aead_nonce_bytes;
    unsigned char* const tag = body + plaintext.size();

    const CipherContext context = copy(contexts_->encrypt);
    int length = 0;
    const bool done =
        EVP_EncryptInit_ex2(context.get(), nullptr, nullptr, nonce, nullptr) == 1 &&
        EVP_EncryptUpdate(context.get(), nullptr, &length, octets(associated),
                          static_cast<int>(associated.size())) == 1 &&
        EVP_EncryptUpdate(context.get(), body, &length, octets(plaintext),
                          static_cast<int>(plaintext.size())) == 1 &&
        EVP_EncryptFinal_ex(context.get(), tag, &length) == 1 &&
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, aead_tag_bytes, tag) == 1;
    MERLON_ASSERT(done);
    return sealed;
}

Result<std::string> AeadKey::open(std::string_view sealed, std::string_view associated) const {
    if (sealed.size() < aead_overhead_bytes ||
        sealed.size() > aead_plaintext_bytes_max + aead_overhead_bytes ||
        associated.size() > aead_plaintext_bytes_max) {
        return fail(Kind::Corrupt, aead_corrupt_rule);
    }
    const std::size_t size = sealed.size() - aead_overhead_bytes;
    std::string tag(sealed.substr(sealed.size() - aead_tag_bytes));
    std::string plaintext(size, '\0');

    const CipherContext context = copy(contexts_->decrypt);
    int length = 0;
    const bool authentic =
        EVP_DecryptInit_ex2(context.get(), nullptr, nullptr, octets(sealed), nullptr) == 1 &&
        EVP_DecryptUpdate(context.get(), nullptr, &length, octets(associated),
                          static_cast<int>(associated.size())) == 1 &&
        EVP_DecryptUpdate(context.get(), octets(plaintext), &length,
                          octets(sealed) + aead_nonce_bytes, static_cast<int>(size)) == 1 &&
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, aead_tag_bytes, octets(tag)) ==
            1 &&
        EVP_DecryptFinal_ex(context.get(), octets(plaintext) + size, &length) == 1;
    if (!authentic) {
        wipe(plaintext);  // GCM decrypts before it knows: nobody may see that
        return fail(Kind::Corrupt, aead_corrupt_rule);
    }
    return plaintext;
}

Result<Secret> AeadKey::open_secret(std::string_view sealed, std::string_view associated) const {
    return Secret(MERLON_TRY(open(sealed, associated)));
}

}  // namespace merlon::crypto
