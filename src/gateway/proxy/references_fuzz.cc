// Whatever a service says of itself, what the client is told has no line end of its own, and names
// no host that the service did not name.
#include <cstdint>

#include "gateway/proxy/references.h"

namespace {

using namespace merlon::gateway;

bool looks_like_host(std::string_view reference) {
    return reference.size() > 1 && reference[0] == '/' &&
           (reference[1] == '/' || reference[1] == '\\');
}

bool has_line_end(std::string_view text) {
    return text.find_first_of("\r\n") != std::string_view::npos;
}

void check(const RelayRules& rules, std::string_view said) {
    const References to{rules, "app.internal:9000", "shop.example.com"};
    const std::string reference = map_reference(said, to);
    MERLON_ASSERT(!looks_like_host(reference) || looks_like_host(said));
    const bool may_break = has_line_end(said);
    for (const std::string& told : {reference, map_refresh(said, to), map_cookie(said, to)}) {
        MERLON_ASSERT(may_break || !has_line_end(told));
    }
    // A cookie keeps its name and its value.
    const std::string cookie = map_cookie(said, to);
    MERLON_ASSERT(cookie.substr(0, cookie.find(';')) == said.substr(0, said.find(';')));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view said(reinterpret_cast<const char*>(data), size);
    RelayRules rules;
    check(rules, said);
    rules.prefix = "/catalog";
    check(rules, said);
    rules.base = "/v2";
    check(rules, said);
    rules.prefix.clear();
    check(rules, said);
    return 0;
}
