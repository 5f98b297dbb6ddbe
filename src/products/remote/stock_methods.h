// The orders role's port to the catalogue's stock, between two processes.
#pragma once

#include "ports/stock.h"
#include "rpc/client.h"
#include "rpc/method.h"
#include "rpc/ports.h"

namespace merlon::products {

// Borrows the client for life.
class RemoteStock final : public ports::Stock {
public:
    explicit RemoteStock(rpc::Client& products) : products_(products) {}

    Task<std::vector<ports::TakenLine>> take(std::string order_id,
                                             std::vector<ports::StockLine> lines) override;
    Task<> give_back(std::string order_id) override;

private:
    rpc::Client& products_;
};

// The products role's side. Borrows `stock` for as long as the ports live.
// Adds a Stock that is in other processes. The client outlives the ports.
void connect_stock(rpc::Client& products, rpc::Ports& ports);

std::vector<rpc::OfferedMethod> stock_methods(ports::Stock& stock);

}  // namespace merlon::products
