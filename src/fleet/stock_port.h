// The orders role's port to the catalogue's stock, between two processes.
#pragma once

#include "fleet/port_client.h"
#include "fleet/port_server.h"
#include "services/stock.h"

namespace merlon::fleet {

// Borrows the client for life.
class RemoteStock final : public services::Stock {
public:
    explicit RemoteStock(PortClient& products) : products_(products) {}

    Task<std::vector<services::TakenLine>> take(std::string order_id,
                                                std::vector<services::StockLine> lines) override;
    Task<> give_back(std::string order_id) override;

private:
    PortClient& products_;
};

// The products role's side. Borrows `stock` for as long as the ports live.
std::vector<Port> stock_ports(services::Stock& stock);

}  // namespace merlon::fleet
