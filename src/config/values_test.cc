// The words of a configuration: what each spelling means, and what is none.
#include "config/values.h"

#include <gtest/gtest.h>

namespace merlon::config {
namespace {

using std::chrono::milliseconds;

TEST(Duration, IsAWholeNumberAndAUnit) {
    const struct {
        std::string_view text;
        std::optional<milliseconds> value;
    } cases[] = {
        {"250ms", milliseconds{250}},
        {"10s", milliseconds{10'000}},
        {"7d", milliseconds{7 * 86'400'000LL}},
        {"3650d", milliseconds{3'650 * 86'400'000LL}},
        {"3651d", {}},  // beyond what anybody means
        {"10", {}},     // of what?
        {"1.5s", {}},
        {"-1s", {}},
        {"s", {}},
        {"1 s", {}},
        {"99999999999999999999s", {}},  // would overflow
    };
    for (const auto& [text, value] : cases) EXPECT_EQ(parse_duration(text), value) << text;
}

TEST(Size, IsBytesOrABinaryUnit) {
    const struct {
        std::string_view text;
        std::optional<std::uint64_t> value;
    } cases[] = {
        {"0", 0},
        {"512", 512},
        {"512B", 512},
        {"8KiB", 8192},
        {"4GiB", 4ULL << 30},
        {"1024TiB", 1ULL << 50},
        {"1025TiB", {}},
        {"1kb", {}},  // 1000 or 1024?
        {"1M", {}},
        {"", {}},
    };
    for (const auto& [text, value] : cases) EXPECT_EQ(parse_size(text), value) << text;
}

TEST(Words, AreWrittenInTheLargestUnitThatIsExact) {
    EXPECT_EQ(duration_text(milliseconds{0}), "0ms");
    EXPECT_EQ(duration_text(milliseconds{1'500}), "1500ms");
    EXPECT_EQ(duration_text(milliseconds{900'000}), "15m");
    EXPECT_EQ(size_text(0), "0B");
    EXPECT_EQ(size_text(1'000), "1000");
    EXPECT_EQ(size_text(1 << 20), "1MiB");
}

TEST(ListenAddress, IsAnAddressAndPortOrASocketsPath) {
    for (const std::string text :
         {"127.0.0.1:3000", "[::1]:3000", "0.0.0.0:0", "unix:/run/merlon.sock"}) {
        const auto endpoint = parse_listen_address(text);
        ASSERT_TRUE(endpoint) << text;
        EXPECT_EQ(listen_address_text(*endpoint), text);
    }
    for (const std::string_view text :
         {"localhost:3000", "127.0.0.1", "127.0.0.1:65536", "::1:3000", "[127.0.0.1]:1",
          "unix:", "127.0.0.1:", ":3000", "127.1:3000"}) {
        EXPECT_FALSE(parse_listen_address(text)) << text;
    }
    EXPECT_FALSE(parse_listen_address("unix:/" + std::string(107, 'a')));  // sun_path's size
}

TEST(ListenAddress, KnowsWhoCanReachIt) {
    const struct {
        std::string_view text;
        bool local, internal;
    } cases[] = {
        {"127.0.0.1:1", true, true},       {"127.9.9.9:1", true, true},
        {"[::1]:1", true, true},           {"unix:/x", true, true},
        {"10.1.2.3:1", false, true},       {"172.31.0.1:1", false, true},
        {"172.32.0.1:1", false, false},    {"192.168.0.1:1", false, true},
        {"[fd00::1]:1", false, true},      {"[fe80::1]:1", false, true},
        {"[2001:db8::1]:1", false, false}, {"0.0.0.0:1", false, false},
        {"[::]:1", false, false},  // every address there is
    };
    for (const auto& [text, local, internal] : cases) {
        const auto endpoint = parse_listen_address(text);
        ASSERT_TRUE(endpoint) << text;
        EXPECT_EQ(is_local(*endpoint), local) << text;
        EXPECT_EQ(is_private(*endpoint), internal) << text;
    }
}

TEST(Cidr, HasNoBitsBehindItsPrefix) {
    for (const std::string_view text : {"10.0.0.0/8", "10.1.2.3", "2001:db8::/32", "::/0"}) {
        EXPECT_TRUE(is_cidr(text)) << text;
    }
    for (const std::string_view text :
         {"10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "2001:db8::1/32", "10.0.0/8", "/8", ""}) {
        EXPECT_FALSE(is_cidr(text)) << text;
    }
}

TEST(WebOrigin, IsExactlyWhatABrowserSends) {
    for (const std::string_view text :
         {"https://shop.example.com", "http://localhost:3000", "https://[::1]:8443"}) {
        EXPECT_TRUE(is_web_origin(text)) << text;
    }
    for (const std::string_view text :
         {"*", "null", "https://shop.example.com/", "https://Shop.example.com",
          "https://shop.example.com:443", "http://a:80", "ftp://a", "https://user@a",
          "https://a:b@c", "https://", "https://-a", "https://a..b", "https://a b", "//a",
          "https://a\\b", "https://a#b", "https://a:0", "https://a:65536"}) {
        EXPECT_FALSE(is_web_origin(text)) << text;
    }
}

}  // namespace
}  // namespace merlon::config
