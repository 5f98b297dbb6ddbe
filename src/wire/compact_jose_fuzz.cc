// Any bytes as a token: what is accepted says what was signed, in the one spelling there is.
#include <cstdint>

#include "base/text.h"
#include "wire/compact_jose.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view token(reinterpret_cast<const char*>(data), size);
    const auto jws = merlon::wire::CompactJws::parse(token);
    if (!jws) return 0;
    MERLON_ASSERT(token ==
                  std::string(jws->signed_text) + "." + merlon::text::to_base64url(jws->signature));
    return 0;
}
