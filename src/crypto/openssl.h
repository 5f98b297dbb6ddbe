// RAII for OpenSSL's handles. Included by this folder's sources only; no public header shows them.
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <span>
#include <string_view>

namespace merlon::crypto {

template <auto free_function>
struct Free {
    template <class T>
    void operator()(T* handle) const {
        free_function(handle);
    }
};

template <class T, auto free_function>
using Handle = std::unique_ptr<T, Free<free_function>>;

using DigestHandle = Handle<EVP_MD, EVP_MD_free>;
using DigestContext = Handle<EVP_MD_CTX, EVP_MD_CTX_free>;
using MacHandle = Handle<EVP_MAC, EVP_MAC_free>;
using MacContext = Handle<EVP_MAC_CTX, EVP_MAC_CTX_free>;
using CipherHandle = Handle<EVP_CIPHER, EVP_CIPHER_free>;
using CipherContext = Handle<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;
using KeyHandle = Handle<EVP_PKEY, EVP_PKEY_free>;
using KeyContext = Handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;

// OpenSSL takes and gives unsigned char; ours are string_view and std::byte.
inline const unsigned char* octets(std::string_view bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}
inline unsigned char* octets(std::span<std::byte> bytes) {
    return reinterpret_cast<unsigned char*>(bytes.data());
}
inline unsigned char* octets(std::string& bytes) {
    return reinterpret_cast<unsigned char*>(bytes.data());
}

// SHA-256 as OpenSSL fetched it once. Immutable; safe from every thread.
const EVP_MD* sha256_algorithm();

}  // namespace merlon::crypto
