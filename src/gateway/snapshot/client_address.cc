// Walks X-Forwarded-For from its end, past the trusted proxies.
#include "gateway/snapshot/client_address.h"

#include <boost/asio/ip/address.hpp>

#include "base/text.h"

namespace merlon::gateway {
namespace {

namespace ip = boost::asio::ip;

// An IPv4-mapped address is the IPv4 address.
std::optional<ip::address> parse_address(std::string_view text) {
    if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
    boost::system::error_code error;
    ip::address address = ip::make_address(std::string(text), error);
    if (error) return std::nullopt;
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        address = ip::make_address_v4(ip::v4_mapped, address.to_v6());
    }
    return address;
}

// An entry of X-Forwarded-For, in which some proxies (Azure's) write the port, too:
// 203.0.113.1:5001, [2001:db8::1]:443.
std::optional<ip::address> parse_forwarded(std::string_view entry) {
    const std::size_t colon = entry.rfind(':');
    const bool is_bracketed = entry.starts_with('[');
    const bool has_port = colon != std::string_view::npos &&
                          (is_bracketed ? entry[colon - 1] == ']' : entry.find(':') == colon);
    if (!has_port) return parse_address(entry);
    const std::string_view port = entry.substr(colon + 1);
    if (!text::parse_number<std::uint16_t>(port)) return std::nullopt;
    return parse_address(entry.substr(0, colon));
}

}  // namespace

Result<TrustedProxies> TrustedProxies::parse(const std::vector<std::string>& names) {
    TrustedProxies proxies;
    for (const std::string& cidr : names) {
        if (cidr == unix_peer) {
            proxies.trusts_unix_ = true;
            continue;
        }
        boost::system::error_code error;
        const bool has_length = cidr.find('/') != std::string::npos;
        if (cidr.find(':') == std::string::npos) {
            proxies.v4_.push_back(
                ip::make_network_v4(has_length ? cidr : cidr + "/32", error).canonical());
        } else {
            proxies.v6_.push_back(
                ip::make_network_v6(has_length ? cidr : cidr + "/128", error).canonical());
        }
        if (error) {
            return fail(Kind::Invalid, "proxies.cidr",
                        "not a network: " + cidr + " (such as 10.0.0.0/8, or unix)");
        }
    }
    return proxies;
}

bool TrustedProxies::contains(std::string_view text) const {
    if (text == unix_peer) return trusts_unix_;
    if (v4_.empty() && v6_.empty()) return false;
    const auto address = parse_address(text);
    if (!address) return false;
    if (address->is_v4()) {
        const auto host = ip::make_network_v4(address->to_v4(), 32);
        for (const auto& network : v4_) {
            if (network == host || host.is_subnet_of(network)) return true;
        }
        return false;
    }
    const auto host = ip::make_network_v6(address->to_v6(), 128);
    for (const auto& network : v6_) {
        if (network == host || host.is_subnet_of(network)) return true;
    }
    return false;
}

std::string TrustedProxies::client_of(std::string_view peer, std::string_view forwarded_for) const {
    std::string client(peer);
    if (forwarded_for.empty() || !contains(peer)) return client;
    while (true) {
        const std::size_t comma = forwarded_for.rfind(',');
        const std::size_t begin = comma == std::string_view::npos ? 0 : comma + 1;
        const auto address = parse_forwarded(text::trim(forwarded_for.substr(begin)));
        if (!address) return client;
        client = address->to_string();
        if (begin == 0 || !contains(client)) return client;
        forwarded_for = forwarded_for.substr(0, comma);
    }
}

}  // namespace merlon::gateway
