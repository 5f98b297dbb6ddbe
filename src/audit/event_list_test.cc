// One list of several outboxes: the newest first to go on from, then what follows in each.
#include "audit/event_list.h"

#include <gtest/gtest.h>

#include "base/wait.h"
#include "storage/sqlite/sqlite_database.h"
#include "storage/test_kit.h"

namespace merlon::audit {
namespace {

class EventListTest : public testing::Test {
protected:
    EventListTest() {
        for (const char* name : {"auth", "gateway"}) {
            databases_.push_back(
                storage::SqliteDatabase::open(folder_ / (std::string(name) + ".db")).value());
            sources_.push_back({name, databases_.back().get()});
            MERLON_ASSERT(wait(storage::migrate(*databases_.back(), clock_, storage::outbox_role,
                                                storage::outbox_migrations())));
        }
    }
    // A second after the one before.
    void add(std::size_t source, std::string user, std::chrono::seconds later = {}) {
        clock_.advance(std::chrono::seconds{1});
        const events::Event event{.type = events::Type::Login,
                                  .severity = events::Severity::Info,
                                  .time = clock_.wall() + later,
                                  .user_id = std::move(user)};
        ASSERT_TRUE(
            wait(databases_[source]->transact_work([event](storage::Transaction& transaction) {
                return storage::append_event(transaction, "auth", event, std::nullopt);
            })));
    }
    // The users of what is found, one letter each; `last_` goes on.
    std::string list(std::int64_t limit, std::optional<EventPosition> after = {}) {
        const EventList found =
            wait(list_events(sources_, {.limit = limit}, std::move(after))).value();
        last_ = found.last;
        std::string users;
        for (const std::string& event : found.events) {
            const std::string_view member = R"("userId":")";
            users += event.substr(event.find(member) + member.size(), 1);
        }
        return users;
    }

    storage::TemporaryFolder folder_;
    FakeClock clock_;
    std::vector<std::unique_ptr<storage::Database>> databases_;
    std::vector<EventSource> sources_;
    EventPosition last_;
};

TEST_F(EventListTest, IsInTheOrderInWhichThingsHappened) {
    for (const char* user : {"a", "b", "c"}) {
        add(0, user);
        add(1, std::string(1, static_cast<char>(user[0] + 3)));
    }
    EXPECT_EQ(list(10), "adbecf");
    EXPECT_EQ(list(3), "ecf");
    EXPECT_EQ(last_.text(), "auth:3,gateway:3");
}

TEST_F(EventListTest, GoesOnInEachSourceAndLeavesNothingOut) {
    add(0, "a");
    EXPECT_EQ(list(1), "a");
    add(1, "b");
    add(0, "c");
    add(1, "d");
    EXPECT_EQ(list(1, last_), "bc");  // one of each
    EXPECT_EQ(list(1, last_), "d");
    EXPECT_EQ(list(1, last_), "");
    EXPECT_EQ(last_.text(), "auth:2,gateway:2");
}

TEST_F(EventListTest, BeginsASourceThatWasNotThereAtItsBeginning) {
    add(0, "a");
    add(1, "b");
    EXPECT_EQ(list(10, EventPosition::parse("auth:1").value()), "b");
}

TEST_F(EventListTest, OfOneSourceIsInTheOrderOfItsCommits) {
    sources_.resize(1);
    add(0, "a", std::chrono::seconds{60});  // the clock was put back afterwards
    add(0, "b");
    EXPECT_EQ(list(10), "ab");
}

TEST(EventPositions, AreWhatTheirTextSays) {
    const auto position = EventPosition::parse("auth:17,orders:4").value();
    EXPECT_EQ(position.of("auth"), 17);
    EXPECT_EQ(position.of("orders"), 4);
    EXPECT_EQ(position.of("gateway"), 0);
    EXPECT_EQ(position.text(), "auth:17,orders:4");
    for (const char* text : {"", "7", "auth", "auth:", ":7", "auth:-1", "auth:x", "auth:1,",
                             "auth:99999999999999999999", "auth:1 OR 1=1"}) {
        EXPECT_EQ(EventPosition::parse(text).error().rule, "command.malformed") << text;
    }
}

}  // namespace
}  // namespace merlon::audit
