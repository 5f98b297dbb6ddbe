// Tests that an error gives the same response whether its role runs in this process or another.
#include <gtest/gtest.h>

#include "api/error_response.h"
#include "audit/remote/events_port.h"
#include "identity/remote/accounts_port.h"
#include "identity/remote/token_authority.h"
#include "ports/account_directory.h"
#include "ports/stock.h"
#include "products/remote/stock_methods.h"
#include "rpc/message.h"

namespace merlon::server {
namespace {

using api::error_response;

// No call reaches them here: their methods are only listed.
class NoAccounts final : public ports::AccountDirectory {
public:
    Task<ports::AccountNames> names_of(std::string) override { return refused(); }
    Task<> rename(std::string, ports::NewNames) override { return refused(); }
    Task<std::string> find(std::string) override { return refused(); }
    Task<ports::AccountPage> list(api::PageRequest) override { return refused(); }
    Task<std::string> create(Secret, std::string, access::User) override { return refused(); }
    Task<std::string> change(std::string, ports::AccountChange, access::User) override {
        return refused();
    }

private:
    static std::unexpected<Error> refused() { return fail(Kind::Unavailable, "storage.busy"); }
};

class NoStock final : public ports::Stock {
public:
    Task<std::vector<ports::TakenLine>> take(std::string, std::vector<ports::StockLine>) override {
        return fail(Kind::Unavailable, "storage.busy");
    }
    Task<> give_back(std::string) override { return fail(Kind::Unavailable, "storage.busy"); }
};

std::vector<rpc::OfferedMethod> every_method() {
    static NoAccounts accounts;
    static NoStock stock;
    std::vector<rpc::OfferedMethod> all = identity::accounts_methods(accounts);
    for (auto& one : products::stock_methods(stock)) all.push_back(std::move(one));
    all.push_back(identity::verify_method_of({}));
    all.push_back(audit::events_method({}));
    return all;
}

void expect_same_refusal(const Error& here, const Error& there, std::string_view method) {
    SCOPED_TRACE(std::string(method) + " " + std::string(here.rule));
    EXPECT_EQ(there.rule, here.rule);
    EXPECT_EQ(there.kind, here.kind);
    const http::Response one = error_response(here, nullptr);
    const http::Response other = error_response(there, nullptr);
    EXPECT_EQ(other.status, one.status);
    EXPECT_EQ(other.body, one.body);
    EXPECT_EQ(other.fields.text(), one.fields.text());
}

const Kind kinds[] = {Kind::Invalid,  Kind::Unknown,   Kind::Denied,      Kind::Absent,
                      Kind::Conflict, Kind::Exhausted, Kind::Unavailable, Kind::Corrupt};

const Payload payloads[] = {
    {},
    FieldErrors{{"email", "\"email\" must be a valid email"}, {"", "Ünïcode\n"}},
    FieldErrors{},
    RequiredPermissions{{"write:users", "read:users"}},
    RetryAfter{std::chrono::seconds{900}},
};

TEST(RpcErrors, AreTheSameInOneProcessAndInMany) {
    for (const rpc::OfferedMethod& offered : every_method()) {
        std::vector<std::string_view> rules(offered.method->rules.begin(),
                                            offered.method->rules.end());
        rules.insert(rules.end(), rpc::shared_rules().begin(), rpc::shared_rules().end());
        for (const std::string_view rule : rules) {
            for (const Kind kind : kinds) {
                for (const Payload& payload : payloads) {
                    const Error here{kind, rule, "for the operator", payload};
                    const Error there =
                        rpc::error_of(rpc::to_message(here), offered.method->rules,
                                      {Kind::Unavailable, "upstream.broken", {}, {}});
                    expect_same_refusal(here, there, offered.method->name);
                }
            }
        }
    }
}

TEST(RpcErrors, KeepTheKindOfARuleThatNobodyDeclared) {
    const Error made{Kind::Conflict, "future.rule", "of a later release", {}};
    const Error read = rpc::error_of(rpc::to_message(made), {}, {Kind::Corrupt, "none", {}, {}});
    EXPECT_EQ(read.rule, "port.failed");
    EXPECT_EQ(read.kind, Kind::Conflict);
    EXPECT_NE(read.detail.find("future.rule"), std::string::npos) << read.detail;
}

TEST(RpcErrors, FallBackWhereTheMessageIsNone) {
    const Error fallback{Kind::Unavailable, "upstream.broken", {}, {}};
    for (const std::string_view text :
         {"", "null", "[]", "{", R"({"rule":"storage.busy"})", R"({"kind":"conflict"})",
          R"({"rule":"storage.busy","kind":6})", R"({"rule":"storage.busy","kind":"odd"})",
          R"({"rule":7,"kind":"conflict"})"}) {
        EXPECT_EQ(rpc::error_of(text, {}, fallback).rule, fallback.rule) << text;
    }
    // Payloads of another shape are dropped, or read as far as they are sound.
    const Error odd = rpc::error_of(
        R"({"rule":"storage.busy","kind":"conflict","required":[1,"a"],"retryAfter":"soon"})", {},
        fallback);
    EXPECT_EQ(std::get<RequiredPermissions>(odd.payload).names, std::vector<std::string>{"a"});
}

}  // namespace
}  // namespace merlon::server
