// Whatever a stored hash says, reading it is quick and its costs stay within bounds.
#include <cstddef>
#include <cstdint>

#include "crypto/password_encoding.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace merlon;
    const auto encoding = crypto::parse_password_hash({reinterpret_cast<const char*>(data), size});
    if (encoding) {
        MERLON_ASSERT(encoding->scheme.bcrypt_cost <= crypto::bcrypt_cost_max);
        MERLON_ASSERT(encoding->scheme.argon2_memory_kib <= crypto::argon2_memory_kib_max);
        MERLON_ASSERT(encoding->scheme.argon2_passes <= crypto::argon2_passes_max);
    }
    return 0;
}
