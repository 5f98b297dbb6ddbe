// For tests of who trusts which certificate: an authority that signs whatever a form says.
#pragma once

#include <openssl/pem.h>

#include "crypto/certificate_authority.h"
#include "crypto/certificate_form.h"

namespace merlon::crypto::testing {

inline const WallTime now{std::chrono::milliseconds{1'767'225'600'000}};

inline X509Handle read_certificate(const std::string& pem) {
    const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    return X509Handle(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

// A leaf's form as the authority itself would fill it in, for a test to spoil.
inline CertificateForm leaf_form(WallTime at = now) {
    CertificateForm form;
    form.common_name = "orders";
    form.uris = {"spiffe://cluster.local/ns/shop/sa/orders"};
    form.dns_names = {"localhost"};
    form.addresses = {"127.0.0.1"};
    form.not_before = at - std::chrono::minutes{5};
    form.not_after = at + std::chrono::days{1};
    return form;
}

struct PemPair {
    std::string certificate;
    Secret key;
};

inline PemPair sign_anything(const CertificateAuthority& authority, const CertificateForm& form,
                             KeyHandle key = generate_certificate_key()) {
    SystemEntropy entropy;
    const X509Handle issuer = read_certificate(authority.certificate().pem());
    const KeyHandle issuer_key = read_private_pem(authority.key_pem());
    const X509Handle made =
        sign_certificate(form, key.get(), issuer.get(), issuer_key.get(), entropy);
    MERLON_ASSERT(made != nullptr);
    const Bio bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(bio.get(), made.get());
    return {text_of(bio.get()), private_pem(key.get())};
}

}  // namespace merlon::crypto::testing
