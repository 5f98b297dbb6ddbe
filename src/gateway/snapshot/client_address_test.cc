// Tests which address is the client's, with and without trusted proxies.
#include "gateway/snapshot/client_address.h"

#include <gtest/gtest.h>

namespace merlon::gateway {
namespace {

TEST(TrustedProxies, AStrangersForwardedForIsIgnored) {
    const auto proxies = TrustedProxies::parse({"10.0.0.0/8", "192.0.2.7", "fd00::/8"}).value();
    struct Case {
        std::string_view peer;
        std::string_view forwarded_for;
        std::string_view client;
    };
    const Case cases[] = {
        {"203.0.113.9", "1.1.1.1", "203.0.113.9"},  // a stranger says anything
        {"10.1.2.3", "", "10.1.2.3"},
        {"10.1.2.3", "198.51.100.4", "198.51.100.4"},
        {"10.1.2.3", "6.6.6.6, 198.51.100.4",
         "198.51.100.4"},  // the first is the client's own claim
        {"10.1.2.3", "6.6.6.6, 198.51.100.4, 10.9.9.9", "198.51.100.4"},
        {"10.1.2.3", "10.4.4.4", "10.4.4.4"},
        {"10.1.2.3", "6.6.6.6, nonsense", "10.1.2.3"},
        {"10.1.2.3", "6.6.6.6,", "10.1.2.3"},
        {"192.0.2.7", "::ffff:198.51.100.4", "198.51.100.4"},
        {"192.0.2.8", "198.51.100.4", "192.0.2.8"},
        {"10.1.2.3", "203.0.113.1:5001", "203.0.113.1"},  // as Azure's proxies write it
        {"10.1.2.3", "[2001:db8::1]:443", "2001:db8::1"},
        {"10.1.2.3", "[2001:db8::1]", "2001:db8::1"},
        {"10.1.2.3", "6.6.6.6, 198.51.100.4:1, 10.9.9.9:65535", "198.51.100.4"},
        {"10.1.2.3", "203.0.113.1:", "10.1.2.3"},
        {"10.1.2.3", "203.0.113.1:65536", "10.1.2.3"},
        {"10.1.2.3", "203.0.113.1:http", "10.1.2.3"},
        {"10.1.2.3", "203.0.113.1:1:2", "10.1.2.3"},
        {"10.1.2.3", "[2001:db8::1]443", "10.1.2.3"},
        {"10.1.2.3", "[2001:db8::1", "10.1.2.3"},
        {"10.1.2.3", "[]:443", "10.1.2.3"},
        {"10.1.2.3", "2001:db8::1:443", "2001:db8::1:443"},  // an address of its own
        {"10.1.2.3", ":443", "10.1.2.3"},
        {"fd12::1", "2001:db8::1", "2001:db8::1"},
    };
    for (const auto& [peer, forwarded_for, client] : cases) {
        EXPECT_EQ(proxies.client_of(peer, forwarded_for), client) << peer << " " << forwarded_for;
    }
    EXPECT_FALSE(TrustedProxies::parse({"10.0.0.0/33"}));
    EXPECT_FALSE(TrustedProxies::parse({"proxy.example"}));
}

TEST(TrustedProxies, AUnixSocketIsAProxyWhereItIsNamed) {
    const auto named = TrustedProxies::parse({"unix"}).value();
    EXPECT_TRUE(named.are_named());
    EXPECT_EQ(named.client_of("unix", "198.51.100.4"), "198.51.100.4");
    EXPECT_EQ(named.client_of("unix", "6.6.6.6, 198.51.100.4"), "198.51.100.4");
    EXPECT_EQ(named.client_of("unix", "198.51.100.4, unix"), "unix");  // no address ends the walk
    EXPECT_EQ(named.client_of("unix", ""), "unix");
    EXPECT_EQ(named.client_of("10.1.2.3", "198.51.100.4"), "10.1.2.3");
    const auto networks = TrustedProxies::parse({"0.0.0.0/0", "::/0"}).value();
    EXPECT_EQ(networks.client_of("unix", "198.51.100.4"), "unix");
    EXPECT_FALSE(TrustedProxies::parse({}).value().are_named());
}

}  // namespace
}  // namespace merlon::gateway
