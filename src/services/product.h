// A product of the catalogue.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace merlon::services {

// What a writer says of a product.
struct ProductForm {
    std::string name;
    std::string description;
    std::int64_t price = 0;  // minor units of `currency`
    std::string currency;    // ISO 4217
    std::int64_t stock = 0;

    // JSON Schema of it; the request path judges bodies by this before the role sees them.
    static constexpr std::string_view schema = R"({
        "type": "object",
        "required": ["name", "price", "currency", "stock"],
        "properties": {
            "name": {"type": "string", "minLength": 1, "maxLength": 200,
                     "pattern": "^[^\\x00-\\x1f\\x7f]*$"},
            "description": {"type": "string", "maxLength": 2000, "pattern": "^[^\\x00]*$"},
            "price": {"type": "integer", "minimum": 0, "maximum": 1000000000000},
            "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
            "stock": {"type": "integer", "minimum": 0, "maximum": 1000000000}
        }
    })";

    // Of a body that the schema has passed. Errors: those of parse_json.
    static Result<ProductForm> parse(std::string_view body);
};

struct Product {
    std::string id;
    ProductForm form;
    std::int64_t created_at = 0;  // milliseconds since 1970
    std::int64_t updated_at = 0;
    std::int64_t version = 1;
};

std::string to_json(const Product& product);
// Of this version of a product, with its quotes (RFC 9110 section 8.8.3).
std::string entity_tag(std::int64_t version);

}  // namespace merlon::services
