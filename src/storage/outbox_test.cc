// Reading the outbox: the newest first to go on from, then what follows, nothing twice or left out.
#include "storage/outbox.h"

#include <gtest/gtest.h>

#include "storage/sqlite/sqlite_database.h"
#include "storage/test_kit.h"

namespace merlon::storage {
namespace {

using events::Severity;
using events::Type;

class Outbox : public testing::Test {
protected:
    Outbox() : database_(*SqliteDatabase::open(folder_ / "test.db")) {
        const auto outbox = outbox_migrations();
        MERLON_ASSERT(
            wait(migrate(*database_, clock_, outbox_role, {outbox.begin(), outbox.end()})));
    }
    void add(Type type, Severity severity, std::string user, std::string role = "auth") {
        const events::Event event{.type = type,
                                  .severity = severity,
                                  .time = clock_.wall(),
                                  .user_id = std::move(user),
                                  .details = {{"note", R"(","severity":"critical",)"}}};
        ASSERT_TRUE(wait(database_->transact_work([=](Transaction& transaction) {
            return append_event(transaction, role, event, std::nullopt);
        })));
    }
    // The users of what is found, one letter each; `last_` goes on.
    std::string find(EventQuery query) {
        const StoredEvents found = wait(find_events(database_.get(), query)).value();
        last_ = found.last;
        std::string users;
        for (const StoredEvent& event : found.events) {
            EXPECT_EQ(event.happened_at, clock_.wall().time_since_epoch().count());
            const std::string_view member = R"("userId":")";
            users += event.json.substr(event.json.find(member) + member.size(), 1);
        }
        return users;
    }

    TemporaryFolder folder_;
    FakeClock clock_;
    std::unique_ptr<SqliteDatabase> database_;
    std::int64_t last_ = 0;
};

TEST_F(Outbox, GivesTheNewestOldestFirstOfAllRoles) {
    EXPECT_EQ(find({.limit = 10}), "");
    EXPECT_EQ(last_, 0);
    for (const char user : std::string("abcdef")) {
        add(Type::Login, Severity::Info, {user}, user == 'e' ? "orders" : "auth");
    }
    EXPECT_EQ(find({.limit = 3}), "def");
    EXPECT_EQ(find({.limit = 10}), "abcdef");
}

TEST_F(Outbox, IsFilteredByTypeAndSeverityAndByNothingInAValue) {
    add(Type::Login, Severity::Info, "a");
    add(Type::Logout, Severity::Info, "b");
    add(Type::RefreshReuse, Severity::Critical, "c");
    add(Type::Login, Severity::Warning, "d");
    EXPECT_EQ(find({.type = Type::Login, .limit = 10}), "ad");
    EXPECT_EQ(find({.severity = Severity::Critical, .limit = 10}), "c");
    EXPECT_EQ(find({.type = Type::Login, .severity = Severity::Warning, .limit = 10}), "d");
    EXPECT_EQ(find({.type = Type::AccountLocked, .limit = 10}), "");
}

TEST_F(Outbox, GoesOnWhereItWasWithoutGapsHoweverManyCame) {
    add(Type::Login, Severity::Info, "a");
    EXPECT_EQ(find({.limit = 10}), "a");
    EXPECT_EQ(find({.after = last_, .limit = 2}), "");
    for (const char user : std::string("bcdef")) add(Type::Login, Severity::Info, {user});
    add(Type::Logout, Severity::Info, "x");
    const EventQuery next{.type = Type::Login, .limit = 2};
    std::string seen;
    for (int i = 0; i < 4; ++i) {
        EventQuery query = next;
        query.after = last_;
        seen += find(query) + ' ';
    }
    EXPECT_EQ(seen, "bc de f  ");
    // What another type wrote is not read again and again.
    EXPECT_EQ(last_, 7);
}

}  // namespace
}  // namespace merlon::storage
