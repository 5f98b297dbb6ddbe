// Whatever a stored hash says, reading it is quick, and its costs and sizes stay within bounds.
#include <cstddef>
#include <cstdint>

#include "crypto/password_encoding.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace merlon;
    const auto encoding = crypto::parse_password_hash({reinterpret_cast<const char*>(data), size});
    if (!encoding) return 0;
    MERLON_ASSERT(crypto::is_affordable(encoding->scheme));
    const bool is_argon2 = encoding->scheme.kind == crypto::PasswordKind::Argon2id;
    MERLON_ASSERT(is_argon2 == !encoding->digest.empty());
    MERLON_ASSERT(encoding->salt.size() <= 64 && encoding->digest.size() <= 64);
    return 0;
}
