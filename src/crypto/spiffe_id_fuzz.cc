// Whatever is accepted is within the limits, has one spelling, and goes together again from its
// parts; nothing in it could lead a reader of URLs astray.
#include <cstddef>
#include <cstdint>

#include "crypto/spiffe_id.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace merlon::crypto;
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const auto id = SpiffeId::parse(input);
    if (!id) return 0;
    MERLON_ASSERT(input.size() <= spiffe_id_bytes_max && id->text() == input);
    MERLON_ASSERT(id->trust_domain().size() <= trust_domain_bytes_max);
    MERLON_ASSERT("spiffe://" + std::string(id->trust_domain()) + std::string(id->path()) == input);
    MERLON_ASSERT(input.find_first_of("%?#@\\ \r\n") == std::string_view::npos);
    MERLON_ASSERT((std::string(id->path()) + "/").find("/../") == std::string::npos);
    if (const auto account = id->account()) {
        const auto again = SpiffeId::of_account(id->trust_domain(), *account);
        MERLON_ASSERT(again && *again == *id);
    }
    return 0;
}
