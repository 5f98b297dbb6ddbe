// The name by which a client is counted.
#pragma once

#include <string>
#include <string_view>

namespace merlon::net {

// An IPv4 address as it is, an IPv6 address cut to its prefix, since one client has a whole network
// of them: "2001:db8:1:100::/56", as express-rate-limit 8 writes it.
std::string counted_client(std::string_view address, int ipv6_prefix);

}  // namespace merlon::net
