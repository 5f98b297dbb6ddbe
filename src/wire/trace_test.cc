// Tests of request ids and trace context.
#include "wire/trace.h"

#include <gtest/gtest.h>

namespace merlon::wire {
namespace {

TEST(RequestId, IsShortAndPlain) {
    EXPECT_TRUE(is_request_id("A-z_0.9"));
    EXPECT_TRUE(is_request_id(std::string(128, 'a')));
    for (const std::string& bad :
         {std::string(), std::string(129, 'a'), std::string("a b"), std::string("a\r\nX: y"),
          std::string("a\"b"), std::string("\xc3\xa9")}) {
        EXPECT_FALSE(is_request_id(bad)) << bad;
    }
}

TEST(Traceparent, IsContinuedWhenValidAndBegunAnewOtherwise) {
    SeededEntropy entropy(1);
    const std::string_view good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    std::string next;
    next_traceparent(good, entropy, next);
    EXPECT_EQ(next.substr(0, 36), good.substr(0, 36));
    EXPECT_NE(next.substr(36, 16), good.substr(36, 16));
    EXPECT_TRUE(next.ends_with("-01"));
    for (const std::string_view bad :
         {"", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
          "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
          "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
          "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
          "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x"}) {
        std::string made = "what stood there before";
        next_traceparent(bad, entropy, made);
        EXPECT_EQ(made.size(), 55U);
        EXPECT_EQ(made.find("4bf92f35"), std::string::npos) << bad;
        EXPECT_TRUE(made.ends_with("-00"));
    }
}

}  // namespace
}  // namespace merlon::wire
