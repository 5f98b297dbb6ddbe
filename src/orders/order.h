// An order: what somebody wants of the catalogue, and what became of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ports/stock.h"

namespace merlon::orders {

struct OrderForm {
    std::vector<ports::StockLine> lines;  // no product twice

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
        },
        "examples": [{
            "items": [{"productId": "0192f0c8-2f5e-7a52-9c1d-0a3f5f6e7d21", "quantity": 2}]
        }]
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
    std::string rejected_by;              // the rule that stood against it
    std::vector<ports::TakenLine> lines;  // pending: without names and prices
    std::int64_t created_at = 0;          // milliseconds since 1970
    std::int64_t updated_at = 0;
};

// In minor units. With the limits on quantity, price and lines it cannot overflow.
std::int64_t total_of(const std::vector<ports::TakenLine>& lines);

std::string to_json(const Order& order);
// JSON Schema of that, for the OpenAPI document.
inline constexpr std::string_view order_schema = R"({
    "type": "object",
    "required": ["id", "userId", "status", "items", "total", "currency", "createdAt", "updatedAt"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "userId": {"type": "string", "format": "uuid"},
        "status": {"type": "string", "enum": ["pending", "confirmed", "cancelled"]},
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["productId", "name", "price", "quantity"],
                "properties": {
                    "productId": {"type": "string", "format": "uuid"},
                    "name": {"type": "string"},
                    "price": {"type": "integer", "description": "Of one, when it was ordered"},
                    "quantity": {"type": "integer"}
                }
            }
        },
        "total": {"type": "integer", "description": "In minor units of the currency"},
        "currency": {"type": "string", "description": "ISO 4217"},
        "createdAt": {"type": "string", "format": "date-time"},
        "updatedAt": {"type": "string", "format": "date-time"}
    },
    "examples": [{
        "id": "0192f0c8-4d10-7c3a-b5e2-6f8091a2b3c4",
        "userId": "0192f0c8-1b2c-7d3e-8f4a-5b6c7d8e9fa0", "status": "confirmed",
        "items": [{"productId": "0192f0c8-2f5e-7a52-9c1d-0a3f5f6e7d21", "name": "Walnut desk",
                   "price": 24900, "quantity": 2}],
        "total": 49800, "currency": "EUR", "createdAt": "2026-01-31T09:31:00.000Z",
        "updatedAt": "2026-01-31T09:31:00.000Z"
    }]
})";

}  // namespace merlon::orders
