// Reading a chain and judging its order, its gaps and its names.
#include "crypto/certificate_chain.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "crypto/certificate_form.h"
#include "crypto/certificate_time.h"

namespace merlon::crypto {
namespace {

constexpr std::size_t certificates_max = 8;
constexpr std::chrono::days renewal_days{21};

// The length is a call's, so that a NUL inside a name ends nothing early.
std::string subject_of(X509* certificate) {
    const Bio out(BIO_new(BIO_s_mem()));
    X509_NAME_print_ex(out.get(), X509_get_subject_name(certificate), 0, XN_FLAG_ONELINE);
    return text_of(out.get());
}

bool is_signed_by(X509* certificate, X509* issuer) {
    const bool is_so = X509_check_issued(issuer, certificate) == X509_V_OK &&
                       X509_verify(certificate, X509_get0_pubkey(issuer)) == 1;
    ERR_clear_error();
    return is_so;
}

// RFC 5280 section 4.2.2.1: where the issuer's certificate is to be had. Authorities that sign
// through an intermediate say so; a private root that signs itself does not.
bool names_its_issuer(X509* certificate) {
    const Handle<AUTHORITY_INFO_ACCESS, AUTHORITY_INFO_ACCESS_free> access(
        static_cast<AUTHORITY_INFO_ACCESS*>(
            X509_get_ext_d2i(certificate, NID_info_access, nullptr, nullptr)));
    for (int i = 0; access && i < sk_ACCESS_DESCRIPTION_num(access.get()); ++i) {
        const ACCESS_DESCRIPTION* const one = sk_ACCESS_DESCRIPTION_value(access.get(), i);
        if (OBJ_obj2nid(one->method) == NID_ad_ca_issuers) return true;
    }
    return false;
}

std::string order_fault(const std::vector<X509Handle>& chain) {
    for (std::size_t i = 1; i < chain.size(); ++i) {
        if (is_signed_by(chain[i - 1].get(), chain[i].get())) continue;
        return "certificate " + std::to_string(i + 1) + " of the file (" +
               subject_of(chain[i].get()) + ") did not sign the one before it (" +
               subject_of(chain[i - 1].get()) + "): the leaf comes first, then who signed it";
    }
    if (chain.size() == 1 && names_its_issuer(chain.front().get())) {
        return "the file has the leaf only, and clients do not know who signed it: add the "
               "intermediate certificates (fullchain.pem)";
    }
    return {};
}

}  // namespace

Result<CertificateChain> CertificateChain::from_pem(std::string_view pem) {
    const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    MERLON_ASSERT(bio != nullptr);
    std::vector<X509Handle> chain;
    while (chain.size() < certificates_max) {
        X509Handle one(PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr));
        if (!one) break;
        chain.push_back(std::move(one));
    }
    ERR_clear_error();
    if (chain.empty()) return fail(Kind::Invalid, "certificate.malformed");
    CertificateChain made;
    made.valid_until_ = WallTime::max();
    for (const X509Handle& one : chain) {
        const auto from = time_of(X509_get0_notBefore(one.get()));
        const auto until = time_of(X509_get0_notAfter(one.get()));
        if (!from || !until) {
            return fail(Kind::Invalid, "certificate.malformed", "its times cannot be read");
        }
        made.valid_from_ = std::max(made.valid_from_, *from);
        if (*until >= made.valid_until_) continue;
        made.valid_until_ = *until;
        made.renewal_time_ = std::min<std::chrono::seconds>(
            renewal_days, std::chrono::floor<std::chrono::seconds>(*until - *from) / 3);
    }
    made.order_fault_ = order_fault(chain);
    const Bio leaf(BIO_new(BIO_s_mem()));
    MERLON_ASSERT(leaf && PEM_write_bio_X509(leaf.get(), chain.front().get()) == 1);
    made.leaf_pem_ = text_of(leaf.get());
    return made;
}

std::vector<std::string> CertificateChain::faults(const std::string& host) const {
    std::vector<std::string> found;
    if (!order_fault_.empty()) found.push_back(order_fault_);
    if (host.empty() || names(host)) return found;
    found.push_back("it does not name " + host + ", which is in public_url");
    return found;
}

bool CertificateChain::names(const std::string& host) const {
    const Bio bio(BIO_new_mem_buf(leaf_pem_.data(), static_cast<int>(leaf_pem_.size())));
    const X509Handle leaf(PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr));
    const bool is_named = X509_check_host(leaf.get(), host.c_str(), host.size(), 0, nullptr) == 1 ||
                          X509_check_ip_asc(leaf.get(), host.c_str(), 0) == 1;
    ERR_clear_error();
    return is_named;
}

}  // namespace merlon::crypto
