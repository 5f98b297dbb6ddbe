// Products, the words they are found by, and how many there are of each: totals are kept, so that a
// page of a million products costs what one of a thousand does.
#include "products/product_store.h"

#include <algorithm>

#include "products/search_words.h"
#include "wire/entity_tag.h"

namespace merlon::products {
namespace {

using storage::Database;
using storage::Row;
using storage::Rows;
using storage::Transaction;

constexpr storage::Migration migrations[] = {
    {1, "products", R"(
        CREATE TABLE products (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            description TEXT NOT NULL,
            price INTEGER NOT NULL CHECK (price >= 0),
            currency TEXT NOT NULL,
            stock INTEGER NOT NULL CHECK (stock >= 0),
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            version INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE product_words (
            word TEXT NOT NULL,
            product_id TEXT NOT NULL,
            PRIMARY KEY (word, product_id)
        ) STRICT;
        CREATE TABLE product_totals (
            word TEXT PRIMARY KEY,             -- the empty one: all products
            products INTEGER NOT NULL
        ) STRICT)"},
    {2, "stock that orders took", R"(
        CREATE TABLE stock_orders (
            order_id TEXT PRIMARY KEY,
            given_back INTEGER NOT NULL        -- then it cannot take any more
        ) STRICT;
        CREATE TABLE stock_taken (             -- what orders hold, as it was offered
            order_id TEXT NOT NULL,
            line INTEGER NOT NULL,
            product_id TEXT NOT NULL,
            name TEXT NOT NULL,
            price INTEGER NOT NULL,
            currency TEXT NOT NULL,
            quantity INTEGER NOT NULL CHECK (quantity > 0),
            PRIMARY KEY (order_id, line)
        ) STRICT)"},
};

Product product_of(const Row& row) {
    return {row.text(0),
            {row.text(1), row.text(2), row.integer(3), row.text(4), row.integer(5)},
            row.integer(6),
            row.integer(7),
            row.integer(8)};
}

std::set<std::string> words_of(std::string_view name, std::string_view description) {
    std::set<std::string> words;
    add_words(words, name);
    add_words(words, description);
    return words;
}

std::set<std::string> words_of(const ProductForm& form) {
    return words_of(form.name, form.description);
}

Task<> count(Transaction* transaction, std::string word, std::int64_t difference) {
    MERLON_CO_TRY(co_await transaction->query(
        "INSERT INTO product_totals (word, products) VALUES ($1, $2) "
        "ON CONFLICT (word) DO UPDATE SET products = product_totals.products + $2",
        {std::move(word), difference}));
    co_return Result<>{};
}

// From the words a product had to those it has: for a new one and for one that goes, one of them is
// empty.
Task<> change_words(Transaction* transaction, std::string id, std::set<std::string> before,
                    std::set<std::string> after) {
    for (const std::string& word : before) {
        if (after.contains(word)) continue;
        MERLON_CO_TRY(co_await transaction->query(
            "DELETE FROM product_words WHERE word = $1 AND product_id = $2", {word, id}));
        MERLON_CO_TRY(co_await count(transaction, word, -1));
        // A word that nothing has any more is nobody's business: made-up ones must not pile up.
        MERLON_CO_TRY(co_await transaction->query(
            "DELETE FROM product_totals WHERE word = $1 AND products = 0", {word}));
    }
    for (const std::string& word : after) {
        if (before.contains(word)) continue;
        MERLON_CO_TRY(co_await transaction->query(
            "INSERT INTO product_words (word, product_id) VALUES ($1, $2)", {word, id}));
        MERLON_CO_TRY(co_await count(transaction, word, 1));
    }
    co_return Result<>{};
}

Task<std::int64_t> total_of(Database* database, std::string word) {
    const Rows rows = MERLON_CO_TRY(co_await database->query(
        "SELECT products FROM product_totals WHERE word = $1", {std::move(word)}));
    co_return rows.empty() ? 0 : rows[0].integer(0);
}

Task<ProductPage> list_all(Database* database, api::PageRequest page) {
    ProductPage found;
    found.total = MERLON_CO_TRY(co_await total_of(database, ""));
    const Rows rows = MERLON_CO_TRY(co_await database->query(
        "SELECT id, name, description, price, currency, stock, created_at, updated_at, version "
        "FROM products WHERE id > $1 ORDER BY id LIMIT $2",
        {page.after, page.limit}));
    for (std::size_t i = 0; i < rows.size(); ++i) found.products.push_back(product_of(rows[i]));
    co_return found;
}

// The rarest word leads, and the others are looked up for each product that has it.
Task<ProductPage> search(Database* database, api::PageRequest page, std::set<std::string> words) {
    std::vector<std::pair<std::int64_t, std::string>> by_total;
    for (const std::string& word : words) {
        by_total.emplace_back(MERLON_CO_TRY(co_await total_of(database, word)), word);
    }
    std::ranges::sort(by_total);
    ProductPage found;
    found.total = by_total.front().first;
    if (found.total == 0) co_return found;
    storage::Parameters parameters;
    for (std::size_t i = 0; i < product_store::words_max; ++i) {
        parameters.emplace_back(by_total[std::min(i, by_total.size() - 1)].second);
    }
    if (words.size() > 1) {
        const Rows counted = MERLON_CO_TRY(co_await database->query(
            "SELECT count(*) FROM product_words rare WHERE rare.word = $1 "
            "AND EXISTS (SELECT 1 FROM product_words WHERE word = $2 AND product_id = "
            "rare.product_id) "
            "AND EXISTS (SELECT 1 FROM product_words WHERE word = $3 AND product_id = "
            "rare.product_id) "
            "AND EXISTS (SELECT 1 FROM product_words WHERE word = $4 AND product_id = "
            "rare.product_id)",
            parameters));
        found.total = counted[0].integer(0);
    }
    parameters.emplace_back(page.after);
    parameters.emplace_back(page.limit);
    const Rows rows = MERLON_CO_TRY(co_await database->query(
        "SELECT id, name, description, price, currency, stock, created_at, updated_at, version "
        "FROM product_words rare JOIN products ON products.id = rare.product_id "
        "WHERE rare.word = $1 "
        "AND EXISTS (SELECT 1 FROM product_words WHERE word = $2 AND product_id = rare.product_id) "
        "AND EXISTS (SELECT 1 FROM product_words WHERE word = $3 AND product_id = rare.product_id) "
        "AND EXISTS (SELECT 1 FROM product_words WHERE word = $4 AND product_id = rare.product_id) "
        "AND rare.product_id > $5 ORDER BY rare.product_id LIMIT $6",
        std::move(parameters)));
    for (std::size_t i = 0; i < rows.size(); ++i) found.products.push_back(product_of(rows[i]));
    co_return found;
}

}  // namespace

std::span<const storage::Migration> products_migrations() { return migrations; }

Task<Product> product_store::find(Database& database, std::string id) {
    const Rows rows = MERLON_CO_TRY(co_await database.query(
        "SELECT id, name, description, price, currency, stock, created_at, updated_at, version "
        "FROM products WHERE id = $1",
        {std::move(id)}));
    if (rows.empty()) co_return fail(Kind::Absent, "product.absent");
    co_return product_of(rows[0]);
}

Task<ProductPage> product_store::list(Database& database, api::PageRequest page,
                                      std::set<std::string> words) {
    MERLON_ASSERT(words.size() <= words_max);
    return words.empty() ? list_all(&database, std::move(page))
                         : search(&database, std::move(page), std::move(words));
}

Task<> product_store::insert(Transaction& transaction, Product product) {
    const ProductForm& form = product.form;
    MERLON_CO_TRY(co_await transaction.query(
        "INSERT INTO products (id, name, description, price, currency, stock, created_at, "
        "updated_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, 1)",
        {product.id, form.name, form.description, form.price, form.currency, form.stock,
         product.created_at}));
    MERLON_CO_TRY(co_await count(&transaction, "", 1));
    co_return co_await change_words(&transaction, product.id, {}, words_of(form));
}

Task<Product> product_store::update(Transaction& transaction, std::string id, ProductForm form,
                                    std::string if_match, std::int64_t now_ms) {
    const Rows before = MERLON_CO_TRY(co_await transaction.query(
        "SELECT version, name, description FROM products WHERE id = $1", {id}));
    if (before.empty()) co_return fail(Kind::Absent, "product.absent");
    if (!wire::if_match_allows(if_match, entity_tag(before[0].integer(0)))) {
        co_return fail(Kind::Conflict, "product.changed");
    }
    const Rows rows = MERLON_CO_TRY(co_await transaction.query(
        "UPDATE products SET name = $2, description = $3, price = $4, currency = $5, stock = $6, "
        "updated_at = $7, version = version + 1 WHERE id = $1 "
        "RETURNING id, name, description, price, currency, stock, created_at, updated_at, version",
        {id, form.name, form.description, form.price, form.currency, form.stock, now_ms}));
    Product product = product_of(rows[0]);
    MERLON_CO_TRY(co_await change_words(
        &transaction, id, words_of(before[0].text(1), before[0].text(2)), words_of(form)));
    co_return product;
}

Task<> product_store::remove(Transaction& transaction, std::string id) {
    const Rows rows = MERLON_CO_TRY(co_await transaction.query(
        "DELETE FROM products WHERE id = $1 RETURNING name, description", {id}));
    if (rows.empty()) co_return fail(Kind::Absent, "product.absent");
    MERLON_CO_TRY(
        co_await change_words(&transaction, id, words_of(rows[0].text(0), rows[0].text(1)), {}));
    co_return co_await count(&transaction, "", -1);
}

}  // namespace merlon::products
