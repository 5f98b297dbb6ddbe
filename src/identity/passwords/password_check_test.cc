// A password check: which verdict is counted, and which refusals are reported.
#include "identity/passwords/password_check.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/wait.h"

namespace merlon::identity {
namespace {

// Lets `allowed` attempts through, keeps their verdicts, and locks at a wrong one if it is to.
class RecordingAttempts final : public LoginAttempts {
public:
    Task<LoginAttempt> begin(LoginOrigin origin) override {
        if (allowed-- <= 0)
            return Result<LoginAttempt>(FailureTable::refuse(std::chrono::seconds{7}));
        return Result<LoginAttempt>(LoginAttempt{std::move(origin)});
    }
    Task<bool> end(LoginAttempt attempt, Verdict verdict) override {
        ended.emplace_back(attempt.origin.account, verdict);
        return Result<bool>(locks && verdict == Verdict::Wrong);
    }

    int allowed = 1;
    bool locks = false;
    std::vector<std::pair<std::string, Verdict>> ended;
};

class RecordingEvents final : public events::EventSink {
public:
    void write(const events::Event& event) override { types.push_back(event.type); }
    std::vector<events::Type> types;
};

struct Fixture {
    Result<crypto::PasswordVerdict> verify(std::string password, std::string encoded) {
        auto verdict = wait(check.verify({"ada@example.com", "::1"}, Secret(std::move(password)),
                                         std::move(encoded), "::1"));
        refusals.flush();
        return verdict;
    }

    FakeClock clock;
    SystemClock machine_clock;  // of the threads that hash
    SystemEntropy entropy;
    metrics::Registry metrics;
    RecordingEvents events;
    events::Refusals refusals{clock, events, metrics};
    PasswordPool passwords{{.bcrypt_cost = 4}, machine_clock, entropy, metrics};
    RecordingAttempts attempts;
    PasswordCheck check{passwords, attempts, refusals};
    std::string hash = wait(passwords.hash(Secret("Horse$Battery9"))).value();
};

TEST(PasswordCheck, SettlesEveryAttemptWithItsVerdict) {
    const struct {
        const char* what;
        std::string password;
        bool is_known;
        Verdict verdict;
    } cases[] = {
        {"the right password", "Horse$Battery9", true, Verdict::Right},
        {"another password", "Horse$Battery8", true, Verdict::Wrong},
        {"no such account", "Horse$Battery9", false, Verdict::Wrong},
    };
    for (const auto& [what, password, is_known, verdict] : cases) {
        Fixture f;
        const auto found = f.verify(password, is_known ? f.hash : std::string());
        EXPECT_EQ(found.value().matches, verdict == Verdict::Right) << what;
        ASSERT_EQ(f.attempts.ended.size(), 1U) << what;
        EXPECT_EQ(f.attempts.ended[0], std::pair(std::string("ada@example.com"), verdict)) << what;
        EXPECT_EQ(f.events.types.size(), verdict == Verdict::Right ? 0U : 1U) << what;
    }
}

TEST(PasswordCheck, TakesAPasswordInEachUnicodeFormAndAnOldHashOfTheTypedOneOnceMore) {
    constexpr std::string_view composed = "Horse$Batt\u00e9ry9";
    constexpr std::string_view decomposed = "Horse$Batte\u0301ry9";
    Fixture f;
    const std::string of_either = wait(f.passwords.hash(Secret(std::string(decomposed)))).value();
    const crypto::PasswordScheme scheme{.kind = crypto::PasswordKind::Bcrypt, .bcrypt_cost = 4};
    const std::string of_typed =
        crypto::PasswordHasher().hash(decomposed, scheme, crypto::password_salt(f.entropy)).value();
    const struct {
        std::string_view password;
        std::string encoded;
        bool matches;
        bool needs_rehash;
    } cases[] = {
        {composed, of_either, true, false},          {decomposed, of_either, true, false},
        {decomposed, of_typed, true, true},          {composed, of_typed, false, false},
        {"Horse$Battery9", of_either, false, false}, {decomposed, {}, false, false},
    };
    for (const auto& [password, encoded, matches, needs_rehash] : cases) {
        f.attempts.allowed = 1;
        const auto verdict = f.verify(std::string(password), encoded).value();
        EXPECT_EQ(verdict.matches, matches) << password << encoded;
        EXPECT_EQ(verdict.needs_rehash, needs_rehash) << password << encoded;
    }
    EXPECT_EQ(f.attempts.ended.size(), std::size(cases)) << "two forms are one guess";
}

TEST(PasswordCheck, AHashThatCannotBeReadIsNoWrongAttempt) {
    Fixture f;
    EXPECT_EQ(f.verify("Horse$Battery9", "no hash").error().rule, "password.encoding");
    ASSERT_EQ(f.attempts.ended.size(), 1U);
    EXPECT_EQ(f.attempts.ended[0].second, Verdict::Unknown);
    EXPECT_TRUE(f.events.types.empty());
}

TEST(PasswordCheck, AnAttemptThatIsNotLetThroughIsNotVerified) {
    Fixture f;
    f.attempts.allowed = 0;
    EXPECT_EQ(f.verify("Horse$Battery9", f.hash).error().rule, "limit.auth");
    EXPECT_TRUE(f.attempts.ended.empty());
}

TEST(PasswordCheck, ReportsTheLockThatAWrongAttemptCauses) {
    Fixture f;
    f.attempts.locks = true;
    EXPECT_FALSE(f.verify("Horse$Battery8", f.hash).value().matches);
    ASSERT_EQ(f.events.types.size(), 2U);
    EXPECT_EQ(std::ranges::count(f.events.types, events::Type::FailedLoginAttempt), 1);
    EXPECT_EQ(std::ranges::count(f.events.types, events::Type::AccountLocked), 1);
}

}  // namespace
}  // namespace merlon::identity
