// A certificate authority of one trust domain, for development: it lives in two files, and whoever
// reads the second is everybody. Production has cert-manager, SPIRE or a mesh do this.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/entropy.h"
#include "base/secret.h"
#include "crypto/certificate.h"

namespace merlon::crypto {

// Long enough that nobody's desk stops over it, short enough that it ends.
inline constexpr std::chrono::days authority_life{5 * 365};
// Nothing renews a development certificate by itself: a day, as SPIRE gives, would stop a desk
// every morning. Ninety days, as public authorities give, make renewing something one has done.
inline constexpr std::chrono::days leaf_life{90};
inline constexpr std::chrono::days leaf_life_max{825};
// A peer's clock may be behind ours.
inline constexpr std::chrono::minutes backdated{5};

struct LeafRequest {
    SpiffeId id;
    std::vector<std::string> dns_names;
    std::vector<std::string> addresses;  // IPv4 or IPv6
    std::chrono::days life = leaf_life;
};

struct IssuedLeaf {
    Certificate certificate;
    Secret key_pem;  // PKCS#8
};

// Resource: owns the key. One thread.
class CertificateAuthority {
public:
    // A fresh P-256 key, and a certificate for it that signs leaves of this trust domain only:
    // path length 0, certificate signing, a critical name constraint on the host of URIs.
    // Fails with "spiffe.malformed".
    static Result<CertificateAuthority> make(std::string_view trust_domain, WallTime now,
                                             Entropy& entropy);
    // What certificate_pem() and key_pem() gave. Errors: "certificate.malformed", "authority.key"
    // (no key, or not the certificate's), "authority.domain" (it names no trust domain).
    static Result<CertificateAuthority> load(std::string_view certificate_pem,
                                             const Secret& key_pem);

    // A fresh P-256 key and a certificate for it, for both ends of TLS; it never outlives the
    // authority's own. Errors: "authority.domain" (another trust domain's), "authority.names" (a
    // DNS name or an address is none), "authority.life" (0, too long), "authority.expired".
    Result<IssuedLeaf> issue(const LeafRequest& request, WallTime now, Entropy& entropy) const;

    std::string_view trust_domain() const { return domain_.trust_domain(); }
    const Certificate& certificate() const { return certificate_; }
    Secret key_pem() const;

private:
    struct Key;
    CertificateAuthority(SpiffeId domain, Certificate certificate, std::shared_ptr<Key> key)
        : domain_(std::move(domain)), certificate_(std::move(certificate)), key_(std::move(key)) {}

    SpiffeId domain_;
    Certificate certificate_;
    std::shared_ptr<Key> key_;  // shared with nobody: it hides OpenSSL's type and can be moved
};

}  // namespace merlon::crypto
