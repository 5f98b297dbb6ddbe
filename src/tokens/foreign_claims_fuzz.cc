// Any bytes as the payload of a trusted issuer's token: what is believed of it can stand in a field
// towards an upstream.
#include <algorithm>
#include <cstdint>

#include "tokens/access_token.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace merlon;
    static const access::Roles roles = access::Roles::defaults();
    static const tokens::ClaimRules rules{"i",
                                          "a",
                                          tokens::Origin::Foreign,
                                          {.permissions = {"scope", "a.b", "a.b.c"},
                                           .role = "r.s",
                                           .prefix = "p",
                                           .audience = "aud"}};
    const std::string_view payload(reinterpret_cast<const char*>(data), size);
    const auto token = tokens::parse_access_claims(payload, rules, roles, WallTime{});
    if (!token) return 0;
    const access::Subject& subject = token->subject;
    MERLON_ASSERT(std::ranges::all_of(subject.permission_names, access::is_name));
    MERLON_ASSERT(std::ranges::none_of(
        subject.user_id, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }));
    MERLON_ASSERT(subject.email.empty() && (subject.role.empty() || roles.has_role(subject.role)));
    return 0;
}
