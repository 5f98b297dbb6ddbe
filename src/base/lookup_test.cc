// Looking names up. That one which is not answered is given up: tests/scenario/test_names.py.
#include "base/lookup.h"

#include <gtest/gtest.h>

#include "base/wait.h"

namespace merlon {
namespace {

using std::chrono::seconds;

TEST(LookUp, AnAddressIsItself) {
    for (const std::string text : {"127.0.0.1", "10.1.2.3", "::1", "fe80::1"}) {
        const auto found = wait(look_up(text, seconds{0}));
        ASSERT_TRUE(found) << text;
        ASSERT_EQ(found->size(), 1U) << text;
        EXPECT_EQ(found->front().to_string(), text);
    }
}

TEST(LookUp, ANameOfThisMachineIsFound) {
    const auto found = wait(look_up("localhost", seconds{30}));
    ASSERT_TRUE(found);
    ASSERT_FALSE(found->empty());
    for (const auto& address : *found) EXPECT_TRUE(address.is_loopback()) << address.to_string();
}

TEST(LookUp, WhatIsNoNameIsUnknownAndSaysWhich) {
    for (const std::string text : {"no host", "127.0.0.1.5.6", "-", "a..b"}) {
        const auto found = wait(look_up(text, seconds{30}));
        ASSERT_FALSE(found) << text;
        EXPECT_EQ(found.error().kind, Kind::Unavailable);
        EXPECT_TRUE(found.error().detail.starts_with(text + ": ")) << found.error().detail;
    }
}

}  // namespace
}  // namespace merlon
