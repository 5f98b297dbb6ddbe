// A pool whose server is away, on fake time.
#include "storage/postgres/postgres_pool.h"

#include <gtest/gtest.h>

#include "base/spawn.h"
#include "storage/test_kit.h"

namespace merlon::storage {
namespace {

using std::chrono::milliseconds;

class PostgresPoolTest : public ::testing::Test {
protected:
    PostgresPoolTest() {
        settings.host = empty.path().string();  // a folder without a socket: refused at once
        settings.database = settings.user = "nobody";
        settings.tls_mode = "disable";
    }
    // Why acquiring fails.
    std::string failure() {
        std::string detail = "it did not end";
        spawn(loop.get_executor(), pool.acquire(), [&](Result<PostgresPool::Lease> lease) {
            detail = lease ? "it did not fail" : lease.error().detail;
        });
        loop.restart();
        loop.run();
        return detail;
    }

    const TemporaryFolder empty;
    FakeClock clock;
    PostgresSettings settings;
    FailureNote note;
    asio::io_context loop{1};
    PostgresPool pool{loop.get_executor(), clock, settings, note};
};

TEST_F(PostgresPoolTest, ConnectsOnceInEachPauseAndFailsAtOnceBetween) {
    struct Case {
        int step_ms;  // after the row before
        bool connects;
    };
    const Case cases[] = {
        {0, true},                                             // the first
        {0, false},                                            // at once
        {49, false},                                           // the pause is 50 ms
        {1, true},   {99, false},                              // twice as long
        {1, true},   {199, false},                             // and twice again
        {1, true},   {400, true},  {500, true}, {499, false},  // and no longer
        {1, true},
    };
    for (int row = 0; const auto& [step_ms, connects] : cases) {
        clock.advance(milliseconds{step_ms});
        const bool is_refused = failure().find("was away a moment ago") != std::string::npos;
        EXPECT_EQ(is_refused, !connects) << row;
        EXPECT_EQ(!note.take().empty(), connects) << row;
        ++row;
    }
}

}  // namespace
}  // namespace merlon::storage
