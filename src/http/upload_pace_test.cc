// How long uploads of several paces last.
#include "http/upload_pace.h"

#include <gtest/gtest.h>

namespace merlon::http {
namespace {

using std::chrono::milliseconds;

constexpr UploadPace::Limits limits{milliseconds{30'000}, milliseconds{3'600'000}, 1'024};

struct Sender {
    const char* name;
    milliseconds every;
    std::uint64_t bytes;
    milliseconds lasts_at_least, lasts_at_most;
};

// Time until a sender of one piece every so often is ended; the cap when it is not.
milliseconds life(const Sender& sender, const UploadPace::Limits& given) {
    UploadPace pace(given);
    milliseconds elapsed{0};
    while (elapsed < milliseconds{10'000'000}) {
        const milliseconds patience = pace.patience(elapsed);
        if (patience < sender.every) return elapsed + patience;
        elapsed += sender.every;
        pace.note(sender.every, sender.bytes);
    }
    return elapsed;
}

TEST(UploadPace, EndsWhoeverIsSlowerThanTheLeastRateAndNobodyElseBeforeTheTotalTime) {
    const milliseconds hour = limits.total;
    const Sender rows[] = {
        {"a byte every 12 s", milliseconds{12'000}, 1, milliseconds{30'000}, milliseconds{31'000}},
        {"half the rate", milliseconds{1'000}, 512, milliseconds{55'000}, milliseconds{65'000}},
        {"nothing", milliseconds{60'000}, 0, milliseconds{30'000}, milliseconds{30'000}},
        {"the rate", milliseconds{1'000}, 1'024, hour, hour + milliseconds{1'000}},
        {"pauses, made up for", milliseconds{25'000}, 25'600, hour, hour + milliseconds{25'000}},
        {"fast", milliseconds{10}, 1 << 20, hour, hour + milliseconds{10}},
        {"more than a counter holds", milliseconds{1'000}, UINT64_MAX / 1'000, hour,
         hour + milliseconds{1'000}},
    };
    for (const Sender& row : rows) {
        const milliseconds lasted = life(row, limits);
        EXPECT_GE(lasted, row.lasts_at_least) << row.name;
        EXPECT_LE(lasted, row.lasts_at_most) << row.name;
    }
}

TEST(UploadPace, WithoutALeastRateOnlyPausesAndTheTotalTimeEndIt) {
    UploadPace::Limits none = limits;
    none.bytes_per_second = 0;
    EXPECT_GE(life({"", milliseconds{29'000}, 1, {}, {}}, none), none.total);
    EXPECT_LE(life({"", milliseconds{31'000}, 1, {}, {}}, none), none.pause);
}

TEST(UploadPace, ARouteMayAllowMoreTimeAndNeverLess) {
    UploadPace pace(limits);
    pace.allow(milliseconds{1});
    EXPECT_GT(pace.patience(milliseconds{3'599'000}), milliseconds{0});
    pace.allow(milliseconds{7'200'000});
    EXPECT_GT(pace.patience(milliseconds{7'199'000}), milliseconds{0});
    EXPECT_EQ(pace.patience(milliseconds{7'201'000}), milliseconds{0});
}

}  // namespace
}  // namespace merlon::http
