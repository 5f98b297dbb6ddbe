// The endpoints of the orders and the steps of an order.
#include "orders/orders.h"

#include <algorithm>

#include "api/page_response.h"
#include "api/responses.h"
#include "base/text.h"
#include "base/uuid.h"
#include "crypto/digest.h"

namespace merlon::orders {

using storage::Transaction;
using wire::Method;

namespace {

constexpr std::string_view orders_calls[] = {"products"};

// The identifier in /api/orders/{id} and /api/orders/{id}/cancel. What is no UUID names nothing.
Result<std::string> id_of(const api::LocalCall& call) {
    constexpr std::string_view prefix = "/api/orders/";
    const std::string_view rest = std::string_view(call.path).substr(prefix.size());
    const auto id = Uuid::parse(rest.substr(0, rest.find('/')));
    if (!id) return fail(Kind::Absent, "order.absent");
    return id->str();
}

// Whose orders a caller may see and cancel: an admin's are everybody's.
std::string scope_of(const api::LocalCall& call) {
    return call.role == "admin" ? std::string() : call.user_id;
}

// Error (Invalid): "order.key".
Result<Idempotency> idempotency_of(const api::LocalCall& call) {
    constexpr std::size_t bytes_max = 255;
    const std::string& key = call.idempotency_key;
    const bool is_visible = std::ranges::all_of(key, [](char c) { return c >= 0x20 && c < 0x7f; });
    if (key.size() > bytes_max || !is_visible) return fail(Kind::Invalid, "order.key");
    // The body has been validated and rewritten: two spellings of one request have one digest.
    return Idempotency{key, text::to_hex(crypto::as_text(crypto::sha256(call.body.reveal())))};
}

// The products of one order are sold in different currencies (Conflict).
constexpr std::string_view currencies_rule = "order.currencies";

// It is cancelled already (Conflict).
constexpr std::string_view state_rule = "order.state";

constexpr api::OpenApiFailure create_failures[] = {
    {Kind::Conflict,
     "Not enough stock, no such product, different currencies, or the key was used for another "
     "request",
     {ports::stock_insufficient_rule, ports::product_unknown_rule, currencies_rule,
      repeat_differs_rule}}};
constexpr api::OpenApiFailure cancel_failures[] = {
    {Kind::Conflict, "It is cancelled already", {state_rule}}};

// Why an order was rejected, as the error its request gets, the first time and again.
std::unexpected<Error> rejection(std::string_view rule) {
    for (const std::string_view known : {ports::product_unknown_rule, currencies_rule}) {
        if (rule == known) return fail(Kind::Conflict, known);
    }
    return fail(Kind::Conflict, ports::stock_insufficient_rule);
}

// Whether no stock will ever be taken for the order. Ended: somebody else has rejected it already.
bool is_final(const Error& error) {
    return error.rule == ports::product_unknown_rule ||
           error.rule == ports::stock_insufficient_rule || error.rule == ports::order_ended_rule;
}

bool is_one_currency(const std::vector<ports::TakenLine>& lines) {
    return std::ranges::all_of(lines, [&](const ports::TakenLine& line) {
        return line.currency == lines.front().currency;
    });
}

}  // namespace

std::span<const api::Endpoint<Orders>> Orders::endpoints() {
    using api::OpenApiOperation;
    static constexpr auto permission = api::LocalAccess::Permission;
    static constexpr api::OpenApiParameter once[] = {
        {"Idempotency-Key", "header", R"({"type": "string", "maxLength": 255})",
         "Requests with the same key are one request, for 24 hours"}};
    static constexpr api::Endpoint<Orders> all[] = {
        {{Method::Get,
          "/api/orders",
          permission,
          "read:orders",
          "",
          {.operation_id = "listOrders",
           .summary = "One's orders, the newest first; an admin's are everybody's",
           .response_schema = "Order",
           .shape = OpenApiOperation::Shape::List,
           .parameters = api::page_parameters}},
         &Orders::list},
        {{Method::Get,
          "/api/orders/{id}",
          permission,
          "read:orders",
          "",
          {.operation_id = "getOrder", .summary = "One order", .response_schema = "Order"}},
         &Orders::get},
        {{Method::Post,
          "/api/orders",
          permission,
          "write:orders",
          OrderForm::schema,
          {.operation_id = "createOrder",
           .summary = "Order: all of the stock is taken, or none",
           .status = 201,
           .response_schema = "Order",
           .parameters = once,
           .failures = create_failures}},
         &Orders::create},
        {{Method::Post,
          "/api/orders/{id}/cancel",
          permission,
          "cancel:orders",
          "",
          {.operation_id = "cancelOrder",
           .summary = "Cancel an order; its stock is given back",
           .response_schema = "Order",
           .failures = cancel_failures}},
         &Orders::cancel},
    };
    return all;
}

const api::RoleTable& Orders::role_table() {
    static constexpr api::NamedSchema schemas[] = {{"Order", order_schema}};
    static const api::RoleTable table{orders_role, api::routes_of(endpoints()), schemas};
    return table;
}

constinit const rpc::RoleDefinition orders_definition{
    .name = orders_role,
    .port = 3004,
    .calls = orders_calls,
    .table = &Orders::role_table,
    .migrations = &orders_migrations,
    .personal_data = {},
    .open = &Orders::open,
    .connect = nullptr,
};

Orders::Orders(const rpc::RoleEnvironment& environment)
    : database_(environment.database),
      clock_(environment.clock),
      entropy_(environment.entropy),
      stock_(environment.ports.require<ports::Stock>()) {}

Task<std::unique_ptr<rpc::Role>> Orders::open(rpc::RoleEnvironment environment) {
    MERLON_CO_TRY(co_await storage::migrate(environment.database, environment.clock, orders_role,
                                            orders_migrations()));
    std::unique_ptr<Orders> orders(new Orders(environment));
    // Another process may be at work on those of this moment.
    if (!environment.database.is_shared()) {
        MERLON_CO_TRY(co_await orders->resume(std::chrono::seconds{0}));
    }
    co_return std::unique_ptr<rpc::Role>(std::move(orders));
}

// What an error left half done: what a crash left is finished before anything is served.
std::vector<rpc::PeriodicTask> Orders::periodic_tasks() {
    static constexpr std::chrono::seconds age{30};  // longer than a request may be at work
    return {{"orders.resume", std::chrono::seconds{5}, [this] { return resume(age); }}};
}

Task<http::Response> Orders::call(api::LocalCall call) {
    return api::serve(*this, endpoints(), std::move(call));
}

Task<http::Response> Orders::list(api::LocalCall call) {
    const wire::Query query = MERLON_CO_TRY(wire::Query::parse(call.query));
    const api::PageRequest page = MERLON_CO_TRY(api::PageRequest::of(query));
    const OrderPage found =
        MERLON_CO_TRY(co_await order_store::list(database_, page, scope_of(call)));
    co_return api::page_response(found.orders, found.total, page);
}

Task<Order> Orders::find_visible(api::LocalCall call) {
    const std::string id = MERLON_CO_TRY(id_of(call));
    Order order = MERLON_CO_TRY(co_await order_store::find(database_, id, scope_of(call)));
    if (order.status == OrderStatus::Rejected) co_return fail(Kind::Absent, "order.absent");
    co_return order;
}

Task<http::Response> Orders::get(api::LocalCall call) {
    co_return api::data_response(200,
                                 to_json(MERLON_CO_TRY(co_await find_visible(std::move(call)))));
}

Task<http::Response> Orders::create(api::LocalCall call) {
    const OrderForm form = MERLON_CO_TRY(OrderForm::parse(call.body.reveal()));
    const Idempotency idempotency = MERLON_CO_TRY(idempotency_of(call));
    const WallTime now = clock_.wall();
    Order wanted;
    wanted.id = Uuid::make_v7(now, entropy_).str();
    wanted.user_id = call.user_id;
    wanted.created_at = wanted.updated_at = now.time_since_epoch().count();
    for (const ports::StockLine& line : form.lines) {
        wanted.lines.push_back({line.product_id, {}, 0, {}, line.quantity});
    }
    Order order = MERLON_CO_TRY(
        co_await database_.transact<Order>([wanted, idempotency](Transaction& transaction) {
            return order_store::insert(transaction, wanted, idempotency);
        }));
    if (order.status == OrderStatus::Pending) {
        order = MERLON_CO_TRY(co_await place(std::move(order)));
    }
    if (order.status == OrderStatus::Rejected) co_return rejection(order.rejected_by);
    http::Response response = api::data_response(201, to_json(order));
    response.fields.add("Location", "/api/orders/" + order.id);
    co_return response;
}

Task<Order> Orders::place(Order order) {
    std::vector<ports::StockLine> lines;
    for (const ports::TakenLine& line : order.lines)
        lines.push_back({line.product_id, line.quantity});
    const auto taken = co_await stock_.take(order.id, std::move(lines));
    if (!taken && !is_final(taken.error())) co_return std::unexpected(taken.error());
    if (!taken) {
        MERLON_CO_TRY(co_await reject(order.id, taken.error().rule));
    } else if (!is_one_currency(*taken)) {
        MERLON_CO_TRY(co_await reject(order.id, currencies_rule));
    } else {
        const std::int64_t now = now_ms();
        MERLON_CO_TRY(co_await database_.transact<bool>(
            [id = order.id, lines = *taken, now](Transaction& transaction) {
                return order_store::confirm(transaction, id, lines, now);
            }));
    }
    // As it is now: a request with the same key may have moved it first.
    co_return co_await order_store::find(database_, order.id, {});
}

// Rejected first, then fenced: whoever else is at this order can take nothing for it afterwards.
Task<> Orders::reject(std::string id, std::string_view rule) {
    const std::int64_t now = now_ms();
    MERLON_CO_TRY(co_await database_.transact_work(
        [id, rule = std::string(rule), now](Transaction& transaction) {
            return order_store::reject(transaction, id, rule, now);
        }));
    co_return co_await stock_.give_back(id);
}

Task<http::Response> Orders::cancel(api::LocalCall call) {
    const std::string id = MERLON_CO_TRY(co_await find_visible(std::move(call))).id;
    const std::int64_t now = now_ms();
    const bool is_first =
        MERLON_CO_TRY(co_await database_.transact<bool>([id, now](Transaction& transaction) {
            return order_store::advance(transaction, id, OrderStatus::Confirmed,
                                        OrderStatus::Cancelling, now);
        }));
    if (!is_first) co_return fail(Kind::Conflict, state_rule);
    MERLON_CO_TRY(co_await give_back(id));
    co_return api::data_response(
        200, to_json(MERLON_CO_TRY(co_await order_store::find(database_, id, {}))));
}

Task<> Orders::give_back(std::string id) {
    MERLON_CO_TRY(co_await stock_.give_back(id));
    const std::int64_t now = now_ms();
    MERLON_CO_TRY(co_await database_.transact<bool>([id, now](Transaction& transaction) {
        return order_store::advance(transaction, id, OrderStatus::Cancelling,
                                    OrderStatus::Cancelled, now);
    }));
    co_return Result<>{};
}

Task<> Orders::resume(std::chrono::seconds age) {
    // First: an order that cannot be finished, as while the stock is away, holds nothing else up.
    MERLON_CO_TRY(co_await order_store::fold_counts(database_));
    const auto unfinished =
        MERLON_CO_TRY(co_await order_store::unfinished(database_, now_ms(), age.count() * 1'000));
    for (const Order& order : unfinished) {
        if (order.status == OrderStatus::Cancelling) {
            MERLON_CO_TRY(co_await give_back(order.id));
            continue;
        }
        MERLON_CO_TRY(co_await place(order));
    }
    const std::int64_t now = now_ms();
    co_return co_await database_.transact_work(
        [now](Transaction& transaction) { return order_store::forget_repeats(transaction, now); });
}

}  // namespace merlon::orders
