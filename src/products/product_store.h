// The tables of the catalogue.
#pragma once

#include <set>
#include <span>
#include <vector>

#include "api/page_request.h"
#include "products/product.h"
#include "storage/database.h"
#include "storage/migrations.h"

namespace merlon::products {

inline constexpr std::string_view products_role = "products";
std::span<const storage::Migration> products_migrations();

struct ProductPage {
    std::vector<Product> products;
    std::int64_t total = 0;  // on all pages
};

// Errors of all: those of Database, and those that are named.
namespace product_store {

// "product.absent" (Absent).
Task<Product> find(storage::Database& database, std::string id);

// In the order they were made. Those that hold all of `words`; at most words_max.
inline constexpr std::size_t words_max = 4;
Task<ProductPage> list(storage::Database& database, api::PageRequest page,
                       std::set<std::string> words);

Task<> insert(storage::Transaction& transaction, Product product);

// Gives the product as it is after the change. `if_match`: of the client, may be empty.
// "product.absent" (Absent), "product.changed" (Conflict: it is not the one that was meant).
Task<Product> update(storage::Transaction& transaction, std::string id, ProductForm form,
                     std::string if_match, std::int64_t now_ms);

// "product.absent" (Absent).
Task<> remove(storage::Transaction& transaction, std::string id);

}  // namespace product_store
}  // namespace merlon::products
