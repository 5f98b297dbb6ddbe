// The tables of the orders.
#pragma once

#include <span>
#include <vector>

#include "api/page_request.h"
#include "orders/order.h"
#include "storage/database.h"
#include "storage/migrations.h"

namespace merlon::orders {

// The key was used for another request (Conflict).
inline constexpr std::string_view repeat_differs_rule = "order.repeat_differs";

inline constexpr std::string_view orders_role = "orders";
std::span<const storage::Migration> orders_migrations();

struct OrderPage {
    std::vector<Order> orders;
    std::int64_t total = 0;  // on all pages
};

// A client's promise that requests with the same key are the same request (Idempotency-Key).
struct Idempotency {
    static constexpr std::int64_t kept_ms = 24 * 3'600 * 1'000;
    std::string key;     // empty: none was given
    std::string digest;  // of what was asked
};

// Errors of all: those of Database, and those that are named.
namespace order_store {

// Whose orders: an empty user is everybody's.
// "order.absent" (Absent): there is none, or it is somebody else's.
Task<Order> find(storage::Database& database, std::string id, std::string user_id);
// Newest first, without those that were rejected.
Task<OrderPage> list(storage::Database& database, api::PageRequest page, std::string user_id);
// Those that something has to be done about: pending or cancelling for `age_ms`. One from further
// in the future has waited, too: the clock was put back since.
Task<std::vector<Order>> unfinished(storage::Database& database, std::int64_t now_ms,
                                    std::int64_t age_ms);

// Writes a pending order, unless the same request has been made: then gives the order of that.
// repeat_differs_rule.
Task<Order> insert(storage::Transaction& transaction, Order order, Idempotency idempotency);

// Moves the order from one status to the next, if it is in the first: a step that somebody else
// has done already is done. Gives whether it was this call.
Task<bool> advance(storage::Transaction& transaction, std::string id, OrderStatus from,
                   OrderStatus to, std::int64_t now_ms);
// pending → confirmed with what was taken, in the same way; pending → rejected by a rule.
Task<bool> confirm(storage::Transaction& transaction, std::string id,
                   std::vector<ports::TakenLine> lines, std::int64_t now_ms);
Task<> reject(storage::Transaction& transaction, std::string id, std::string rule,
              std::int64_t now_ms);
// Now and then, so that the totals of list() stay cheap (storage/sharded_counter.h).
Task<> fold_counts(storage::Database& database);
// Keys that have run out.
Task<> forget_repeats(storage::Transaction& transaction, std::int64_t now_ms);

}  // namespace order_store
}  // namespace merlon::orders
