// Any bytes become a JSON string without a control character that reads back as one value.
#include <boost/json.hpp>
#include <cstdint>

#include "base/result.h"
#include "wire/json_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string out;
    merlon::wire::append_json_string(out, {reinterpret_cast<const char*>(data), size});
    for (const char c : out) MERLON_ASSERT(static_cast<unsigned char>(c) >= 0x20);
    boost::system::error_code error;
    MERLON_ASSERT(boost::json::parse(out, error).is_string());
    MERLON_ASSERT(!error);
    return 0;
}
