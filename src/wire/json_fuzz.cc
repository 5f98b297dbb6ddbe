// Any bytes: no crash, and what is accepted is accepted again when written out.
#include <boost/json.hpp>
#include <cstdint>

#include "wire/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto value = merlon::wire::parse_json({reinterpret_cast<const char*>(data), size});
    if (value) MERLON_ASSERT(merlon::wire::parse_json(boost::json::serialize(*value)));
    return 0;
}
