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

}  // namespace

Result<TrustedProxies> TrustedProxies::parse(const std::vector<std::string>& cidrs) {
    TrustedProxies proxies;
    for (const std::string& cidr : cidrs) {
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
                        "not a network: " + cidr + " (such as 10.0.0.0/8)");
        }
    }
    return proxies;
}

bool TrustedProxies::contains(std::string_view text) const {
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
    const auto entries = text::split(forwarded_for, ',');
    for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
        const auto address = parse_address(*entry);
        if (!address) break;
        client = address->to_string();
        if (!contains(client)) break;
    }
    return client;
}

std::string counted_client(std::string_view text, int ipv6_prefix) {
    if (text.find(':') == std::string_view::npos) return std::string(text);  // counted as it is
    const auto address = parse_address(text);
    if (!address || address->is_v4()) return std::string(text);
    auto bytes = address->to_v6().to_bytes();
    for (int bit = ipv6_prefix; bit < 128; ++bit) {
        bytes[static_cast<std::size_t>(bit / 8)] &= static_cast<unsigned char>(~(0x80 >> bit % 8));
    }
    std::string network = ip::make_address_v6(bytes).to_string();
    if (ipv6_prefix < 128) network += "/" + std::to_string(ipv6_prefix);
    return network;
}

}  // namespace merlon::gateway
