// The products role: the catalogue, and the stock that orders take from it.
#pragma once

#include "api/endpoint.h"
#include "api/parts.h"
#include "products/answer_cache.h"
#include "products/product_stock.h"
#include "products/product_store.h"

namespace merlon::products {

class Products final : public api::LocalService {
public:
    // Brings the tables up to date. Errors: those of migrate().
    static Task<std::unique_ptr<Products>> open(api::Parts parts);

    static const api::RoleTable& role_table();
    const api::RoleTable& table() const override { return role_table(); }
    Task<http::Response> call(api::LocalCall request) override;

    // For the orders.
    ports::Stock& stock() { return stock_; }

private:
    explicit Products(api::Parts parts);

    static std::span<const api::Endpoint<Products>> endpoints();
    Task<http::Response> list(api::LocalCall call);
    Task<http::Response> get(api::LocalCall call);
    Task<http::Response> create(api::LocalCall call);
    Task<http::Response> replace(api::LocalCall call);
    Task<http::Response> remove(api::LocalCall call);

    api::Parts parts_;
    std::shared_ptr<AnswerCache> cache_;  // with the transactions that may outlive this
    ProductStock stock_;
};

}  // namespace merlon::products
