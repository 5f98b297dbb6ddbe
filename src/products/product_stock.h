// Stock that orders have taken, in the catalogue's tables.
#pragma once

#include "ports/stock.h"
#include "products/answer_cache.h"
#include "storage/database.h"

namespace merlon::products {

class ProductStock final : public ports::Stock {
public:
    // `cache` forgets the products whose stock changes.
    ProductStock(storage::Database& database, std::shared_ptr<AnswerCache> cache)
        : database_(database), cache_(std::move(cache)) {}

    Task<std::vector<ports::TakenLine>> take(std::string order_id,
                                             std::vector<ports::StockLine> lines) override;
    Task<> give_back(std::string order_id) override;

private:
    storage::Database& database_;
    std::shared_ptr<AnswerCache> cache_;
};

}  // namespace merlon::products
