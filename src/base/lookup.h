// From a host's name to its addresses, in bounded time.
#pragma once

#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <string>
#include <vector>

#include "base/task.h"

namespace merlon {

inline constexpr std::string_view lookup_timeout_rule = "name.timeout";

// The addresses of a host, in the order of the system's resolver; of an address, itself. A name is
// asked for on a thread of Asio's own, one after the other of a loop; who loses patience goes on at
// once, though the resolver may not answer for half a minute. The loop's end waits for it.
// Errors: "name.unknown", lookup_timeout_rule (Unavailable).
Task<std::vector<boost::asio::ip::address>> look_up(std::string host,
                                                    std::chrono::milliseconds patience);

}  // namespace merlon
