// Finds the client's address: the peer's, or the one that trusted proxies forward.
#pragma once

#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/exchange.h"

namespace merlon::gateway {

// Whoever connects by a Unix socket, in `trusted_proxies`, too.
using http::unix_peer;

// Addresses of proxies whose X-Forwarded-For is believed.
class TrustedProxies {
public:
    // Networks, and unix_peer. Error: "proxies.cidr".
    static Result<TrustedProxies> parse(const std::vector<std::string>& names);

    bool are_named() const { return trusts_unix_ || !v4_.empty() || !v6_.empty(); }
    // `address` is an IP address or unix_peer.
    bool contains(std::string_view address) const;

    // The last address of `forwarded_for` that is not one of ours, if the peer is; else the peer.
    // A peer that is not trusted is the client whatever its header says; an entry that is no
    // address, with or without a port, ends the walk.
    std::string client_of(std::string_view peer, std::string_view forwarded_for) const;

private:
    bool trusts_unix_ = false;
    std::vector<boost::asio::ip::network_v4> v4_;
    std::vector<boost::asio::ip::network_v6> v6_;
};

}  // namespace merlon::gateway
