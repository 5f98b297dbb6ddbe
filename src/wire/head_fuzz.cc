// Any bytes as a request and as a response: scanning in one piece finds the same end as byte by
// byte, what is accepted Beast reads the same way, and what is admitted has exactly one host.
#include <cstdint>

#include "wire/admission.h"
#include "wire/head_oracle.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace merlon::wire;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const HeadLimits limits;
    HeadScanner whole;
    const auto length = whole.scan(bytes, limits);
    HeadScanner stepwise;
    for (std::size_t end = 1; end <= size; ++end) {
        const auto step = stepwise.scan(bytes.substr(0, end), limits);
        if (!step) {
            MERLON_ASSERT(!length);
            return 0;
        }
        if (*step > 0) {
            MERLON_ASSERT(length && *length == *step);
            break;
        }
    }
    if (!length || *length == 0) return 0;
    RequestHead request;
    if (request.parse(bytes.substr(0, *length), limits)) {
        expect_beast_agrees<true>(bytes.substr(0, *length), request.fields);
        if (const auto admitted = admit(request)) {
            int hosts = 0;
            for (const Field& field : request.fields) {
                hosts += field.id == FieldId::Host;
                MERLON_ASSERT(field.value.find('\n') == std::string_view::npos);
            }
            MERLON_ASSERT(hosts == 1 && !admitted->host.empty());
        }
    }
    ResponseHead response;
    if (response.parse(bytes.substr(0, *length), limits)) {
        expect_beast_agrees<false>(bytes.substr(0, *length), response.fields);
        (void)admit_response(response, Method::Get);
    }
    return 0;
}
