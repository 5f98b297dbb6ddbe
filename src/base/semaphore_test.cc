// Waking and being woken, and giving up.
#include "base/semaphore.h"

#include <gtest/gtest.h>

#include <thread>

namespace merlon {
namespace {

TEST(Semaphore, GivesEachThatWasPostedOnceAndThenNoMore) {
    Semaphore semaphore;
    semaphore.post();
    semaphore.post();
    semaphore.wait();
    EXPECT_TRUE(semaphore.wait_for(std::chrono::minutes{1}));
    EXPECT_FALSE(semaphore.wait_for(std::chrono::milliseconds{1}));
}

TEST(Semaphore, WakesWhoWaits) {
    Semaphore asked;
    Semaphore answered;
    std::jthread other([&] {
        asked.wait();
        answered.post();
    });
    asked.post();
    EXPECT_TRUE(answered.wait_for(std::chrono::minutes{1}));
}

}  // namespace
}  // namespace merlon
