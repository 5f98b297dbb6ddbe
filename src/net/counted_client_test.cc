// Tests of the name by which a client is counted.
#include "net/counted_client.h"

#include <gtest/gtest.h>

namespace merlon::net {
namespace {

TEST(CountedClient, IsAPrefixOfIpv6AndAWholeIpv4Address) {
    EXPECT_EQ(counted_client("198.51.100.4", 56), "198.51.100.4");
    EXPECT_EQ(counted_client("2001:db8:1:2ff:3:4:5:6", 56), "2001:db8:1:200::/56");
    EXPECT_EQ(counted_client("2001:db8:1:2ff:3:4:5:6", 128), "2001:db8:1:2ff:3:4:5:6");
    EXPECT_EQ(counted_client("::ffff:198.51.100.4", 56), "198.51.100.4");
    EXPECT_EQ(counted_client("unix", 56), "unix");
    EXPECT_EQ(counted_client("", 56), "");
}

}  // namespace
}  // namespace merlon::net
