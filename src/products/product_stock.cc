// Taking and giving back, each one transaction under the order's identifier, by row: everybody
// takes of the same few products. The first statement of both changes the order's row, so of two
// about one order the second sees all that the first did. Products have their turn by identifier:
// two orders of the same two would else each hold what the other waits for, until the database has
// looked for a deadlock (PostgreSQL after a second) and ended one.
#include "products/product_stock.h"

#include <algorithm>
#include <numeric>

namespace merlon::products {
namespace {

using storage::Row;
using storage::Rows;
using storage::Transaction;
using Taken = std::vector<ports::TakenLine>;
using Cache = std::shared_ptr<AnswerCache>;

Task<Taken> taken_by(Transaction* transaction, std::string order_id) {
    const Rows rows = MERLON_CO_TRY(co_await transaction->query(
        "SELECT product_id, name, price, currency, quantity FROM stock_taken WHERE order_id = $1 "
        "ORDER BY line",
        {std::move(order_id)}));
    Taken taken;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const Row row = rows[i];
        taken.push_back({row.text(0), row.text(1), row.integer(2), row.text(3), row.integer(4)});
    }
    co_return taken;
}

Task<ports::TakenLine> take_line(Transaction* transaction, Cache cache, std::string order_id,
                                 std::int64_t number, ports::StockLine line) {
    AnswerCache::forget_when_over(std::move(cache), line.product_id, *transaction);
    // Never below zero, however many ask at once: the condition and the change are one statement.
    const Rows rows = MERLON_CO_TRY(
        co_await transaction->query("UPDATE products SET stock = stock - $2, version = version + 1 "
                                    "WHERE id = $1 AND stock >= $2 RETURNING name, price, currency",
                                    {line.product_id, line.quantity}));
    if (rows.empty()) {
        const Rows there = MERLON_CO_TRY(
            co_await transaction->query("SELECT 1 FROM products WHERE id = $1", {line.product_id}));
        if (there.empty()) co_return fail(Kind::Conflict, ports::product_unknown_rule);
        co_return fail(Kind::Conflict, ports::stock_insufficient_rule);
    }
    ports::TakenLine taken{line.product_id, rows[0].text(0), rows[0].integer(1), rows[0].text(2),
                           line.quantity};
    MERLON_CO_TRY(co_await transaction->query(
        "INSERT INTO stock_taken (order_id, line, product_id, name, price, currency, quantity) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7)",
        {std::move(order_id), number, taken.product_id, taken.name, taken.price, taken.currency,
         taken.quantity}));
    co_return taken;
}

// Asked only of an order that is there: to look for one that is not costs orders next to it a
// second run (storage/database.h).
Task<Taken> taken_before(Transaction* transaction, std::string order_id) {
    const Rows known = MERLON_CO_TRY(co_await transaction->query(
        "SELECT given_back FROM stock_orders WHERE order_id = $1", {order_id}));
    if (known[0].integer(0) != 0) co_return fail(Kind::Conflict, ports::order_ended_rule);
    co_return co_await taken_by(transaction, order_id);
}

Task<Taken> take_all(Transaction* transaction, Cache cache, std::string order_id,
                     std::vector<ports::StockLine> lines) {
    const Rows first = MERLON_CO_TRY(co_await transaction->query(
        "INSERT INTO stock_orders (order_id, given_back) VALUES ($1, 0) "
        "ON CONFLICT (order_id) DO NOTHING RETURNING order_id",
        {order_id}));
    if (first.empty()) co_return co_await taken_before(transaction, order_id);
    std::vector<std::size_t> turns(lines.size());
    std::iota(turns.begin(), turns.end(), 0U);
    std::ranges::sort(turns, {}, [&](std::size_t line) { return lines[line].product_id; });
    Taken taken(lines.size());
    for (const std::size_t line : turns) {
        taken[line] = MERLON_CO_TRY(co_await take_line(
            transaction, cache, order_id, static_cast<std::int64_t>(line), lines[line]));
    }
    co_return taken;
}

Task<> give_all_back(Transaction* transaction, Cache cache, std::string order_id) {
    MERLON_CO_TRY(co_await transaction->query(
        "INSERT INTO stock_orders (order_id, given_back) VALUES ($1, 1) "
        "ON CONFLICT (order_id) DO UPDATE SET given_back = 1",
        {order_id}));
    const Rows rows = MERLON_CO_TRY(co_await transaction->query(
        "DELETE FROM stock_taken WHERE order_id = $1 RETURNING product_id, quantity", {order_id}));
    std::vector<ports::StockLine> lines;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        lines.push_back({rows[i].text(0), rows[i].integer(1)});
    }
    std::ranges::sort(lines, {}, &ports::StockLine::product_id);
    for (const ports::StockLine& line : lines) {
        AnswerCache::forget_when_over(cache, line.product_id, *transaction);
        // A product that was deleted meanwhile has no stock to give back to.
        MERLON_CO_TRY(co_await transaction->query(
            "UPDATE products SET stock = stock + $2, version = version + 1 WHERE id = $1",
            {line.product_id, line.quantity}));
    }
    co_return Result<>{};
}

}  // namespace

Task<Taken> ProductStock::take(std::string order_id, std::vector<ports::StockLine> lines) {
    return database_.transact_by_row<Taken>(
        [order_id, lines, cache = cache_](Transaction& transaction) {
            return take_all(&transaction, cache, order_id, lines);
        });
}

Task<> ProductStock::give_back(std::string order_id) {
    return database_.transact_work_by_row([order_id, cache = cache_](Transaction& transaction) {
        return give_all_back(&transaction, cache, order_id);
    });
}

}  // namespace merlon::products
