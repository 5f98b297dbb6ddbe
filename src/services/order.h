// An order: what somebody wants of the catalogue, and what became of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "services/stock.h"

namespace merlon::services {

struct OrderForm {
    std::vector<StockLine> lines;  // no product twice

    // JSON Schema of it; the request path judges bodies by this before the role sees them.
    static constexpr std::string_view schema = R"({
        "type": "object",
        "required": ["items"],
        "properties": {
            "items": {
                "type": "array", "minItems": 1, "maxItems": 50,
                "items": {
                    "type": "object",
                    "required": ["productId", "quantity"],
                    "properties": {
                        "productId": {"type": "string", "format": "uuid"},
                        "quantity": {"type": "integer", "minimum": 1, "maximum": 1000}
                    }
                }
            }
        }
    })";

    // Of a body that the schema has passed. Errors: "schema.violation" (a product twice), those of
    // parse_json.
    static Result<OrderForm> parse(std::string_view body);
};

// Pending: written, but its stock is not taken yet. Rejected: it could not be; nobody sees it but
// who repeats the request. Cancelling: cancelled, but its stock is not given back yet.
enum class OrderStatus : std::uint8_t { Pending, Confirmed, Rejected, Cancelling, Cancelled };

struct Order {
    std::string id;
    std::string user_id;
    OrderStatus status = OrderStatus::Pending;
    std::string rejected_by;       // the rule that stood against it
    std::vector<TakenLine> lines;  // pending: without names and prices
    std::int64_t created_at = 0;   // milliseconds since 1970
    std::int64_t updated_at = 0;
};

// In minor units. With the limits on quantity, price and lines it cannot overflow.
std::int64_t total_of(const std::vector<TakenLine>& lines);

std::string to_json(const Order& order);

}  // namespace merlon::services
