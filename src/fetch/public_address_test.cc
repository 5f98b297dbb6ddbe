// Tests of which addresses a stranger's name may lead to.
#include "fetch/public_address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

namespace merlon::fetch {
namespace {

bool leads_outside(const char* text) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    if (::inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
        return is_public(reinterpret_cast<const sockaddr&>(v4));
    }
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    EXPECT_EQ(::inet_pton(AF_INET6, text, &v6.sin6_addr), 1) << text;
    return is_public(reinterpret_cast<const sockaddr&>(v6));
}

TEST(PublicAddress, IsWhatTheInternetRoutes) {
    for (const char* text :
         {"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
          "126.255.255.255", "128.0.0.0", "169.253.255.255", "172.15.255.255", "172.32.0.0",
          "192.167.255.255", "192.169.0.0", "223.255.255.255", "2606:4700:4700::1111",
          "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"}) {
        EXPECT_TRUE(leads_outside(text)) << text;
    }
}

TEST(PublicAddress, IsNoneThatLeadsInside) {
    for (const char* text : {
             "0.0.0.0",
             "0.1.2.3",  // this host, to Linux
             "127.0.0.1",
             "127.255.255.255",
             "::1",  // loopback
             "10.0.0.0",
             "10.255.255.255",  // private
             "172.16.0.0",
             "172.31.255.255",  //
             "192.168.0.0",
             "192.168.255.255",  //
             "fc00::1",
             "fdff::1",  //
             "169.254.169.254",
             "fe80::1",
             "febf::1",  // link-local: cloud metadata
             "fec0::1",  // site-local, deprecated
             "100.64.0.0",
             "100.127.255.255",  // carriers'
             "192.0.0.1",
             "198.18.0.1",
             "198.19.255.255",
             "224.0.0.1",
             "240.0.0.1",
             "255.255.255.255",
             "ff02::1",
             "::",  //
             "::ffff:127.0.0.1",
             "::ffff:10.0.0.1",  // IPv4 in IPv6
             "::127.0.0.1",      // compatible, deprecated
             "64:ff9b::7f00:1",
             "64:ff9b::a00:1",  // translated
             "2002:7f00:1::1",
             "2002:a9fe:a9fe::1",  // 6to4
             "2001::1",
             "2001:db8::1",
             "100::1",
         }) {
        EXPECT_FALSE(leads_outside(text)) << text;
    }
}

TEST(PublicAddress, IsNoneOfAnotherFamily) {
    sockaddr other{};
    other.sa_family = AF_UNIX;
    EXPECT_FALSE(is_public(other));
}

}  // namespace
}  // namespace merlon::fetch
