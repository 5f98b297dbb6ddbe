// Any text: an address that is accepted is accepted again in both of its forms, with one identity.
#include "wire/email.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const auto email = merlon::wire::Email::parse({reinterpret_cast<const char*>(data), size});
    if (!email) return 0;
    const auto again = merlon::wire::Email::parse(email->as_typed());
    MERLON_ASSERT(again && again->as_typed() == email->as_typed());
    MERLON_ASSERT(again->canonical() == email->canonical());
    MERLON_ASSERT(email->canonical().find('@') == email->canonical().rfind('@'));
    return 0;
}
