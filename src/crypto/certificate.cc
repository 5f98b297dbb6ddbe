// Reading certificates.
#include "crypto/certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <ctime>

#include "crypto/certificate_form.h"
#include "crypto/certificate_time.h"

namespace merlon::crypto {
namespace {

std::unexpected<Error> malformed() {
    ERR_clear_error();
    return fail(Kind::Invalid, "certificate.malformed");
}

std::unexpected<Error> no_identity(std::string_view why) {
    ERR_clear_error();
    return fail(Kind::Invalid, "certificate.identity", std::string(why));
}

std::shared_ptr<const x509_st> shared(X509* handle) { return {handle, X509_free}; }

}  // namespace

Result<Certificate> Certificate::from_pem(std::string_view pem) {
    const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    MERLON_ASSERT(bio != nullptr);
    X509* handle = PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr);
    if (handle == nullptr) return malformed();
    return Certificate(shared(handle));
}

Result<Certificate> Certificate::from_der(std::string_view der) {
    const unsigned char* in = octets(der);
    const unsigned char* const end = in + der.size();
    X509Handle handle(d2i_X509(nullptr, &in, static_cast<long>(der.size())));
    if (!handle || in != end) return malformed();
    return Certificate(shared(handle.release()));
}

Result<SpiffeId> Certificate::spiffe_id() const {
    auto* const certificate = const_cast<X509*>(handle_.get());
    if (X509_check_ca(certificate) != 0) return no_identity("it may sign others");
    int critical = 0;
    const NamesHandle names(static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate, NID_subject_alt_name, &critical, nullptr)));
    // -1: there is none; -2: there are two, of which others might read the other.
    if (!names) return no_identity("it has no alternative names, or they cannot be read");
    const ASN1_IA5STRING* only = nullptr;
    for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
        if (name->type != GEN_URI) continue;
        if (only != nullptr) return no_identity("it names two URIs");
        only = name->d.uniformResourceIdentifier;
    }
    if (only == nullptr) return no_identity("it names no URI");
    // By its length: a NUL inside is a letter like others, and refused as one.
    const std::string_view text(reinterpret_cast<const char*>(ASN1_STRING_get0_data(only)),
                                static_cast<std::size_t>(ASN1_STRING_length(only)));
    auto id = SpiffeId::parse(text);
    if (!id) return no_identity(id.error().detail);
    if (id->path().empty()) return no_identity("it names a trust domain and no workload");
    return id;
}

Result<VerifyKey> Certificate::verify_key() const {
    X509_PUBKEY* const key = X509_get_X509_PUBKEY(handle_.get());
    unsigned char* der = nullptr;
    const int size = i2d_X509_PUBKEY(key, &der);
    if (size <= 0) return malformed();
    const Handle<unsigned char, free_octets> owned(der);
    return VerifyKey::from_public_der(
        {reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)});
}

WallTime Certificate::expires_at() const {  // One without a time has long ended.
    return time_of(X509_get0_notAfter(handle_.get())).value_or(WallTime::min());
}

std::string Certificate::pem() const {
    const Bio bio(BIO_new(BIO_s_mem()));
    MERLON_ASSERT(bio && PEM_write_bio_X509(bio.get(), handle_.get()) == 1);
    return text_of(bio.get());
}

}  // namespace merlon::crypto
