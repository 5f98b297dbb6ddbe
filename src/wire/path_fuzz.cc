// Whatever is accepted is canonical: it comes out of a second pass as it went in, and holds nothing
// that a decoder behind us could read as a separator or a dot segment.
#include <cstdint>

#include "wire/path.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace merlon::wire;
    const std::string target = "/" + std::string(reinterpret_cast<const char*>(data), size);
    std::string storage;
    const auto first = canonicalize(target, storage);
    if (!first) return 0;
    const std::string path(first->path);
    const auto second = canonicalize(path, storage);
    MERLON_ASSERT(second && second->path == path);
    const std::string decoded = decode_segment(path);
    MERLON_ASSERT(decoded.find("/../") == std::string::npos && !decoded.ends_with("/.."));
    MERLON_ASSERT(decoded.find("//") == std::string::npos);
    MERLON_ASSERT(decoded.find('\\') == std::string::npos &&
                  decoded.find('\0') == std::string::npos);
    return 0;
}
