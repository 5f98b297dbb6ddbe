// Whether a shared secret that a person typed is one at all.
#pragma once

#include "base/result.h"
#include "base/secret.h"

namespace merlon::crypto {

// For JWT_SECRET and its kind. Fails with "secret.short" (fewer than 32 bytes) or "secret.sample"
// (made of the words of published samples, whatever their case, separators and padding, or of very
// few different characters).
Result<> check_shared_secret(const Secret& secret);

}  // namespace merlon::crypto
