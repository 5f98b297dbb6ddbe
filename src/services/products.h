// The products role: the catalogue, and the stock that orders take from it.
#pragma once

#include "services/answer_cache.h"
#include "services/endpoint.h"
#include "services/parts.h"
#include "services/product_stock.h"
#include "services/product_store.h"

namespace merlon::services {

class Products final : public http::LocalService {
public:
    // Brings the tables up to date. Errors: those of migrate().
    static Task<std::unique_ptr<Products>> open(Parts parts);

    static const http::RoleTable& role_table();
    const http::RoleTable& table() const override { return role_table(); }
    Task<http::Response> call(http::LocalCall request) override;

    // For the orders.
    Stock& stock() { return stock_; }

private:
    explicit Products(Parts parts);

    static std::span<const Endpoint<Products>> endpoints();
    Task<http::Response> list(http::LocalCall call);
    Task<http::Response> get(http::LocalCall call);
    Task<http::Response> create(http::LocalCall call);
    Task<http::Response> replace(http::LocalCall call);
    Task<http::Response> remove(http::LocalCall call);

    Parts parts_;
    std::shared_ptr<AnswerCache> cache_;  // with the transactions that may outlive this
    ProductStock stock_;
};

}  // namespace merlon::services
