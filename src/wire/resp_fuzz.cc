// A reply read in one piece is the same, or the same error, as read byte by byte; its items lie
// inside it.
#include <cstdint>

#include "wire/resp.h"

namespace {

using merlon::wire::RespReader;

std::string read(std::string_view input, std::size_t step) {
    RespReader reader;
    std::size_t given = 0;
    while (true) {
        given = std::min(input.size(), given + step);
        const auto whole = reader.read(input.substr(0, given));
        if (!whole) return std::string(whole.error().rule);
        if (*whole) break;
        if (given == input.size()) return "?";
    }
    MERLON_ASSERT(reader.bytes() <= given);
    std::string all = std::to_string(reader.bytes());
    for (const auto& item : reader.items()) {
        MERLON_ASSERT(item.at + item.bytes <= reader.bytes());
        all += "|" + std::to_string(static_cast<int>(item.type)) + ":" +
               std::to_string(item.number) + ":" + std::string(RespReader::text(item, input));
    }
    return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    MERLON_ASSERT(read(input, size + 1) == read(input, 1));
    return 0;
}
