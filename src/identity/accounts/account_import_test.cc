// A batch against the stores: who is imported, who is there, who is refused, and which keys stay.
#include "identity/accounts/account_import.h"

#include <gtest/gtest.h>

#include "identity/accounts/account_counts.h"
#include "identity/keys/test_kit.h"
#include "identity/passwords/password_pool.h"
#include "identity/store/test_kit.h"

namespace merlon::identity {
namespace {

class RecordingEvents final : public events::EventSink {
public:
    void write(const events::Event& event) override { written.push_back(event); }
    std::vector<events::Event> written;
};

std::string id_of(int number) {
    std::string digits = std::to_string(number);
    return "00000000-0000-4000-8000-" + std::string(12 - digits.size(), '0') + digits;
}

std::string line(int number, const std::string& address, const std::string& more = {}) {
    return R"({"id":")" + id_of(number) + R"(","email":")" + address +
           R"(","firstName":"Ada","lastName":"King")" + more + "}\n";
}

class Import : public testing::StoresTest {
protected:
    // What became of each line: "imported", "present" or the rule.
    std::vector<std::string> run(std::string lines,
                                 ImportBatch::Mode mode = ImportBatch::Mode::Store) {
        const auto outcomes = wait(import_.run({std::move(lines), "run", mode}));
        EXPECT_TRUE(outcomes) << outcomes.error().rule;
        std::vector<std::string> all;
        for (const ImportOutcome& one : outcomes.value_or(ImportOutcomes())) {
            constexpr std::string_view names[] = {"imported", "present"};
            all.emplace_back(one.kind == ImportOutcome::Kind::Refused
                                 ? one.rule
                                 : names[static_cast<std::size_t>(one.kind)]);
        }
        return all;
    }
    std::optional<Account> find(int number) { return wait(accounts_.find(id_of(number))).value(); }
    bool has_key(int number) {
        return wait(keys_->find(id_of(number), std::string(auth_role))).has_value();
    }
    std::size_t pending() {
        return wait(sealing::pending_people::list(key_database_.get(), {}, 100)).value().size();
    }
    std::int64_t count(const std::string& role) {
        return wait(account_counts::of_role(database_.get(), role)).value();
    }

    SystemClock machine_clock_;  // of the threads that hash
    metrics::Registry metrics_;
    RecordingEvents sink_;
    CurrentTokenPolicy policy_{testing::make_policy(entropy_, std::chrono::seconds{900}), [] {}};
    PasswordPool passwords_{{.bcrypt_cost = 4}, machine_clock_, entropy_, metrics_};
    AccountEvents events_{sink_, *keys_, clock_, entropy_};
    Accounts accounts_{*database_, *keys_, entropy_};
    AccountImport import_{*database_, *keys_, accounts_, events_, policy_, {}, clock_};
};

using All = std::vector<std::string>;
const std::string hash = "$2a$06$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";

TEST_F(Import, KeepsIdsHashesRolesAndTimes) {
    EXPECT_EQ(run(line(1, "Ada@B.example",
                       R"(,"role":"moderator","createdAt":"2024-01-02T03:04:05Z","hash":")" + hash +
                           "\"") +
                  "\n  \r\n" + line(2, "b@b.example")),
              (All{"imported", "imported"}));
    const Account ada = *find(1);
    EXPECT_TRUE(ada.is_readable);
    EXPECT_EQ(ada.email, "Ada@B.example");
    EXPECT_EQ(ada.first_name + ada.last_name, "AdaKing");
    EXPECT_EQ(ada.role, "moderator");
    EXPECT_EQ(ada.password, hash);
    EXPECT_EQ(ada.created_at, WallTime{std::chrono::milliseconds{1'704'164'645'000}});
    EXPECT_EQ(find(2)->created_at, clock_.wall());
    EXPECT_EQ(count("moderator"), 1);
    EXPECT_EQ(count("user"), 1);
    EXPECT_EQ(pending(), 0U);
    const auto with_none = wait(passwords_.verify(Secret(""), find(2)->password));
    ASSERT_TRUE(with_none) << with_none.error().rule;
    EXPECT_FALSE(with_none->matches);
}

TEST_F(Import, IsOneEventForABatchWhichWarnsOfRolesThatNobodyRegistersWith) {
    run(line(1, "a@b.example") + line(2, "b@b.example"));
    run(line(1, "a@b.example"));
    run(line(3, "c@b.example", R"(,"role":"admin")") + line(4, "d@b.example"));
    ASSERT_EQ(sink_.written.size(), 2U) << "nobody came with the second batch";
    EXPECT_EQ(sink_.written[0].type, events::Type::AdminAction);
    EXPECT_EQ(sink_.written[0].severity, events::Severity::Info);
    EXPECT_EQ(sink_.written[1].severity, events::Severity::Warning);
    using Details = AccountEvents::Details;
    EXPECT_EQ(sink_.written[1].details, (Details{{"by", "operator"},
                                                 {"action", "user.import"},
                                                 {"run", "run"},
                                                 {"accounts", "2"},
                                                 {"roles", "admin 1, user 1"}}));
    const auto stored = wait(storage::find_events(database_.get(), {.limit = 10})).value();
    EXPECT_EQ(stored.events.size(), 2U);
}

TEST_F(Import, TellsThoseWhoAreThereFromThoseWhoseIdOrAddressIsTaken) {
    ASSERT_EQ(run(line(1, "a@b.example")), All{"imported"});
    const std::string password = find(1)->password;
    EXPECT_EQ(run(line(1, "A@b.example", R"(,"role":"admin","hash":")" + hash + "\"") +
                  line(1, "other@b.example") + line(2, "a@B.example") +
                  line(3, "c@b.example", R"(,"role":"king")")),
              (All{"present", "import.id_taken", "account.email_taken", "schema.violation"}));
    EXPECT_EQ(find(1)->role, "user") << "who is there stays as they are";
    EXPECT_EQ(find(1)->password, password);
    EXPECT_FALSE(has_key(2));
    EXPECT_FALSE(has_key(3));
    EXPECT_EQ(pending(), 0U);
    EXPECT_EQ(count("user"), 1);
}

TEST_F(Import, TakesTheFirstOfThoseWhoStandInABatchTwice) {
    EXPECT_EQ(run(line(1, "a@b.example") + line(1, "a@b.example") + line(1, "b@b.example") +
                  line(2, "a@b.example") + line(3, "c@b.example")),
              (All{"imported", "present", "import.id_taken", "account.email_taken", "imported"}));
    EXPECT_EQ(count("user"), 2);
    EXPECT_TRUE(find(1)->is_readable);
    // The second id's key was made for nothing; the sweep will find it.
    EXPECT_EQ(pending(), 1U);
}

TEST_F(Import, ADryRunChangesNothing) {
    run(line(1, "a@b.example"));
    const std::string lines = line(1, "a@b.example") + line(2, "a@b.example") +
                              line(3, "c@b.example") + line(4, "d@b.example", R"(,"hash":"x")");
    const All found = {"present", "account.email_taken", "imported", "password.kind"};
    EXPECT_EQ(run(lines, ImportBatch::Mode::DryRun), found);
    EXPECT_FALSE(find(3));
    EXPECT_FALSE(has_key(3));
    EXPECT_EQ(pending(), 0U);
    EXPECT_EQ(sink_.written.size(), 1U);
    EXPECT_EQ(run(lines), found);
    EXPECT_TRUE(find(3)->is_readable);
}

TEST_F(Import, AKeyThatAKilledRunLeftIsUsedAndNoneIsDestroyed) {
    const auto left =
        wait(keys_->obtain_many_pending({id_of(1)}, std::string(auth_role))).value()[0];
    EXPECT_EQ(run(line(1, "a@b.example")), All{"imported"});
    EXPECT_TRUE(find(1)->is_readable);
    EXPECT_EQ(pending(), 0U);
    // The id of a living person with another address: refused, and their key stays.
    EXPECT_EQ(run(line(1, "other@b.example")), All{"import.id_taken"});
    EXPECT_TRUE(find(1)->is_readable);
}

TEST_F(Import, TakesTheAddressOfAnAccountWithoutItsKey) {
    ASSERT_EQ(run(line(1, "a@b.example")), All{"imported"});
    ASSERT_TRUE(wait(keys_->destroy(id_of(1))));
    EXPECT_EQ(run(line(1, "a@b.example")), All{"present"}) << "an operator may find its key again";
    EXPECT_FALSE(has_key(1));
    EXPECT_EQ(run(line(2, "a@b.example")), All{"imported"});
    EXPECT_TRUE(find(2)->is_readable);
}

TEST_F(Import, HasALimitOfLines) {
    const std::string lines(ImportLines::lines_max, '\n');
    EXPECT_EQ(run(lines), All{});
    EXPECT_EQ(wait(import_.run({lines + "\n", "run"})).error().rule, "import.batch");
}

TEST(ImportOutcomes, TravelAsJson) {
    const ImportOutcomes all = {
        {.line = 0, .kind = ImportOutcome::Kind::Imported, .role = "user", .has_password = true},
        {.line = 3, .kind = ImportOutcome::Kind::Present},
        {.line = 4, .rule = "import.id", .message = "no \"id\""},
        {.line = 5,
         .kind = ImportOutcome::Kind::Imported,
         .role = "admin",
         .is_verified = true,
         .id = "i",
         .address = "00ff"},
    };
    const auto read = parse_import_outcomes(to_json(all)).value();
    ASSERT_EQ(read.size(), all.size());
    for (std::size_t i = 0; i < all.size(); ++i)
        EXPECT_EQ(to_json({&read[i], 1}), to_json({&all[i], 1}));
    for (const std::string_view text :
         {"", "{}", "[1]", "[{}]", R"([{"line":-1}])", R"([{"line":1,"outcome":"other"}])"}) {
        EXPECT_EQ(parse_import_outcomes(text).error().rule, "import.answer") << text;
    }
}

}  // namespace
}  // namespace merlon::identity
