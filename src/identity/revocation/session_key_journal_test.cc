// Which keys wait for Redis, which are written, and which are dropped when there are too many.
#include "identity/revocation/session_key_journal.h"

#include <gtest/gtest.h>

#include "base/wait.h"

namespace merlon::identity {
namespace {

using std::chrono::seconds;
using Names = std::vector<std::string>;

const WallTime now{std::chrono::milliseconds{1'767'225'600'000}};

SessionKey version(const std::string& name, std::int64_t number, seconds life = seconds{900}) {
    return {name, number, now + life};
}
SessionKey token(const std::string& name, seconds life = seconds{900}) {
    return {name, 0, now + life};
}
Names names(const std::vector<SessionKey>& keys) {
    Names names;
    for (const SessionKey& key : keys) names.push_back(key.name);
    return names;
}
void write_all(SessionKeyJournal& journal) {
    for (const SessionKey& key : journal.next(SIZE_MAX)) journal.note_written(key);
}

TEST(SessionKeyJournal, GivesTheOldestFirstUntilTheyAreWritten) {
    SessionKeyJournal journal;
    for (const char* name : {"a", "b", "c"}) EXPECT_TRUE(journal.add(token(name), nullptr));
    EXPECT_EQ(names(journal.next(2)), (Names{"a", "b"}));
    EXPECT_EQ(names(journal.next(2)), (Names{"a", "b"})) << "asked for is not written";
    journal.note_written(token("a"));
    EXPECT_EQ(names(journal.next(2)), (Names{"b", "c"}));
    journal.drop(token("b"));
    EXPECT_EQ(names(journal.next(2)), (Names{"c"}));
}

TEST(SessionKeyJournal, WritesAVersionAgainOnlyWhenItSaysMore) {
    const struct {
        SessionKey later;
        bool waits;
        const char* why;
    } cases[] = {
        {version("v", 2), false, "the same: another process tells it, too"},
        {version("v", 3), true, "a higher one"},
        {version("v", 1, seconds{10}), false, "a lower one that came late"},
        {version("v", 2, seconds{901}), true, "needed for longer"},
    };
    for (const auto& [later, waits, why] : cases) {
        SessionKeyJournal journal;
        journal.add(version("v", 2), nullptr);
        write_all(journal);
        journal.add(later, nullptr);
        EXPECT_EQ(journal.waiting() == 1, waits) << why;
        if (waits) EXPECT_EQ(journal.next(1)[0].version, std::max<std::int64_t>(2, later.version));
    }
}

TEST(SessionKeyJournal, IsNotDoneWithAKeyThatWasRaisedWhileItWasWritten) {
    SessionKeyJournal journal;
    journal.add(version("v", 2), nullptr);
    const SessionKey under_way = journal.next(1)[0];
    journal.add(version("v", 3), nullptr);
    journal.note_written(under_way);
    ASSERT_EQ(journal.waiting(), 1U);
    EXPECT_EQ(journal.next(1)[0].version, 3);
}

TEST(SessionKeyJournal, WritesAllAgainToAServerThatMayKnowNothing) {
    SessionKeyJournal journal;
    journal.add(token("a"), nullptr);
    write_all(journal);
    journal.add(token("b"), nullptr);
    EXPECT_EQ(journal.waiting(), 1U);
    journal.note_loss();
    EXPECT_EQ(names(journal.next(9)), (Names{"b", "a"}));
}

TEST(SessionKeyJournal, ForgetsWhatNobodyNeedsAndSaysHowMuchOfItWasNotWritten) {
    SessionKeyJournal journal;
    journal.add(token("written", seconds{10}), nullptr);
    write_all(journal);
    journal.add(token("short", seconds{10}), nullptr);
    journal.add(token("long", seconds{20}), nullptr);
    EXPECT_EQ(journal.forget_expired(now + seconds{9}), 0U);
    EXPECT_EQ(journal.forget_expired(now + seconds{10}), 1U);
    EXPECT_EQ(names(journal.next(9)), (Names{"long"}));
    journal.note_loss();
    EXPECT_EQ(journal.waiting(), 1U) << "the written one is gone, too";
}

TEST(SessionKeyJournal, IsBoundedAndLetsCopiesGoBeforeWhatWasNeverWritten) {
    SessionKeyJournal journal;
    journal.add(token("copy"), nullptr);
    write_all(journal);
    for (std::size_t i = 1; i < SessionKeyJournal::keys_max; ++i) {
        journal.add(token(std::to_string(i)), nullptr);
    }
    EXPECT_TRUE(journal.add(token("takes the copy's place"), nullptr));
    EXPECT_FALSE(journal.add(token("takes the oldest's place"), nullptr));
    EXPECT_EQ(journal.waiting(), SessionKeyJournal::keys_max);
    EXPECT_EQ(names(journal.next(1)), (Names{"2"}));
}

// How a waiter of write() is answered: true, or false when nobody did in time.
Task<bool> is_told(SessionKeyJournal* journal, std::function<void()> what_happens) {
    const auto submit = [&](SessionKeyJournal::Waiter waiter) {
        journal->add(token("k"), std::move(waiter));
        what_happens();
        return Result<>{};
    };
    const auto told = co_await Answer<void>::wait_for(
        submit, std::chrono::steady_clock::now() + std::chrono::milliseconds{50});
    EXPECT_TRUE(told || told.error().rule == "answer.late");
    co_return told.has_value();
}

TEST(SessionKeyJournal, TellsWhoWaitsAsSoonAsWaitingHasNoSense) {
    SessionKeyJournal journal;
    const struct {
        const char* what;
        std::function<void()> happens;
        bool told;
    } cases[] = {
        {"nothing", [] {}, false},
        {"it is written", [&] { write_all(journal); }, true},
        {"it is written already", [] {}, true},
        {"Redis is away",
         [&] {
             journal.note_loss();
             journal.release_waiters();
         },
         true},
        {"Redis refuses it", [&] { journal.drop(token("k")); }, true},
        {"its token has expired", [&] { journal.forget_expired(now + seconds{900}); }, true},
    };
    for (const auto& [what, happens, told] : cases) {
        EXPECT_EQ(wait(is_told(&journal, happens)).value(), told) << what;
    }
}

}  // namespace
}  // namespace merlon::identity
