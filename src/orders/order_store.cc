// Statements on orders, their lines, and idempotency keys.
#include "orders/order_store.h"

#include "storage/sharded_counter.h"

namespace merlon::orders {
namespace {

using storage::Database;
using storage::Row;
using storage::Rows;
using storage::Transaction;

constexpr storage::Migration migrations[] = {
    {1, "orders", R"(
        CREATE TABLE orders (
            id TEXT PRIMARY KEY,
            user_id TEXT NOT NULL,
            status INTEGER NOT NULL,           -- OrderStatus: 0 pending, 2 rejected, 3 cancelling
            rejected_by TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX orders_by_user ON orders (user_id, id);
        CREATE INDEX orders_unfinished ON orders (updated_at) WHERE status IN (0, 3);
        CREATE TABLE order_lines (
            order_id TEXT NOT NULL,
            line INTEGER NOT NULL,
            product_id TEXT NOT NULL,
            name TEXT NOT NULL,                -- empty and 0 while it is pending
            price INTEGER NOT NULL,
            currency TEXT NOT NULL,
            quantity INTEGER NOT NULL CHECK (quantity > 0),
            PRIMARY KEY (order_id, line)
        ) STRICT;
        CREATE TABLE order_totals (            -- of orders that were not rejected
            user_id TEXT PRIMARY KEY,          -- the empty one: of all users
            orders INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE order_repeats (
            user_id TEXT NOT NULL,
            key TEXT NOT NULL,
            digest TEXT NOT NULL,
            order_id TEXT NOT NULL,
            until INTEGER NOT NULL,
            PRIMARY KEY (user_id, key)
        ) STRICT;
        CREATE INDEX order_repeats_by_end ON order_repeats (until))"},
    {2, "changes of the count of all orders", R"(
        CREATE TABLE order_changes (           -- that the count of all users does not hold yet
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            difference INTEGER NOT NULL
        ) STRICT)"},
};

std::int64_t number_of(OrderStatus status) { return static_cast<std::int64_t>(status); }

Order order_of(const Row& row) {
    Order order;
    order.id = row.text(0);
    order.user_id = row.text(1);
    order.status = static_cast<OrderStatus>(row.integer(2));
    order.rejected_by = row.text(3);
    order.created_at = row.integer(4);
    order.updated_at = row.integer(5);
    return order;
}

// `Source` is a Database or a Transaction.
template <class Source>
Task<Order> with_lines(Source* source, Order order) {
    const Rows rows = MERLON_CO_TRY(co_await source->query(
        "SELECT product_id, name, price, currency, quantity FROM order_lines WHERE order_id = $1 "
        "ORDER BY line",
        {order.id}));
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const Row row = rows[i];
        order.lines.push_back(
            {row.text(0), row.text(1), row.integer(2), row.text(3), row.integer(4)});
    }
    co_return order;
}

template <class Source>
Task<std::vector<Order>> orders_of(Source* source, Rows rows) {
    std::vector<Order> orders;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        orders.push_back(MERLON_CO_TRY(co_await with_lines(source, order_of(rows[i]))));
    }
    co_return orders;
}

constexpr storage::ShardedCounter totals = {
    .take =
        "DELETE FROM order_changes WHERE id IN "
        "(SELECT id FROM order_changes ORDER BY id LIMIT 1000) RETURNING '', difference",
    .add =
        "INSERT INTO order_totals (user_id, orders) VALUES ($1, $2) "
        "ON CONFLICT (user_id) DO UPDATE SET orders = order_totals.orders + $2"};

// A user orders one after the other; all users do so at once.
Task<> count(Transaction* transaction, std::string user_id, std::int64_t difference) {
    MERLON_CO_TRY(co_await transaction->query(totals.add, {std::move(user_id), difference}));
    MERLON_CO_TRY(co_await transaction->query("INSERT INTO order_changes (difference) VALUES ($1)",
                                              {difference}));
    co_return Result<>{};
}

Task<std::optional<Order>> find_by_key(Transaction* transaction, std::string user_id,
                                       Idempotency idempotency, std::int64_t now_ms) {
    const Rows rows = MERLON_CO_TRY(co_await transaction->query(
        "SELECT order_id, digest FROM order_repeats WHERE user_id = $1 AND key = $2 AND until > $3",
        {user_id, idempotency.key, now_ms}));
    if (rows.empty()) co_return std::optional<Order>();
    if (rows[0].text(1) != idempotency.digest) {
        co_return fail(Kind::Conflict, repeat_differs_rule);
    }
    const Rows found = MERLON_CO_TRY(co_await transaction->query(
        "SELECT id, user_id, status, rejected_by, created_at, updated_at FROM orders WHERE id = $1",
        {rows[0].text(0)}));
    co_return std::optional<Order>(
        MERLON_CO_TRY(co_await with_lines(transaction, order_of(found[0]))));
}

}  // namespace

std::span<const storage::Migration> orders_migrations() { return migrations; }

Task<Order> order_store::find(Database& database, std::string id, std::string user_id) {
    const Rows rows = MERLON_CO_TRY(co_await database.query(
        "SELECT id, user_id, status, rejected_by, created_at, updated_at FROM orders "
        "WHERE id = $1 AND ($2 = '' OR user_id = $2)",
        {std::move(id), std::move(user_id)}));
    if (rows.empty()) co_return fail(Kind::Absent, "order.absent");
    co_return co_await with_lines(&database, order_of(rows[0]));
}

Task<OrderPage> order_store::list(Database& database, api::PageRequest page, std::string user_id) {
    OrderPage found;
    const Rows total = MERLON_CO_TRY(co_await database.query(
        "SELECT (SELECT COALESCE(SUM(orders), 0) FROM order_totals WHERE user_id = $1) + "
        "(SELECT COALESCE(SUM(difference), 0) FROM order_changes WHERE $1 = '')",
        {user_id}));
    found.total = total[0].integer(0);
    // After every identifier there is: UUIDs are hexadecimal.
    const std::string before = page.after.empty() ? "g" : page.after;
    Rows rows;
    if (user_id.empty()) {
        rows = MERLON_CO_TRY(co_await database.query(
            "SELECT id, user_id, status, rejected_by, created_at, updated_at FROM orders "
            "WHERE id < $1 AND status <> 2 ORDER BY id DESC LIMIT $2",
            {before, page.limit}));
    } else {
        rows = MERLON_CO_TRY(co_await database.query(
            "SELECT id, user_id, status, rejected_by, created_at, updated_at FROM orders "
            "WHERE user_id = $3 AND id < $1 AND status <> 2 ORDER BY id DESC LIMIT $2",
            {before, page.limit, user_id}));
    }
    found.orders = MERLON_CO_TRY(co_await orders_of(&database, std::move(rows)));
    co_return found;
}

Task<std::vector<Order>> order_store::unfinished(Database& database, std::int64_t now_ms,
                                                 std::int64_t age_ms) {
    Rows rows = MERLON_CO_TRY(co_await database.query(
        "SELECT id, user_id, status, rejected_by, created_at, updated_at FROM orders "
        "WHERE status IN (0, 3) AND (updated_at <= $1 OR updated_at > $2) "
        "ORDER BY updated_at LIMIT 100",
        {now_ms - age_ms, now_ms + age_ms}));
    co_return co_await orders_of(&database, std::move(rows));
}

Task<Order> order_store::insert(Transaction& transaction, Order order, Idempotency idempotency) {
    if (!idempotency.key.empty()) {
        auto known = MERLON_CO_TRY(
            co_await find_by_key(&transaction, order.user_id, idempotency, order.created_at));
        if (known) co_return *std::move(known);
        MERLON_CO_TRY(co_await transaction.query(
            "INSERT INTO order_repeats (user_id, key, digest, order_id, until) "
            "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (user_id, key) DO UPDATE "
            "SET digest = $3, order_id = $4, until = $5",
            {order.user_id, idempotency.key, idempotency.digest, order.id,
             order.created_at + Idempotency::kept_ms}));
    }
    MERLON_CO_TRY(co_await transaction.query(
        "INSERT INTO orders (id, user_id, status, rejected_by, created_at, updated_at) "
        "VALUES ($1, $2, $3, '', $4, $4)",
        {order.id, order.user_id, number_of(OrderStatus::Pending), order.created_at}));
    for (std::size_t i = 0; i < order.lines.size(); ++i) {
        const ports::TakenLine& line = order.lines[i];
        MERLON_CO_TRY(co_await transaction.query(
            "INSERT INTO order_lines (order_id, line, product_id, name, price, currency, quantity) "
            "VALUES ($1, $2, $3, '', 0, '', $4)",
            {order.id, static_cast<std::int64_t>(i), line.product_id, line.quantity}));
    }
    MERLON_CO_TRY(co_await count(&transaction, order.user_id, 1));
    co_return order;
}

Task<bool> order_store::advance(Transaction& transaction, std::string id, OrderStatus from,
                                OrderStatus to, std::int64_t now_ms) {
    const Rows rows = MERLON_CO_TRY(co_await transaction.query(
        "UPDATE orders SET status = $3, updated_at = $4 WHERE id = $1 AND status = $2 RETURNING id",
        {std::move(id), number_of(from), number_of(to), now_ms}));
    co_return !rows.empty();
}

Task<bool> order_store::confirm(Transaction& transaction, std::string id,
                                std::vector<ports::TakenLine> lines, std::int64_t now_ms) {
    const bool is_first = MERLON_CO_TRY(
        co_await advance(transaction, id, OrderStatus::Pending, OrderStatus::Confirmed, now_ms));
    if (!is_first) co_return false;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        MERLON_CO_TRY(co_await transaction.query(
            "UPDATE order_lines SET name = $3, price = $4, currency = $5 "
            "WHERE order_id = $1 AND line = $2",
            {id, static_cast<std::int64_t>(i), lines[i].name, lines[i].price, lines[i].currency}));
    }
    co_return true;
}

Task<> order_store::reject(Transaction& transaction, std::string id, std::string rule,
                           std::int64_t now_ms) {
    const Rows rows = MERLON_CO_TRY(co_await transaction.query(
        "UPDATE orders SET status = 2, rejected_by = $2, updated_at = $3 "
        "WHERE id = $1 AND status = 0 RETURNING user_id",
        {std::move(id), std::move(rule), now_ms}));
    if (rows.empty()) co_return Result<>{};
    co_return co_await count(&transaction, rows[0].text(0), -1);
}

Task<> order_store::fold_counts(Database& database) { return storage::fold(&database, totals); }

Task<> order_store::forget_repeats(Transaction& transaction, std::int64_t now_ms) {
    MERLON_CO_TRY(
        co_await transaction.query("DELETE FROM order_repeats WHERE until <= $1", {now_ms}));
    co_return Result<>{};
}

}  // namespace merlon::orders
