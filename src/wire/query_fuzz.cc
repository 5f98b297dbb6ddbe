// Whatever is accepted holds no control character and no name twice.
#include <algorithm>
#include <cstdint>

#include "wire/query.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace merlon::wire;
    const std::string text(reinterpret_cast<const char*>(data), size);
    const auto query = Query::parse(text);
    if (!query) return 0;
    const std::string name = text.substr(0, std::min(text.find('='), text.find('&')));
    const std::string* value = query->find(name);
    if (value == nullptr) return 0;
    MERLON_ASSERT(std::ranges::none_of(
        *value, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }));
    MERLON_ASSERT(!Query::parse(text + "&" + name + "=again"));
    return 0;
}
