// RFC 7638 thumbprints.
#include "crypto/jwk.h"

#include <fmt/format.h>

#include "base/result.h"
#include "base/text.h"
#include "crypto/digest.h"

namespace merlon::crypto {
namespace {

// Section 3.2: the required members in lexicographic order, no white space. The values are
// base64url text or curve names, so nothing needs escaping.
std::string canonical(const Jwk& key) {
    if (key.kty == "RSA") {
        return fmt::format(R"({{"e":"{}","kty":"RSA","n":"{}"}})", key.e, key.n);
    }
    if (key.kty == "EC") {
        return fmt::format(R"({{"crv":"{}","kty":"EC","x":"{}","y":"{}"}})", key.crv, key.x, key.y);
    }
    MERLON_ASSERT(key.kty == "OKP");
    return fmt::format(R"({{"crv":"{}","kty":"OKP","x":"{}"}})", key.crv, key.x);
}

}  // namespace

std::string thumbprint(const Jwk& key) {
    return text::to_base64url(as_text(sha256(canonical(key))));
}

}  // namespace merlon::crypto
