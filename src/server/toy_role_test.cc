// Runs a role that only this file defines: a new role needs its definition in the list, no more.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "api/endpoint.h"
#include "api/responses.h"
#include "config/load.h"
#include "installation/owned_tables.h"
#include "net/test_kit.h"
#include "ports/stock.h"
#include "server/platform.h"
#include "storage/test_kit.h"

namespace merlon::server {
namespace {

constexpr std::string_view toys_role = "toys";
std::atomic<int> wound_up = 0;

class Toys final : public rpc::Role {
public:
    static Task<std::unique_ptr<rpc::Role>> open(rpc::RoleEnvironment environment) {
        MERLON_CO_TRY(co_await storage::migrate(environment.database, environment.clock, toys_role,
                                                migrations()));
        // What products offers is there: it stands before its callers.
        MERLON_ASSERT(environment.ports.find<ports::Stock>() != nullptr);
        co_return std::unique_ptr<rpc::Role>(new Toys(environment.database));
    }
    static std::span<const storage::Migration> migrations() {
        static const storage::Migration all[] = {
            {1, "toys", "CREATE TABLE toys (name TEXT PRIMARY KEY) STRICT"},
            {2, "bear", "INSERT INTO toys (name) VALUES ('bear')"},
        };
        return all;
    }
    static const api::RoleTable& role_table() {
        static const api::RoleTable all{toys_role, api::routes_of(endpoints()), {}};
        return all;
    }
    const api::RoleTable& table() const override { return role_table(); }
    Task<http::Response> call(api::LocalCall call) override {
        return api::serve(*this, endpoints(), std::move(call));
    }
    std::vector<rpc::PeriodicTask> periodic_tasks() override {
        return {{"toys.wind_up", std::chrono::seconds{1}, []() -> Task<> {
                     ++wound_up;
                     return Result<>{};
                 }}};
    }

private:
    explicit Toys(storage::Database& database) : database_(database) {}

    static std::span<const api::Endpoint<Toys>> endpoints() {
        static const api::Endpoint<Toys> all[] = {
            {{wire::Method::Get,
              "/api/toys",
              api::LocalAccess::Public,
              "",
              "",
              {.operation_id = "listToys", .summary = "All toys"}},
             &Toys::list},
        };
        return all;
    }
    Task<http::Response> list(api::LocalCall) {
        const storage::Rows rows =
            MERLON_CO_TRY(co_await database_.query("SELECT name FROM toys ORDER BY name"));
        co_return api::data_response(200, "[\"" + std::string(rows[0].text(0)) + "\"]");
    }

    storage::Database& database_;
};

constexpr std::string_view calls[] = {"products"};
const rpc::RoleDefinition definition{
    .name = toys_role,
    .port = 3099,
    .calls = calls,
    .table = &Toys::role_table,
    .migrations = &Toys::migrations,
    .personal_data = {},
    .open = &Toys::open,
    .connect = nullptr,
};

class ToyRole : public testing::Test {
protected:
    ToyRole() {
        settings_.role_definitions = roles_;
        settings_.fleet = roles::default_fleet(roles_);
        settings_.server.listen = {{"127.0.0.1", 0, {}}};
        settings_.server.admin = {"127.0.0.1", 0, {}};
        settings_.server.workers = 1;
        settings_.store.folder = folder_.path();
        settings_.store.database = storage::SqliteSettings{folder_ / "merlon.db"};
        settings_.keys.database = storage::SqliteSettings{folder_ / "keys.db"};
        settings_.keys.master_path = folder_ / "master.key";
    }
    static std::vector<rpc::RoleDefinition> with_toys() {
        std::vector<rpc::RoleDefinition> all(roles::all().begin(), roles::all().end());
        all.push_back(definition);
        return all;
    }

    storage::TemporaryFolder folder_;
    const std::vector<rpc::RoleDefinition> roles_ = with_toys();
    config::Settings settings_;
};

TEST_F(ToyRole, IsServedBesideTheOthersAndDoesItsPeriodicWork) {
    auto platform =
        Platform::make(std::move(settings_), installation::RoleSet::whole(roles_), Content::AsItIs);
    ASSERT_TRUE(platform) << platform.error().rule << " " << platform.error().detail;
    std::jthread running([&] { (*platform)->run(); });
    auto wire = net::testing::Wire::connect((*platform)->port());
    wire.send("GET /api/toys HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    const std::string response = wire.read_all();
    EXPECT_TRUE(response.starts_with("HTTP/1.1 200")) << response;
    EXPECT_NE(response.find(R"("data":["bear"])"), std::string::npos) << response;
    auto document = net::testing::Wire::connect((*platform)->port());
    document.send("GET /openapi.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    EXPECT_NE(document.read_all().find("listToys"), std::string::npos) << "no description";
    // It comes after a second; a failing test ends, however slow the machine.
    for (int i = 0; i < 6'000 && wound_up == 0; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    EXPECT_GT(wound_up, 0);
    (*platform)->stop();
}

TEST_F(ToyRole, HasTablesThatTheCommandsKnow) {
    const auto tables = installation::owned_tables(settings_);
    EXPECT_EQ(tables.back().role, toys_role);
    settings_.gateway.built_in.left_out.insert(std::string(toys_role));
    EXPECT_NE(installation::owned_tables(settings_).back().role, toys_role);
}

TEST_F(ToyRole, RunsInAProcessOfItsOwnByItsName) {
    const auto set = installation::RoleSet::of({"toys"}, roles_);
    ASSERT_TRUE(set);
    EXPECT_TRUE(set->has("toys") && !set->has("auth") && !set->is_whole());
    EXPECT_EQ(installation::RoleSet::of({"toys"}, roles::all()).error().rule, "role.unknown");
    EXPECT_EQ(settings_.fleet.roles.at("toys").listen.port, 3099);
}

TEST_F(ToyRole, HasASectionOfTheConfiguration) {
    config::Inputs inputs;
    inputs.roles = roles_;
    inputs.flags = {{"services.toys.enabled", "true"}, {"services.products.enabled", "false"}};
    const config::Loaded loaded = config::load(inputs, config::DiskFiles());
    EXPECT_FALSE(loaded.settings) << "toys need products";
    bool is_told = false;
    for (const config::Problem& problem : loaded.problems) {
        is_told |= problem.message.find("the built-in toys need the built-in products") !=
                   std::string::npos;
    }
    EXPECT_TRUE(is_told);
}

}  // namespace
}  // namespace merlon::server
