// An X.509 certificate, as far as we read one: whose it is and which key is his. Whether anybody
// vouches for it is TLS's to find out (net/tls.h).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "crypto/signature.h"
#include "crypto/spiffe_id.h"

struct x509_st;  // OpenSSL's X509

namespace merlon::crypto {

// Value: copies share what nobody can change. Safe from every thread.
class Certificate {
public:
    // The first one in a PEM file's text. Fails with "certificate.malformed".
    static Result<Certificate> from_pem(std::string_view pem);
    // Fails with "certificate.malformed", also when bytes follow.
    static Result<Certificate> from_der(std::string_view der);

    // Who it is for (X509-SVID section 2): its only URI among the subject's alternative names,
    // which has a path. Fails with "certificate.identity", also for a certificate that may sign
    // others (section 4.1).
    Result<SpiffeId> spiffe_id() const;
    // Errors as of VerifyKey::from_jwk: "key.type" for P-384, "key.weak" for a short RSA key.
    Result<VerifyKey> verify_key() const;

    WallTime expires_at() const;
    std::string pem() const;

private:
    explicit Certificate(std::shared_ptr<const x509_st> handle) : handle_(std::move(handle)) {}
    friend class CertificateAuthority;

    std::shared_ptr<const x509_st> handle_;  // shared by the copies; immutable
};

}  // namespace merlon::crypto
