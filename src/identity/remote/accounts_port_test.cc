// Tests how auth validates the calls of other roles' processes.
#include "identity/remote/accounts_port.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/wait.h"

namespace merlon::identity {
namespace {

// Keeps who acted; everything else succeeds with nothing.
class RecordingAccounts final : public ports::AccountDirectory {
public:
    Task<ports::AccountNames> names_of(std::string) override { co_return ports::AccountNames{}; }
    Task<> rename(std::string, ports::NewNames) override { co_return Result<>{}; }
    Task<std::string> find(std::string) override { co_return std::string("{}"); }
    Task<ports::AccountPage> list(api::PageRequest) override { co_return ports::AccountPage{}; }
    Task<std::string> create(Secret, std::string, access::User by) override {
        actors.push_back(by.id());
        co_return std::string("{}");
    }
    Task<std::string> change(std::string, ports::AccountChange, access::User by) override {
        actors.push_back(by.id());
        co_return std::string("{}");
    }

    std::vector<std::string> actors;
};

rpc::Message message(std::string_view operation, std::string_view by) {
    rpc::Message call;
    if (operation == "accounts.create") call.set("body", "{}").set("role", "admin");
    if (operation == "accounts.change") call.set("id", "grace").set("role", "admin");
    return call.set("byId", by).set("byRole", "admin").set("byClient", "203.0.113.7");
}

// The error's rule; empty: it was carried out.
std::string_view serve(RecordingAccounts& accounts, std::string_view operation, rpc::Message call) {
    const auto methods = accounts_methods(accounts);
    const auto offered = std::ranges::find(
        methods, operation, [](const rpc::OfferedMethod& one) { return one.method->name; });
    const auto response = wait(offered->serve(std::move(call)));
    return response ? std::string_view() : response.error().rule;
}

TEST(AccountsPort, ACallWithoutAnActingUserIsRefusedAndNotAnOperators) {
    for (const std::string_view operation : {"accounts.create", "accounts.change"}) {
        RecordingAccounts accounts;
        EXPECT_EQ(serve(accounts, operation, message(operation, "")), "port.malformed");
        rpc::Message nobody;
        nobody.set("body", "{}").set("role", "admin").set("id", "grace");
        EXPECT_EQ(serve(accounts, operation, nobody), "port.malformed");
        EXPECT_TRUE(accounts.actors.empty()) << operation;

        EXPECT_EQ(serve(accounts, operation, message(operation, "ada")), "");
        EXPECT_EQ(accounts.actors, std::vector<std::string>{"ada"}) << operation;
    }
}

}  // namespace
}  // namespace merlon::identity
