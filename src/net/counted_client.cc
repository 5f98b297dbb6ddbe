// Cuts an address to the network that one client has.
#include "net/counted_client.h"

#include <boost/asio/ip/address.hpp>

namespace merlon::net {

namespace ip = boost::asio::ip;

std::string counted_client(std::string_view text, int ipv6_prefix) {
    if (text.find(':') == std::string_view::npos) return std::string(text);  // counted as it is
    boost::system::error_code error;
    const ip::address_v6 address = ip::make_address_v6(std::string(text), error);
    if (error) return std::string(text);
    if (address.is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, address).to_string();
    auto bytes = address.to_bytes();
    for (int bit = ipv6_prefix; bit < 128; ++bit) {
        bytes[static_cast<std::size_t>(bit / 8)] &= static_cast<unsigned char>(~(0x80 >> bit % 8));
    }
    std::string network = ip::make_address_v6(bytes).to_string();
    if (ipv6_prefix < 128) network += "/" + std::to_string(ipv6_prefix);
    return network;
}

}  // namespace merlon::net
