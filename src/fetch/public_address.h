// Which addresses belong to the public Internet.
#pragma once

#include <sys/socket.h>

namespace merlon::fetch {

// Whether strangers' names may lead us there. False for loopback, link-local, private, shared,
// multicast, reserved and unspecified addresses (IANA's special-purpose registries, RFC 6890), for
// IPv6 forms that carry such an IPv4 address, and for anything that is neither.
bool is_public(const sockaddr& address);

}  // namespace merlon::fetch
