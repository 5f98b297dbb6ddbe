// What Connection lists, and how much of it.
#include "wire/connection_options.h"

#include <gtest/gtest.h>

namespace merlon::wire {
namespace {

ConnectionOptions options_of(std::vector<std::string_view> lists) {
    ConnectionOptions options;
    for (const std::string_view list : lists) EXPECT_TRUE(options.take(list)) << list;
    return options;
}

TEST(ConnectionOptions, AreReadWhateverTheirCaseAndSpaces) {
    const ConnectionOptions options = options_of({"Keep-Alive ,, X-Secret", "\tUPGRADE"});
    EXPECT_TRUE(options.keeps_alive() && options.upgrades() && !options.closes());
    EXPECT_TRUE(options.names("x-secret"));
    for (const std::string_view name : {"", "x-secre", "x-secrets", "keep-alive", "upgrade"}) {
        EXPECT_FALSE(options.names(name)) << name;
    }
    EXPECT_TRUE(options_of({"close"}).closes());
    EXPECT_FALSE(options_of({"closed", "not close"}).closes());
}

TEST(ConnectionOptions, HaveABoundThatCountsEmptyMembersOfAllFields) {
    ConnectionOptions options;
    EXPECT_TRUE(options.take(std::string(ConnectionOptions::members_max - 1, ',')));
    EXPECT_FALSE(options.take(""));
    EXPECT_FALSE(ConnectionOptions().take(std::string(31'000, ',')));
}

}  // namespace
}  // namespace merlon::wire
