// Who can be an actor.
#include "access/actor.h"

#include <gtest/gtest.h>

#include <type_traits>

namespace merlon::access {
namespace {

TEST(Actor, AUserHasAnIdentifier) {
    const auto user = User::make("ada", "admin", "203.0.113.7");
    ASSERT_TRUE(user);
    EXPECT_EQ(user->id(), "ada");
    EXPECT_EQ(user->role(), "admin");
    EXPECT_EQ(user->client(), "203.0.113.7");
    const auto nobody = User::make("", "admin", "203.0.113.7");
    ASSERT_FALSE(nobody);
    EXPECT_EQ(nobody.error().rule, "access.anonymous");
}

TEST(Actor, IsNeverAnOperatorByDefault) {
    static_assert(!std::is_default_constructible_v<Operator>);
    static_assert(!std::is_default_constructible_v<User>);
    static_assert(!std::is_default_constructible_v<Actor>);
    static_assert(!std::is_aggregate_v<Operator>);  // or Operator{} would make one
}

}  // namespace
}  // namespace merlon::access
