// The certificates of a PEM file as a server sends them: the leaf, then those that vouch for it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace merlon::crypto {

// What a chain is good for. Value.
class CertificateChain {
public:
    // Of a PEM file's text, at most eight certificates. Fails with "certificate.malformed".
    static Result<CertificateChain> from_pem(std::string_view pem);

    // Every one of its certificates is good in [valid_from, valid_until).
    WallTime valid_from() const { return valid_from_; }
    WallTime valid_until() const { return valid_until_; }
    // The time before its end when it should be renewed: 21 days, or a third of a shorter life of
    // the certificate that ends first.
    std::chrono::seconds renewal_time() const { return renewal_time_; }

    // What clients will refuse it for whatever the time: certificates in the wrong order, one that
    // is missing, and no mention of `host`, unless that is empty. Sentences for the operator, none
    // when nothing is wrong.
    std::vector<std::string> faults(const std::string& host) const;
    // Whether the leaf is for that DNS name or IP address.
    bool names(const std::string& host) const;

private:
    std::string order_fault_;  // empty: none
    std::string leaf_pem_;
    WallTime valid_from_;
    WallTime valid_until_;
    std::chrono::seconds renewal_time_{};
};

}  // namespace merlon::crypto
