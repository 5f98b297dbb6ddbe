// Both calls may be made again: the order's identifier says what was done already.
#include "fleet/stock_port.h"

#include "services/order_store.h"

namespace merlon::fleet {
namespace {

namespace json = boost::json;

using services::StockLine;
using services::TakenLine;

Result<std::vector<StockLine>> lines_of(const Message& call) {
    std::vector<StockLine> lines;
    for (const json::value& one : MERLON_TRY(call.list("lines"))) {
        const Message line(one.is_object() ? one.get_object() : json::object());
        lines.push_back({MERLON_TRY(line.text("product")), MERLON_TRY(line.integer("quantity"))});
        if (lines.back().quantity < 1) return fail(Kind::Invalid, "port.malformed", "quantity");
    }
    return lines;
}

Task<Message> serve_take(services::Stock* stock, Message call) {
    const auto taken = MERLON_CO_TRY(
        co_await stock->take(MERLON_CO_TRY(call.text("order")), MERLON_CO_TRY(lines_of(call))));
    json::array lines;
    for (const TakenLine& line : taken) {
        lines.push_back({{"product", line.product_id},
                         {"name", line.name},
                         {"price", line.price},
                         {"currency", line.currency},
                         {"quantity", line.quantity}});
    }
    Message answer;
    answer.set("lines", lines);
    co_return answer;
}

Task<Message> serve_give_back(services::Stock* stock, Message call) {
    MERLON_CO_TRY(co_await stock->give_back(MERLON_CO_TRY(call.text("order"))));
    co_return Message();
}

}  // namespace

Task<std::vector<TakenLine>> RemoteStock::take(std::string order_id, std::vector<StockLine> lines) {
    json::array list;
    for (const StockLine& line : lines) {
        list.push_back({{"product", line.product_id}, {"quantity", line.quantity}});
    }
    Message call;
    call.set("order", order_id).set("lines", list);
    const Message answer =
        MERLON_CO_TRY(co_await products_.call("stock.take", call, Repeat::Harmless));
    std::vector<TakenLine> taken;
    for (const json::value& one : MERLON_CO_TRY(answer.list("lines"))) {
        const Message line(one.is_object() ? one.get_object() : json::object());
        taken.push_back({MERLON_CO_TRY(line.text("product")), MERLON_CO_TRY(line.text("name")),
                         MERLON_CO_TRY(line.integer("price")), MERLON_CO_TRY(line.text("currency")),
                         MERLON_CO_TRY(line.integer("quantity"))});
    }
    co_return taken;
}

Task<> RemoteStock::give_back(std::string order_id) {
    MERLON_CO_TRY(co_await products_.call("stock.giveBack", Message().set("order", order_id),
                                          Repeat::Harmless));
    co_return Result<>{};
}

std::vector<Port> stock_ports(services::Stock& stock) {
    return {{"stock.take", services::orders_role,
             [stock = &stock](Message call) { return serve_take(stock, std::move(call)); }},
            {"stock.giveBack", services::orders_role,
             [stock = &stock](Message call) { return serve_give_back(stock, std::move(call)); }}};
}

}  // namespace merlon::fleet
