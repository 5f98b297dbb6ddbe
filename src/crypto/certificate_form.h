// Making X.509 certificates from a filled-in form. Included by this folder's sources and by test
// kits only, which also make the certificates nobody should.
#pragma once

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/x509v3.h>

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/entropy.h"
#include "base/secret.h"
#include "crypto/openssl.h"

namespace merlon::crypto {

using X509Handle = Handle<X509, X509_free>;
using NamesHandle = Handle<GENERAL_NAMES, GENERAL_NAMES_free>;
using Bio = Handle<BIO, BIO_free>;

inline void free_octets(void* octets) { OPENSSL_free(octets); }
// For PEM files that are encrypted: OpenSSL's own asks the terminal.
inline int no_password(char*, int, int, void*) { return -1; }

std::string text_of(BIO* memory);

struct CertificateForm {
    std::string common_name;
    std::vector<std::string> uris;
    std::vector<std::string> dns_names;
    std::vector<std::string> addresses;  // textual; the caller has checked them
    WallTime not_before;
    WallTime not_after;
    const char* extended_usage = "serverAuth,clientAuth";  // null: none; as OpenSSL says it
    // Of an authority: it signs leaves whose URIs are of this host, and nothing else. Empty: a
    // leaf.
    std::string permitted_uri_host;
};

// Signed by `issuer_key`, whose certificate is `issuer`; by itself when that is null. Nothing
// (null) when OpenSSL refuses what the form says.
X509Handle sign_certificate(const CertificateForm& form, EVP_PKEY* key, const X509* issuer,
                            EVP_PKEY* issuer_key, Entropy& entropy);

// P-256, by OpenSSL's generator.
KeyHandle generate_certificate_key();
// PrivateKeyInfo (PKCS#8), not encrypted: the file's mode protects it.
Secret private_pem(EVP_PKEY* key);
// Null when it is none.
KeyHandle read_private_pem(const Secret& pem);

}  // namespace merlon::crypto
