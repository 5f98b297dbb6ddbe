// The hashing threads: their results, and that a wave of sign-ins meets a limit.
#include "identity/passwords/password_pool.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <atomic>
#include <filesystem>
#include <set>
#include <thread>

#include "base/text.h"
#include "base/wait.h"

namespace merlon::identity {
namespace {

struct Fixture {
    SystemClock clock;
    SystemEntropy entropy;
    metrics::Registry metrics;
    PasswordPool pool;

    explicit Fixture(PasswordSettings settings) : pool(settings, clock, entropy, metrics) {}
};

TEST(PasswordPool, KnowsThePasswordThatMadeAHashAndNoOther) {
    Fixture f({.bcrypt_cost = 4});
    const std::string encoded = wait(f.pool.hash(Secret("Horse$Battery9"))).value();
    EXPECT_TRUE(wait(f.pool.verify(Secret("Horse$Battery9"), encoded)).value().matches);
    EXPECT_FALSE(wait(f.pool.verify(Secret("Horse$Battery8"), encoded)).value().matches);
}

TEST(PasswordPool, HashesAsItIsTold) {
    Fixture f({.hash = PasswordHash::Argon2id});
    EXPECT_TRUE(wait(f.pool.hash(Secret("Horse$Battery9"))).value().starts_with("$argon2id$"));
}

TEST(PasswordPool, HashesOnThreadsThatRunOnlyWhenNobodyElseWantsTo) {
    const auto idle_threads = [] {
        std::set<pid_t> found;
        for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
            const auto thread = text::parse_number<pid_t>(task.path().filename().string());
            if (::sched_getscheduler(thread.value()) == SCHED_IDLE) found.insert(thread.value());
        }
        return found;
    };
    const std::set<pid_t> before =
        idle_threads();  // of the pools of other tests: nobody joins them
    Fixture f({.bcrypt_cost = 4, .workers = 1});
    ASSERT_TRUE(wait(f.pool.hash(Secret("Horse$Battery9"))));
    // On a busy machine the relief thread may have made the hash before the worker has begun.
    std::set<pid_t> begun;
    for (int tries = 0; begun.empty() && tries < 6'000; ++tries) {
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
        begun = idle_threads();
        for (const pid_t thread : before) begun.erase(thread);
    }
    EXPECT_EQ(begun.size(), 1);
}

// This thread and those it starts meanwhile run on one core only.
class OneCore {
public:
    OneCore() {
        ::sched_getaffinity(0, sizeof(before_), &before_);
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(::sched_getcpu(), &one);
        ::sched_setaffinity(0, sizeof(one), &one);
    }
    ~OneCore() { ::sched_setaffinity(0, sizeof(before_), &before_); }
    OneCore(const OneCore&) = delete;

private:
    cpu_set_t before_{};
};

// At 0.3 % of a core, three of these would take minutes.
TEST(PasswordPool, AnswersAlsoWhileOthersKeepItsCoreBusy) {
    const OneCore core;
    std::atomic<bool> is_busy{true};
    std::jthread other([&is_busy](const std::stop_token& stop) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::minutes{1};
        while (!stop.stop_requested() && std::chrono::steady_clock::now() < end) {
        }
        is_busy.store(false);
    });
    Fixture f({.bcrypt_cost = 11, .workers = 1});
    const std::string encoded = wait(f.pool.hash(Secret("Horse$Battery9"))).value();
    EXPECT_TRUE(wait(f.pool.verify(Secret("Horse$Battery9"), encoded)).value().matches);
    EXPECT_FALSE(wait(f.pool.verify(Secret("Horse$Battery8"), encoded)).value().matches);
    EXPECT_TRUE(is_busy.load());
}

TEST(PasswordPool, SaysNoForAnAccountThatDoesNotExistWhateverThePassword) {
    Fixture f({.bcrypt_cost = 4});
    for (const char* password : {"", "Horse$Battery9"}) {
        const auto verdict = wait(f.pool.verify(Secret(password), ""));
        ASSERT_TRUE(verdict) << password;
        EXPECT_FALSE(verdict->matches || verdict->needs_rehash) << password;
    }
}

TEST(PasswordPool, AsksForANewHashWhenTheSchemeHasChanged) {
    Fixture before({.bcrypt_cost = 4});
    Fixture after({.bcrypt_cost = 5});
    const std::string encoded = wait(before.pool.hash(Secret("Horse$Battery9"))).value();
    EXPECT_FALSE(wait(before.pool.verify(Secret("Horse$Battery9"), encoded)).value().needs_rehash);
    EXPECT_TRUE(wait(after.pool.verify(Secret("Horse$Battery9"), encoded)).value().needs_rehash);
    EXPECT_FALSE(wait(after.pool.verify(Secret("wrong"), encoded)).value().needs_rehash);
}

TEST(PasswordPool, SaysWhenAStoredHashIsBroken) {
    Fixture f({.bcrypt_cost = 4});
    EXPECT_EQ(wait(f.pool.verify(Secret("x"), "$2b$04$short")).error().kind, Kind::Corrupt);
}

TEST(PasswordPool, TurnsAwayWhatItsQueueCannotHoldAndFinishesTheRest) {
    constexpr int wave = 20;  // one is hashed, one waits; the others come before that ends
    Fixture f({.bcrypt_cost = 8, .workers = 1, .queue = 1});
    asio::io_context loop(1);
    int hashed = 0;
    int refused = 0;
    for (int i = 0; i < wave; ++i) {
        spawn(loop.get_executor(), f.pool.hash(Secret("x")), [&](Result<std::string> done) {
            if (done) {
                ++hashed;
                return;
            }
            ++refused;
            EXPECT_EQ(done.error().rule, "passwords.busy");
            EXPECT_EQ(std::get<RetryAfter>(done.error().payload).delay, std::chrono::seconds{1});
        });
    }
    loop.run();
    EXPECT_EQ(hashed + refused, wave);
    EXPECT_GE(hashed, 1);
    EXPECT_GE(refused, 1);
}

}  // namespace
}  // namespace merlon::identity
