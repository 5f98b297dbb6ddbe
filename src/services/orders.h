// The orders role. An order is a saga of steps that can each be made again: written as pending,
// its stock taken by the catalogue under the order's identifier, confirmed. Whatever a crash leaves
// half done, resume() finishes.
#pragma once

#include <chrono>

#include "services/endpoint.h"
#include "services/order_store.h"
#include "services/parts.h"

namespace merlon::services {

class Orders final : public http::LocalService {
public:
    // Brings the tables up to date and finishes what the last run left half done. Borrows `stock`
    // for its life. Errors: those of migrate(), Database and Stock.
    static Task<std::unique_ptr<Orders>> open(Parts parts, Stock& stock);

    static const http::RoleTable& role_table();
    const http::RoleTable& table() const override { return role_table(); }
    Task<http::Response> call(http::LocalCall request) override;

    // Finishes orders that nothing has moved for `age`, forgets keys that have run out, and adds up
    // counts. Called now and then.
    Task<> resume(std::chrono::seconds age);

private:
    Orders(Parts parts, Stock& stock);

    static std::span<const Endpoint<Orders>> endpoints();
    Task<http::Response> list(http::LocalCall call);
    Task<http::Response> get(http::LocalCall call);
    Task<http::Response> create(http::LocalCall call);
    Task<http::Response> cancel(http::LocalCall call);

    // The order in the call's path. Error: "order.absent" (Absent), also for somebody else's.
    Task<Order> find_visible(http::LocalCall call);
    // From pending to confirmed or rejected, and as it is then. Errors: those of Database and
    // Stock, after which it is pending.
    Task<Order> place(Order order);
    Task<> reject(std::string id, std::string_view rule);
    // From cancelling to cancelled.
    Task<> give_back(std::string id);
    std::int64_t now_ms() const { return parts_.clock.wall().time_since_epoch().count(); }

    Parts parts_;
    Stock& stock_;
};

}  // namespace merlon::services
