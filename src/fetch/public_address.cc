// The special-purpose address registries of IANA, as ranges.
#include "fetch/public_address.h"

#include <netinet/in.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>

namespace merlon::fetch {
namespace {

struct Network4 {
    std::uint32_t prefix;
    int length;
};

// https://www.iana.org/assignments/iana-ipv4-special-registry, what is not globally reachable, with
// multicast and what stands behind it.
constexpr Network4 special4[] = {
    {0x00000000, 8},   // this network
    {0x0a000000, 8},   // private
    {0x64400000, 10},  // shared by carriers
    {0x7f000000, 8},   // loopback
    {0xa9fe0000, 16},  // link-local: clouds keep credentials there
    {0xac100000, 12},  // private
    {0xc0000000, 24},  // protocol assignments
    {0xc0000200, 24},  // documentation
    {0xc0a80000, 16},  // private
    {0xc6120000, 15},  // benchmarks
    {0xc6336400, 24},  // documentation
    {0xcb007100, 24},  // documentation
    {0xe0000000, 3},   // multicast, reserved, broadcast
};

bool is_public4(std::uint32_t address) {
    return std::ranges::none_of(special4, [address](const Network4& network) {
        return (address ^ network.prefix) >> (32 - network.length) == 0;
    });
}

std::uint32_t number_at(const std::uint8_t* bytes) {
    return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
           std::uint32_t{bytes[2]} << 8 | bytes[3];
}

bool begins(std::span<const std::uint8_t, 16> address, std::initializer_list<std::uint8_t> with) {
    return std::ranges::equal(address.first(with.size()), with);
}

// https://www.iana.org/assignments/iana-ipv6-special-registry: of 2000::/3, which is all there is
// to reach, what is special; and translations of IPv4, which are what they carry.
bool is_public6(std::span<const std::uint8_t, 16> address) {
    const bool is_mapped = begins(address, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff});
    const bool is_translated = begins(address, {0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0});
    if (is_mapped || is_translated) return is_public4(number_at(&address[12]));
    if (begins(address, {0x20, 0x02})) return is_public4(number_at(&address[2]));  // 6to4
    const bool is_global = (address[0] & 0xe0) == 0x20;
    const bool is_protocol = begins(address, {0x20, 0x01}) && address[2] < 2;  // Teredo and others
    const bool is_documentation = begins(address, {0x20, 0x01, 0x0d, 0xb8});
    return is_global && !is_protocol && !is_documentation;
}

}  // namespace

bool is_public(const sockaddr& address) {
    if (address.sa_family == AF_INET) {
        sockaddr_in v4;
        std::memcpy(&v4, &address, sizeof v4);
        return is_public4(ntohl(v4.sin_addr.s_addr));
    }
    if (address.sa_family == AF_INET6) {
        sockaddr_in6 v6;
        std::memcpy(&v6, &address, sizeof v6);
        return is_public6(std::span<const std::uint8_t, 16>(v6.sin6_addr.s6_addr));
    }
    return false;
}

}  // namespace merlon::fetch
