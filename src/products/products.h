// The products role: the catalogue, and the stock that orders take from it.
#pragma once

#include "api/endpoint.h"
#include "products/answer_cache.h"
#include "products/product_stock.h"
#include "products/product_store.h"
#include "rpc/role.h"

namespace merlon::products {

class Products final : public rpc::Role {
public:
    // Brings the tables up to date. Errors: those of migrate().
    static Task<std::unique_ptr<rpc::Role>> open(rpc::RoleEnvironment environment);

    static const api::RoleTable& role_table();
    const api::RoleTable& table() const override { return role_table(); }
    Task<http::Response> call(api::LocalCall request) override;

    std::vector<rpc::OfferedMethod> methods() override;
    void add_ports(rpc::Ports& ports) override { ports.add<ports::Stock>(stock_); }

private:
    explicit Products(const rpc::RoleEnvironment& environment);

    static std::span<const api::Endpoint<Products>> endpoints();
    Task<http::Response> list(api::LocalCall call);
    Task<http::Response> get(api::LocalCall call);
    Task<http::Response> create(api::LocalCall call);
    Task<http::Response> replace(api::LocalCall call);
    Task<http::Response> remove(api::LocalCall call);

    storage::Database& database_;
    const Clock& clock_;
    Entropy& entropy_;
    std::shared_ptr<AnswerCache> cache_;  // with the transactions that may outlive this
    ProductStock stock_;
};

extern const rpc::RoleDefinition products_definition;

}  // namespace merlon::products
