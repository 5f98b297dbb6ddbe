// Constant-time comparison by OpenSSL.
#include "crypto/equal.h"

#include <openssl/crypto.h>

namespace merlon::crypto {

bool equal(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace merlon::crypto
