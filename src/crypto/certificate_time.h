// OpenSSL's times as ours. Included by this folder's sources only.
#pragma once

#include <openssl/asn1.h>

#include "base/clock.h"
#include "crypto/openssl.h"

namespace merlon::crypto {

// Counted from the epoch by OpenSSL, so that no time zone has a say.
inline WallTime time_of(const ASN1_TIME* time) {
    const Handle<ASN1_TIME, ASN1_TIME_free> epoch(ASN1_TIME_set(nullptr, 0));
    int days = 0;
    int seconds = 0;
    MERLON_ASSERT(epoch && ASN1_TIME_diff(&days, &seconds, epoch.get(), time) == 1);
    return WallTime{std::chrono::days{days} + std::chrono::seconds{seconds}};
}

}  // namespace merlon::crypto
