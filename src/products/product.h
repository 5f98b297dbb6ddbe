// A product of the catalogue.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace merlon::products {

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
            "name": {"type": "string", "format": "visible-text",
                     "minLength": 1, "maxLength": 200,
                     "pattern": "^[^\\x00-\\x1f\\x7f]*$"},
            "description": {"type": "string", "maxLength": 2000, "pattern": "^[^\\x00]*$"},
            "price": {"type": "integer", "minimum": 0, "maximum": 1000000000000},
            "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
            "stock": {"type": "integer", "minimum": 0, "maximum": 1000000000}
        },
        "examples": [{
            "name": "Walnut desk", "description": "Solid wood, oiled", "price": 24900,
            "currency": "EUR", "stock": 3
        }]
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
// JSON Schema of that, for the OpenAPI document.
inline constexpr std::string_view product_schema = R"({
    "type": "object",
    "required": ["id", "name", "description", "price", "currency", "stock", "createdAt",
                 "updatedAt", "version"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "name": {"type": "string"},
        "description": {"type": "string"},
        "price": {"type": "integer", "description": "In minor units of the currency"},
        "currency": {"type": "string", "description": "ISO 4217"},
        "stock": {"type": "integer"},
        "createdAt": {"type": "string", "format": "date-time"},
        "updatedAt": {"type": "string", "format": "date-time"},
        "version": {"type": "integer"}
    },
    "examples": [{
        "id": "0192f0c8-2f5e-7a52-9c1d-0a3f5f6e7d21", "name": "Walnut desk",
        "description": "Solid wood, oiled", "price": 24900, "currency": "EUR", "stock": 3,
        "createdAt": "2026-01-31T09:30:00.000Z", "updatedAt": "2026-01-31T09:30:00.000Z",
        "version": 1
    }]
})";
// Of this version of a product, with its quotes (RFC 9110 section 8.8.3).
std::string entity_tag(std::int64_t version);

}  // namespace merlon::products
