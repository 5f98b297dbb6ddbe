// Stock that orders have taken, in the catalogue's tables.
#pragma once

#include "services/stock.h"
#include "storage/database.h"

namespace merlon::services {

class ProductStock final : public Stock {
public:
    explicit ProductStock(storage::Database& database) : database_(database) {}

    Task<std::vector<TakenLine>> take(std::string order_id, std::vector<StockLine> lines) override;
    Task<> give_back(std::string order_id) override;

private:
    storage::Database& database_;
};

}  // namespace merlon::services
