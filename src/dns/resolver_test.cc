// Following names of a server that the test plays.
#include "dns/resolver.h"

#include "base/wait.h"
#include "dns/test_kit.h"

namespace merlon::dns {
namespace {

using testing::FakeServer;

std::vector<std::string> texts(const FollowedName& name) {
    std::vector<std::string> out;
    for (const auto& address : *name.addresses()) out.push_back(address.to_string());
    std::ranges::sort(out);
    return out;
}

class Following : public ::testing::Test {
protected:
    // Until one more look-up has ended.
    static void look_up(FollowedName& name, std::uint64_t seen) {
        ASSERT_TRUE(wait(name.wait_for_lookup(
            seen, std::chrono::steady_clock::now() + std::chrono::seconds{20})));
    }
    std::shared_ptr<FollowedName> follow(const std::string& host) {
        auto name = resolver.follow(host);
        look_up(*name, 0);
        return name;
    }
    std::vector<std::string> reported() {
        const Lock lock(mutex);
        return lines;
    }

    FakeServer server;
    SystemClock clock;
    Mutex mutex;
    std::vector<std::string> lines MERLON_GUARDED_BY(mutex);
    Resolver resolver{{{server.address()}}, clock, [this](const std::string& line) {
                          const Lock lock(mutex);
                          lines.push_back(line);
                      }};
};

TEST_F(Following, ANameHasTheAddressesOfItsRecordsAndFollowsThem) {
    server.set("shop.example", {{"127.0.0.2", "127.0.0.3"}, 1});
    const auto name = follow("shop.example");
    EXPECT_EQ(texts(*name), (std::vector<std::string>{"127.0.0.2", "127.0.0.3"}));
    EXPECT_EQ(resolver.follow("shop.example"), name) << "one for all who follow it";
    const std::uint64_t generation = name->generation();
    look_up(*name, name->lookups());
    EXPECT_EQ(name->generation(), generation) << "the same addresses";
    server.set("shop.example", {{"127.0.0.4"}, 1});
    const std::uint64_t seen = name->lookups();
    look_up(*name, seen);
    look_up(*name, seen + 1);  // one may have been under way
    EXPECT_EQ(texts(*name), (std::vector<std::string>{"127.0.0.4"}));
    EXPECT_GT(name->generation(), generation);
}

TEST_F(Following, ATtlIsTakenWithinBounds) {
    server.set("none.example", {{"127.0.0.2"}, 0});
    const auto name = follow("none.example");
    const auto began = std::chrono::steady_clock::now();
    look_up(*name, name->lookups());
    EXPECT_GE(std::chrono::steady_clock::now() - began, std::chrono::milliseconds{900});
}

TEST_F(Following, WhatWasFoundStaysWhileTheServerSaysNothingOrThatThereIsNone) {
    server.set("shop.example", {{"127.0.0.2"}, 1});
    const auto name = follow("shop.example");
    server.remove("shop.example");
    for (int i = 0; i < 2; ++i) look_up(*name, name->lookups());
    EXPECT_EQ(texts(*name), (std::vector<std::string>{"127.0.0.2"}));
    EXPECT_NE(name->problem().find("shop.example"), std::string::npos);
    server.set("shop.example", {{"127.0.0.5"}, 1});
    while (texts(*name) != std::vector<std::string>{"127.0.0.5"}) look_up(*name, name->lookups());
    EXPECT_EQ(name->problem(), "");
    const auto said = reported();
    ASSERT_EQ(said.size(), 2U) << "once when it begins to fail, once when it works again";
    EXPECT_NE(said[0].find("its last addresses stay"), std::string::npos) << said[0];
    EXPECT_NE(said[1].find("is found"), std::string::npos) << said[1];
}

TEST_F(Following, ANameThatDoesNotExistHasAProblemAndNoAddress) {
    const auto name = follow("gone.example");
    EXPECT_TRUE(name->addresses()->empty());
    EXPECT_NE(name->problem(), "");
}

TEST_F(Following, AskingAgainIsDoneAtOnceButNotTwiceASecond) {
    server.set("slow.example", {{"127.0.0.2"}, 60});
    const auto name = follow("slow.example");
    const int before = server.questions("slow.example");
    EXPECT_FALSE(name->ask_again(clock.steady())) << "the answer is fresh";
    EXPECT_EQ(server.questions("slow.example"), before);
    server.set("slow.example", {{"127.0.0.3"}, 60});
    const auto seen = name->ask_again(clock.steady() + std::chrono::seconds{2});
    ASSERT_TRUE(seen);
    look_up(*name, *seen);
    EXPECT_EQ(texts(*name), (std::vector<std::string>{"127.0.0.3"}));
}

TEST_F(Following, AnAddressIsItself) {
    for (const char* text : {"127.0.0.1", "::1", "2001:db8::1"}) {
        const auto name = resolver.follow(text);
        EXPECT_EQ(texts(*name), std::vector<std::string>{text});
        EXPECT_EQ(name->lookups(), 1U);
        EXPECT_FALSE(name->ask_again(clock.steady() + std::chrono::hours{1}));
    }
}

TEST_F(Following, NobodyAsksForANameThatNobodyHolds) {
    server.set("brief.example", {{"127.0.0.2"}, 1});
    server.set("other.example", {{"127.0.0.2"}, 1});
    follow("brief.example");
    const auto other = follow("other.example");
    look_up(*other, other->lookups());
    const int asked = server.questions("brief.example");
    for (int i = 0; i < 2; ++i) look_up(*other, other->lookups());
    EXPECT_EQ(server.questions("brief.example"), asked);
}

TEST_F(Following, TheHostsFileComesFirst) {
    const auto name = follow("localhost");
    EXPECT_FALSE(name->addresses()->empty());
    for (const auto& address : *name->addresses()) EXPECT_TRUE(address.is_loopback());
    EXPECT_EQ(server.questions("localhost"), 0);
}

TEST_F(Following, AResolverEndsWhileItsServerIsSilent) {
    server.be_silent(true);
    auto name = resolver.follow("silent.example");
    name.reset();
}

TEST(ServerAddress, IsAnAddressWithOrWithoutAPort) {
    for (const char* text :
         {"10.0.0.2", "10.0.0.2:53", "::1", "fd00::2", "[fd00::2]", "[fd00::2]:5353"}) {
        EXPECT_TRUE(is_server_address(text)) << text;
    }
    for (const char* text :
         {"", "dns.example", "10.0.0.2:0", "10.0.0.2:", "10.0.0.2:65536", "10.0.0.256", "[fd00::2",
          "fd00::2]:53", "[fd00::2]:x", "10.0.0.2,10.0.0.3", " 10.0.0.2"}) {
        EXPECT_FALSE(is_server_address(text)) << text;
    }
}

}  // namespace
}  // namespace merlon::dns
