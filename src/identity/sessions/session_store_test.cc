// Sessions against a database: what a refresh token can do at each age, and how many there may be.
#include "identity/sessions/session_store.h"

#include <gtest/gtest.h>

#include "identity/accounts/accounts.h"
#include "identity/revocation/revocation_table.h"
#include "identity/store/schema.h"
#include "storage/sqlite/sqlite_database.h"
#include "storage/test_kit.h"

namespace merlon::identity {
namespace {

using session_store::SessionIds;
using storage::Transaction;

constexpr std::int64_t start = 1'000'000;
constexpr std::int64_t grace = 10'000;

Task<SessionIds> insert_for_surplus(Transaction* t, SealedSession session, SessionIds surplus) {
    MERLON_CO_TRY(co_await session_store::insert(*t, session));
    co_return co_await session_store::end_surplus(*t, session.user_id, surplus, session.expires_at);
}

class SessionStore : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(
            wait(storage::migrate(*database_, clock_, auth_role, std::span(auth_migrations()))));
    }

    std::vector<std::string> insert(const std::string& id, std::int64_t now = start,
                                    const std::string& user = "ada") {
        const SealedSession session{id, user, id + ".first", "ip", "agent", now, now + 3'600'000};
        const auto surplus = wait(session_store::find_surplus(*database_, user)).value();
        return wait(database_->transact<SessionIds>(
                        [=](Transaction& t) { return insert_for_surplus(&t, session, surplus); }))
            .value();
    }

    Rotated rotate(const std::string& presented, const std::string& next, std::int64_t now,
                   const std::string& user = "ada") {
        const Rotation rotation{.session_id = session_store::session_of(presented),
                                .user_id = user,
                                .presented_id = presented,
                                .next_id = next,
                                .successor = "sealed " + next,
                                .now = now,
                                .grace = grace,
                                .expires_at = now + 3'600'000,
                                .revoked_until = now + 900'000};
        return wait(database_->transact<Rotated>(
                        [rotation](Transaction& t) { return session_store::rotate(t, rotation); }))
            .value();
    }

    std::size_t count(const std::string& user = "ada", std::int64_t now = start) {
        return wait(session_store::list(*database_, user, now)).value().size();
    }

    Result<> forget(std::int64_t before) {
        MERLON_TRY(wait(revocation_table::delete_expired(database_.get(), before)));
        return wait(session_store::delete_expired(database_.get(), before));
    }

    std::int64_t revocations() {
        return wait(database_->query("SELECT count(*) FROM revocations")).value()[0].integer(0);
    }

    session_store::EndedOthers end_others(const std::string& user, const std::string& kept) {
        return wait(database_->transact<session_store::EndedOthers>([=](Transaction& t) {
                   return session_store::end_others(t, user, kept, start);
               }))
            .value();
    }

    storage::TemporaryFolder folder_;
    FakeClock clock_;
    std::unique_ptr<storage::SqliteDatabase> database_ =
        storage::SqliteDatabase::open(folder_ / "merlon.db").value();
};

std::string session_name(int number) {
    return "019b76da-a800-7000-8000-" + std::to_string(100'000'000'000 + number);
}

const std::string a = session_name(1);

TEST_F(SessionStore, TheCurrentTokenRotatesThePreviousReplaysAnOlderOneEndsThem) {
    insert(a);
    EXPECT_EQ(rotate(a + ".first", a + ".second", start).outcome, RotationOutcome::Rotated);

    // Two tabs at once: the second one gets what the first one got.
    const Rotated replayed = rotate(a + ".first", a + ".other", start + grace - 1);
    EXPECT_EQ(replayed.outcome, RotationOutcome::Replayed);
    EXPECT_EQ(replayed.successor, "sealed " + a + ".second");

    EXPECT_EQ(rotate(a + ".second", a + ".third", start + 1).outcome, RotationOutcome::Rotated);
    EXPECT_EQ(revocations(), 0);
    EXPECT_EQ(rotate(a + ".first", a + ".x", start + 2).outcome, RotationOutcome::Reused);
    EXPECT_EQ(count(), 0U) << "a stolen family is over";
    EXPECT_EQ(revocations(), 1) << "and its access tokens with it";
    EXPECT_EQ(rotate(a + ".third", a + ".x", start + 3).outcome, RotationOutcome::Unknown);
}

TEST_F(SessionStore, ThePreviousTokenGetsItsSuccessorUntilThatIsUsedHoweverLate) {
    insert(a);
    rotate(a + ".first", a + ".second", start);
    for (const std::int64_t later : {grace, 100 * grace}) {
        const Rotated replayed = rotate(a + ".first", a + ".x", start + later);
        EXPECT_EQ(replayed.outcome, RotationOutcome::ReplayedLate) << later;
        EXPECT_EQ(replayed.successor, "sealed " + a + ".second");
    }
    rotate(a + ".second", a + ".third", start + 100 * grace);
    EXPECT_EQ(rotate(a + ".first", a + ".x", start + 100 * grace).outcome, RotationOutcome::Reused);
    EXPECT_EQ(count(), 0U);
}

TEST_F(SessionStore, AClockThatIsPutBackEndsNoSessionAndMakesTheGraceNoLonger) {
    constexpr std::int64_t hour = 3'600'000;
    const struct {
        std::int64_t jump;
        RotationOutcome outcome;
    } cases[] = {
        {-hour, RotationOutcome::ReplayedLate},  {-grace, RotationOutcome::ReplayedLate},
        {-grace + 1, RotationOutcome::Replayed},  // a small correction
        {0, RotationOutcome::Replayed},          {hour - 1, RotationOutcome::ReplayedLate},
    };
    for (const auto& [jump, outcome] : cases) {
        insert(a);
        rotate(a + ".first", a + ".second", start);
        EXPECT_EQ(rotate(a + ".first", a + ".x", start + jump).outcome, outcome) << jump;
        wait(database_->transact_work(storage::script("DELETE FROM sessions"))).value();
    }
}

TEST_F(SessionStore, ASuccessorIsGivenForNoLongerThanTheSessionLives) {
    insert(a);
    rotate(a + ".first", a + ".second", start);
    constexpr std::int64_t hour = 3'600'000;
    EXPECT_EQ(rotate(a + ".first", a + ".x", start + hour).outcome, RotationOutcome::Reused);
}

TEST_F(SessionStore, AreLastSeenAtTheLatestTimeThatTheyGotATokenAt) {
    insert(a);
    rotate(a + ".first", a + ".second", start + 9);
    rotate(a + ".second", a + ".third", start + 1);  // the clock was put back
    EXPECT_EQ(wait(session_store::list(*database_, "ada", start)).value().at(0).last_seen_at,
              start + 9);
}

TEST_F(SessionStore, ATokenOfNobodysSessionEndsNone) {
    insert(a);
    const struct {
        std::string presented, user;
    } cases[] = {
        {session_name(2) + ".first", "ada"},  // no such session
        {a + ".first", "bob"},                // somebody else's
    };
    for (const auto& [presented, user] : cases) {
        EXPECT_EQ(rotate(presented, "x", start, user).outcome, RotationOutcome::Unknown);
    }
    EXPECT_EQ(count(), 1U);
    EXPECT_EQ(revocations(), 0);
}

TEST_F(SessionStore, AnExpiredOneDoesNotComeBack) {
    insert(a);
    EXPECT_NE(rotate(a + ".first", a + ".second", start + 3'600'000).outcome,
              RotationOutcome::Rotated);
    EXPECT_EQ(count("ada", start + 3'600'000), 0U);
}

TEST_F(SessionStore, ThatExpiredAreDeletedHoweverManyAndNoOthers) {
    constexpr int old = 1'100;  // more than go in one transaction
    for (int i = 0; i < old; ++i) insert(session_name(i), start, "user " + std::to_string(i));
    insert(session_name(old), start + 1, "bob");
    for (const int i : {0, 1, 2}) {
        ASSERT_TRUE(wait(database_->transact<std::optional<std::int64_t>>([i](Transaction& t) {
            return session_store::end(t, session_name(i), "user " + std::to_string(i),
                                      session_store::Tokens::AtHand, start + 3'599'999 + i);
        })));
    }
    ASSERT_TRUE(forget(start + 3'600'000));
    EXPECT_EQ(revocations(), 2);
    EXPECT_EQ(count("user 7"), 1U) << "it expires at that very time";
    ASSERT_TRUE(forget(start + 3'600'001));
    EXPECT_EQ(revocations(), 1);
    EXPECT_EQ(count("user 7") + count("user 1099"), 0U);
    EXPECT_EQ(count("bob"), 1U);
}

TEST_F(SessionStore, OneMoreThanAUserMayHaveEndsTheOldest) {
    for (int i = 0; i < static_cast<int>(session_store::per_user_max); ++i) {
        EXPECT_TRUE(insert(session_name(i), start + i).empty());
    }
    insert(session_name(1'000), start, "bob");
    EXPECT_EQ(insert(session_name(2'000), start + 1'000), std::vector{session_name(0)});
    EXPECT_EQ(count(), session_store::per_user_max);
    EXPECT_EQ(count("bob"), 1U) << "nobody else's";
    EXPECT_EQ(revocations(), 1) << "its access tokens are refused at once";
}

TEST_F(SessionStore, OnlyTheOwnerEndsOneAndTheKeptOneStays) {
    insert(a);
    insert(session_name(2));
    insert(session_name(3));
    const auto end = [&](const std::string& user) {
        return wait(database_->transact<std::optional<std::int64_t>>([user](Transaction& t) {
            return session_store::end(t, a, user, session_store::Tokens::AtHand, start);
        }));
    };
    EXPECT_FALSE(end("bob").value());
    EXPECT_TRUE(end("ada").value());
    EXPECT_FALSE(end("ada").value());

    EXPECT_EQ(end_others("ada", session_name(2)).session_ids, std::vector{session_name(3)});
    EXPECT_EQ(count(), 1U);
}

TEST_F(SessionStore, ThatEndWithoutTheirTokensRaiseTheVersionOfTheUsersTokens) {
    using session_store::Tokens;
    const SealedAccount ada{"ada", "index", "", "", "", "user", "hash", 0};
    wait(database_->transact_work([ada](Transaction& t) {
        return Accounts::insert(t, ada);
    })).value();
    const struct {
        const char* what;
        Tokens tokens;
        const char* user;
        std::int64_t version;
    } cases[] = {
        {"its token refuses itself", Tokens::AtHand, "ada", 0},
        {"from the list", Tokens::Elsewhere, "ada", 2},
        {"and again", Tokens::Elsewhere, "ada", 3},
        {"of an account that is gone", Tokens::Elsewhere, "bob", 0},
    };
    for (const auto& [what, tokens, user, version] : cases) {
        insert(a, start, user);
        const auto raised = wait(database_->transact<std::optional<std::int64_t>>(
            [=](Transaction& t) { return session_store::end(t, a, user, tokens, start); }));
        EXPECT_EQ(raised.value(), std::optional(version)) << what;
    }
    insert(a);
    rotate(a + ".first", a + ".second", start);
    rotate(a + ".second", a + ".third", start);
    EXPECT_EQ(rotate(a + ".first", a + ".x", start + grace).version, 4) << "a stolen token";
    EXPECT_EQ(end_others("ada", a).version, 0) << "there is no other";
    insert(session_name(2));
    EXPECT_EQ(end_others("ada", a).version, 5);
}

TEST(TokenId, NamesItsSessionOrIsNoneOfOurs) {
    EXPECT_EQ(session_store::session_of(session_store::make_token_id(a, "random bytes")), a);
    for (const std::string_view text : {"", ".", "x.y", "019b76da-a800-7000-8000.x"}) {
        EXPECT_EQ(session_store::session_of(text), "") << text;
    }
}

}  // namespace
}  // namespace merlon::identity
