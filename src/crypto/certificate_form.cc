// Filling X.509 certificates (RFC 5280) for OpenSSL to sign.
#include "crypto/certificate_form.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/result.h"

namespace merlon::crypto {
namespace {

std::time_t seconds_of(WallTime time) {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

// Section 4.1.2.2: positive, at most 20 bytes. 128 random bits, so that no two are alike and
// nobody foretells what is about to be signed.
bool set_serial(X509* certificate, Entropy& entropy) {
    const std::string bytes = entropy.bytes(16);
    const Handle<BIGNUM, BN_free> number(BN_bin2bn(octets(bytes), 16, nullptr));
    return number &&
           BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_subject(X509* certificate, const std::string& common_name) {
    return X509_NAME_add_entry_by_NID(X509_get_subject_name(certificate), NID_commonName,
                                      MBSTRING_UTF8, octets(common_name),
                                      static_cast<int>(common_name.size()), -1, 0) == 1;
}

// The words are ours; what callers bring goes in as values, below: in OpenSSL's little language a
// comma inside a name would begin another.
bool add_words(X509* certificate, const X509* issuer, int extension, const char* words) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, const_cast<X509*>(issuer), certificate, nullptr, nullptr, 0);
    const Handle<X509_EXTENSION, X509_EXTENSION_free> made(
        X509V3_EXT_nconf_nid(nullptr, &context, extension, words));
    return made && X509_add_ext(certificate, made.get(), -1) == 1;
}

GENERAL_NAME* name_of(int type, const std::string& text) {
    if (type == GEN_IPADD)
        return a2i_GENERAL_NAME(nullptr, nullptr, nullptr, type, text.c_str(), 0);
    ASN1_IA5STRING* const value = ASN1_IA5STRING_new();
    GENERAL_NAME* const name = GENERAL_NAME_new();
    MERLON_ASSERT(value != nullptr && name != nullptr);
    MERLON_ASSERT(ASN1_STRING_set(value, text.data(), static_cast<int>(text.size())) == 1);
    GENERAL_NAME_set0_value(name, type, value);
    return name;
}

bool add_names(GENERAL_NAMES* names, int type, const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
        GENERAL_NAME* const name = name_of(type, text);
        if (name == nullptr) return false;
        MERLON_ASSERT(sk_GENERAL_NAME_push(names, name) > 0);
    }
    return true;
}

bool add_alternative_names(X509* certificate, const CertificateForm& form) {
    const NamesHandle names(sk_GENERAL_NAME_new_null());
    MERLON_ASSERT(names != nullptr);
    if (!add_names(names.get(), GEN_URI, form.uris) ||
        !add_names(names.get(), GEN_DNS, form.dns_names) ||
        !add_names(names.get(), GEN_IPADD, form.addresses)) {
        return false;
    }
    if (sk_GENERAL_NAME_num(names.get()) == 0) return true;
    return X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0,
                             X509V3_ADD_DEFAULT) == 1;
}

// Section 4.2.1.10: of a URI its host is compared, whole where no dot comes first. Critical, so
// that who does not understand it refuses what the authority signed.
bool add_constraint(X509* certificate, const std::string& host) {
    const Handle<NAME_CONSTRAINTS, NAME_CONSTRAINTS_free> constraints(NAME_CONSTRAINTS_new());
    GENERAL_SUBTREE* const permitted = GENERAL_SUBTREE_new();
    MERLON_ASSERT(constraints && permitted != nullptr);
    GENERAL_NAME_free(permitted->base);
    permitted->base = name_of(GEN_URI, host);
    constraints->permittedSubtrees = sk_GENERAL_SUBTREE_new_null();
    MERLON_ASSERT(constraints->permittedSubtrees != nullptr &&
                  sk_GENERAL_SUBTREE_push(constraints->permittedSubtrees, permitted) > 0);
    return X509_add1_ext_i2d(certificate, NID_name_constraints, constraints.get(), 1,
                             X509V3_ADD_DEFAULT) == 1;
}

bool add_usages(X509* certificate, const X509* issuer, const CertificateForm& form) {
    if (!form.permitted_uri_host.empty()) {
        return add_words(certificate, issuer, NID_basic_constraints,
                         "critical,CA:TRUE,pathlen:0") &&
               add_words(certificate, issuer, NID_key_usage, "critical,keyCertSign") &&
               add_constraint(certificate, form.permitted_uri_host);
    }
    return add_words(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
           add_words(certificate, issuer, NID_key_usage, "critical,digitalSignature") &&
           (form.extended_usage == nullptr ||
            add_words(certificate, issuer, NID_ext_key_usage, form.extended_usage));
}

}  // namespace

X509Handle sign_certificate(const CertificateForm& form, EVP_PKEY* key, const X509* issuer,
                            EVP_PKEY* issuer_key, Entropy& entropy) {
    X509Handle made(X509_new());
    MERLON_ASSERT(made != nullptr);
    X509* const certificate = made.get();
    if (issuer == nullptr) issuer = certificate;
    const bool is_done =
        X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate, entropy) &&
        set_subject(certificate, form.common_name) &&
        X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1 &&
        ASN1_TIME_set(X509_getm_notBefore(certificate), seconds_of(form.not_before)) != nullptr &&
        ASN1_TIME_set(X509_getm_notAfter(certificate), seconds_of(form.not_after)) != nullptr &&
        X509_set_pubkey(certificate, key) == 1 && add_usages(certificate, issuer, form) &&
        // The subject's first: a certificate that signs itself names its own as the authority's.
        add_words(certificate, issuer, NID_subject_key_identifier, "hash") &&
        add_words(certificate, issuer, NID_authority_key_identifier, "keyid:always") &&
        add_alternative_names(certificate, form) &&
        X509_sign(certificate, issuer_key, EVP_sha256()) > 0;
    if (is_done) return made;
    ERR_clear_error();
    return nullptr;
}

KeyHandle generate_certificate_key() {
    KeyHandle key(EVP_EC_gen("P-256"));
    MERLON_ASSERT(key != nullptr);
    return key;
}

std::string text_of(BIO* memory) {
    char* text = nullptr;
    const long size = BIO_get_mem_data(memory, &text);
    return {text, static_cast<std::size_t>(size)};
}

Secret private_pem(EVP_PKEY* key) {
    // Wiped when it goes, unlike plain memory BIOs.
    const Bio bio(BIO_new(BIO_s_secmem()));
    MERLON_ASSERT(bio && PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr,
                                                  nullptr) == 1);
    return Secret(text_of(bio.get()));
}

KeyHandle read_private_pem(const Secret& pem) {
    const std::string_view text = pem.reveal();
    const Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    MERLON_ASSERT(bio != nullptr);
    KeyHandle key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
    ERR_clear_error();
    return key;
}

}  // namespace merlon::crypto
