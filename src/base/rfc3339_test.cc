// Timestamps, at the edges of a calendar.
#include "base/rfc3339.h"

#include <gtest/gtest.h>

namespace merlon {
namespace {

TEST(Rfc3339, IsUtcWithMilliseconds) {
    struct Case {
        std::int64_t milliseconds;
        std::string_view text;
    };
    const Case cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {-1, "1969-12-31T23:59:59.999Z"},  // rounds down, not towards zero
        {1'767'225'600'007, "2026-01-01T00:00:00.007Z"},
        {1'709'251'199'999, "2024-02-29T23:59:59.999Z"},    // a leap day
        {4'107'542'399'000, "2100-02-28T23:59:59.000Z"},    // 2100 has none
        {253'402'300'799'999, "9999-12-31T23:59:59.999Z"},  // the last that has four digits
    };
    for (const auto& [milliseconds, text] : cases) {
        EXPECT_EQ(rfc3339(WallTime{std::chrono::milliseconds{milliseconds}}), text);
    }
}

}  // namespace
}  // namespace merlon
