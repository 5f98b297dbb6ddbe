// Makes a development authority, and issues certificates from it.
#include "crypto/certificate_authority.h"

#include <arpa/inet.h>
#include <openssl/err.h>

#include <algorithm>

#include "base/text.h"
#include "crypto/certificate_form.h"

namespace merlon::crypto {
namespace {

constexpr const char* authority_name = "Merlon development CA";

bool is_label(std::string_view label) {
    return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
           std::ranges::all_of(
               label, [](char c) { return text::is_alpha(c) || text::is_digit(c) || c == '-'; });
}

// RFC 1123 section 2.1, at most 253 bytes, and no star: a workload has a name.
bool is_host_name(std::string_view name) {
    return name.size() <= 253 && std::ranges::all_of(text::split(name, '.'), is_label) &&
           name.find_first_of(" \t") == std::string_view::npos;
}

bool is_address(const std::string& text) {
    in6_addr ignored{};
    return text.find('\0') == std::string::npos &&
           (::inet_pton(AF_INET, text.c_str(), &ignored) == 1 ||
            ::inet_pton(AF_INET6, text.c_str(), &ignored) == 1);
}

// What the authority signs for is what it says of itself: spiffe://DOMAIN, without a path.
Result<SpiffeId> domain_of(const X509* certificate) {
    const auto refuse = [] {
        ERR_clear_error();
        return fail(Kind::Invalid, "authority.domain", "the authority names no trust domain");
    };
    const NamesHandle names(static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
    if (!names || sk_GENERAL_NAME_num(names.get()) != 1) return refuse();
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), 0);
    if (name->type != GEN_URI) return refuse();
    const ASN1_IA5STRING* text = name->d.uniformResourceIdentifier;
    auto id = SpiffeId::parse({reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                               static_cast<std::size_t>(ASN1_STRING_length(text))});
    if (!id || !id->path().empty()) return refuse();
    return id;
}

}  // namespace

struct CertificateAuthority::Key {
    KeyHandle handle;
};

Result<CertificateAuthority> CertificateAuthority::make(std::string_view trust_domain, WallTime now,
                                                        Entropy& entropy) {
    SpiffeId domain = MERLON_TRY(SpiffeId::of_domain(trust_domain));
    CertificateForm form;
    form.common_name = authority_name;
    form.uris = {domain.text()};
    form.not_before = now - backdated;
    form.not_after = now + authority_life;
    form.permitted_uri_host = trust_domain;
    auto key = std::make_shared<Key>(generate_certificate_key());
    X509Handle made =
        sign_certificate(form, key->handle.get(), nullptr, key->handle.get(), entropy);
    MERLON_ASSERT(made != nullptr);
    return CertificateAuthority(std::move(domain), Certificate({made.release(), X509_free}),
                                std::move(key));
}

Result<CertificateAuthority> CertificateAuthority::load(std::string_view certificate_pem,
                                                        const Secret& key_pem) {
    Certificate certificate = MERLON_TRY(Certificate::from_pem(certificate_pem));
    auto key = std::make_shared<Key>(read_private_pem(key_pem));
    if (!key->handle) return fail(Kind::Invalid, "authority.key", "no private key in PEM");
    if (X509_check_private_key(certificate.handle_.get(), key->handle.get()) != 1) {
        ERR_clear_error();
        return fail(Kind::Invalid, "authority.key", "not the key of this certificate");
    }
    SpiffeId domain = MERLON_TRY(domain_of(certificate.handle_.get()));
    return CertificateAuthority(std::move(domain), std::move(certificate), std::move(key));
}

Result<IssuedLeaf> CertificateAuthority::issue(const LeafRequest& request, WallTime now,
                                               Entropy& entropy) const {
    const auto refuse = [](std::string_view rule, const std::string& why) {
        return fail(Kind::Invalid, rule, why);
    };
    if (request.id.trust_domain() != trust_domain() || request.id.path().empty()) {
        return refuse("authority.domain",
                      request.id.text() + " is no workload of " + std::string(trust_domain()));
    }
    for (const std::string& name : request.dns_names) {
        if (!is_host_name(name)) return refuse("authority.names", name + " is no DNS name");
    }
    for (const std::string& address : request.addresses) {
        if (!is_address(address)) return refuse("authority.names", address + " is no IP address");
    }
    if (request.life < std::chrono::days{1} || request.life > leaf_life_max) {
        return refuse("authority.life", "a certificate lasts 1 to 825 days");
    }
    if (now >= certificate_.expires_at()) {
        return refuse("authority.expired", "the authority's own certificate has expired");
    }
    CertificateForm form;
    // RFC 5280 appendix A.1: at most 64 letters. For people; the identity is the URI.
    const auto account = request.id.account();
    form.common_name = account ? account->name.substr(0, 64) : "workload";
    form.uris = {request.id.text()};
    form.dns_names = request.dns_names;
    form.addresses = request.addresses;
    form.not_before = now - backdated;
    form.not_after = std::min(now + request.life, certificate_.expires_at());
    const KeyHandle key = generate_certificate_key();
    X509Handle made =
        sign_certificate(form, key.get(), certificate_.handle_.get(), key_->handle.get(), entropy);
    MERLON_ASSERT(made != nullptr);
    return IssuedLeaf{Certificate({made.release(), X509_free}), private_pem(key.get())};
}

Secret CertificateAuthority::key_pem() const { return private_pem(key_->handle.get()); }

}  // namespace merlon::crypto
