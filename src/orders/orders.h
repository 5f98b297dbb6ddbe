// The orders role. An order is a saga of steps that can each be made again: written as pending,
// its stock taken by the catalogue under the order's identifier, confirmed. Whatever a crash leaves
// half done, resume() finishes.
#pragma once

#include <chrono>

#include "api/endpoint.h"
#include "orders/order_store.h"
#include "rpc/role.h"

namespace merlon::orders {

class Orders final : public rpc::Role {
public:
    // Brings the tables up to date and finishes what the last run left half done. Errors: those of
    // migrate(), Database and Stock.
    static Task<std::unique_ptr<rpc::Role>> open(rpc::RoleEnvironment environment);

    static const api::RoleTable& role_table();
    const api::RoleTable& table() const override { return role_table(); }
    Task<http::Response> call(api::LocalCall request) override;

    std::vector<rpc::PeriodicTask> periodic_tasks() override;
    // Finishes orders that nothing has moved for `age`, forgets keys that have run out, and adds up
    // counts. Called now and then.
    Task<> resume(std::chrono::seconds age);

private:
    explicit Orders(const rpc::RoleEnvironment& environment);

    static std::span<const api::Endpoint<Orders>> endpoints();
    Task<http::Response> list(api::LocalCall call);
    Task<http::Response> get(api::LocalCall call);
    Task<http::Response> create(api::LocalCall call);
    Task<http::Response> cancel(api::LocalCall call);

    // The order in the call's path. Error: "order.absent" (Absent), also for somebody else's.
    Task<Order> find_visible(api::LocalCall call);
    // From pending to confirmed or rejected, and as it is then. Errors: those of Database and
    // Stock, after which it is pending.
    Task<Order> place(Order order);
    Task<> reject(std::string id, std::string_view rule);
    // From cancelling to cancelled.
    Task<> give_back(std::string id);
    std::int64_t now_ms() const { return clock_.wall().time_since_epoch().count(); }

    storage::Database& database_;
    const Clock& clock_;
    Entropy& entropy_;
    ports::Stock& stock_;
};

extern const rpc::RoleDefinition orders_definition;

}  // namespace merlon::orders
