// What orders ask of the catalogue: a port, since no role touches another's tables.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/task.h"

namespace merlon::ports {

// The one role that may call Stock from another process.
inline constexpr std::string_view stock_caller = "orders";

// What Stock::take fails with when the order can never take (Conflict).
inline constexpr std::string_view product_unknown_rule = "product.unknown";
inline constexpr std::string_view stock_insufficient_rule = "stock.insufficient";
// The order gave back what it had taken.
inline constexpr std::string_view order_ended_rule = "order.ended";

struct StockLine {
    std::string product_id;
    std::int64_t quantity = 0;  // at least 1
};

// What was taken, as it was offered at that moment.
struct TakenLine {
    std::string product_id;
    std::string name;
    std::int64_t price = 0;  // of one, in minor units
    std::string currency;
    std::int64_t quantity = 0;
};

// Safe from every thread. Every call may be made again after a crash: the order's identifier says
// what was done already.
class Stock {
public:
    virtual ~Stock() = default;

    // Takes all lines or nothing, durably. An order that has taken gets the same answer again,
    // whatever became of the products. `lines` names no product twice. Errors:
    // product_unknown_rule, stock_insufficient_rule, order_ended_rule, those of Database.
    virtual Task<std::vector<TakenLine>> take(std::string order_id,
                                              std::vector<StockLine> lines) = 0;
    // Gives back what the order has taken, if anything. From then on it cannot take.
    virtual Task<> give_back(std::string order_id) = 0;
};

}  // namespace merlon::ports
