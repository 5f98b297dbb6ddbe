// Which clients an account knows, how long, and how many.
#include "identity/passwords/known_clients.h"

#include <gtest/gtest.h>

#include "identity/store/test_kit.h"

namespace merlon::identity {
namespace {

class KnownClientsTest : public testing::StoresTest {
protected:
    LoginOrigin look_up(const std::string& client, const std::string& account = "ada@example.com") {
        return wait(clients_.look_up(account, client)).value();
    }
    void sign_in(const std::string& client) {
        const auto sign_in = clients_.sign_in(look_up(client), "ada");
        ASSERT_TRUE(wait(database_->transact_work([sign_in](storage::Transaction& transaction) {
            return KnownClients::remember(transaction, sign_in);
        })));
    }
    std::int64_t rows() {
        return wait(database_->query("SELECT COUNT(*) FROM known_clients")).value()[0].integer(0);
    }

    KnownClients clients_{*database_, *keys_, clock_, 56};
};

TEST_F(KnownClientsTest, AClientIsKnownForTheAccountThatSignedInFromItOnly) {
    EXPECT_FALSE(look_up("192.0.2.1").is_known());
    sign_in("192.0.2.1");
    sign_in("2001:db8:1:200::1");
    EXPECT_TRUE(look_up("192.0.2.1").is_known());
    EXPECT_TRUE(look_up("2001:db8:1:2ff::9").is_known()) << "one client has a whole network";
    EXPECT_FALSE(look_up("2001:db8:1:300::1").is_known());
    EXPECT_FALSE(look_up("192.0.2.2").is_known());
    EXPECT_FALSE(look_up("192.0.2.1", "bob@example.com").is_known());
}

TEST_F(KnownClientsTest, IsForgottenWhenNobodyHasSignedInFromItForLong) {
    sign_in("192.0.2.1");
    clock_.advance(KnownClients::remembered / 2);
    sign_in("192.0.2.1");
    clock_.advance(KnownClients::remembered - std::chrono::seconds{1});
    EXPECT_TRUE(look_up("192.0.2.1").is_known());
    clock_.advance(std::chrono::seconds{1});
    EXPECT_FALSE(look_up("192.0.2.1").is_known());
    const std::int64_t oldest =
        (clock_.wall() - KnownClients::remembered).time_since_epoch().count();
    ASSERT_TRUE(wait(KnownClients::delete_expired(database_.get(), oldest + 1)));
    EXPECT_EQ(rows(), 0);
}

TEST_F(KnownClientsTest, AnAccountHasABoundedNumberOfThem) {
    for (int i = 0; i < KnownClients::per_account_max + 5; ++i) {
        sign_in("192.0.2." + std::to_string(i));
        clock_.advance(std::chrono::seconds{1});
    }
    EXPECT_EQ(rows(), KnownClients::per_account_max);
    EXPECT_FALSE(look_up("192.0.2.0").is_known());
    EXPECT_TRUE(look_up("192.0.2.50").is_known());
}

}  // namespace
}  // namespace merlon::identity
