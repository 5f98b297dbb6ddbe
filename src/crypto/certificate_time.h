// OpenSSL's times as ours. Included by this folder's sources only.
#pragma once

#include <openssl/asn1.h>
#include <openssl/err.h>

#include <optional>

#include "base/clock.h"
#include "crypto/openssl.h"

namespace merlon::crypto {

// Counted from the epoch by OpenSSL, so that no time zone has a say. Nothing: it is no time, which
// OpenSSL notices no earlier than here.
inline std::optional<WallTime> time_of(const ASN1_TIME* time) {
    const Handle<ASN1_TIME, ASN1_TIME_free> epoch(ASN1_TIME_set(nullptr, 0));
    int days = 0;
    int seconds = 0;
    MERLON_ASSERT(epoch != nullptr);
    const bool is_time = ASN1_TIME_diff(&days, &seconds, epoch.get(), time) == 1;
    ERR_clear_error();
    if (!is_time) return std::nullopt;
    return WallTime{std::chrono::days{days} + std::chrono::seconds{seconds}};
}

}  // namespace merlon::crypto
