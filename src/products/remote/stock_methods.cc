// Each method twice: how it is called, and how it is carried out.
#include "products/remote/stock_methods.h"

namespace merlon::products {
namespace {

namespace json = boost::json;

using ports::StockLine;
using ports::TakenLine;

constexpr std::string_view callers[] = {ports::stock_caller};
constexpr std::string_view take_rules[] = {ports::product_unknown_rule,
                                           ports::stock_insufficient_rule, ports::order_ended_rule};
// Both may be made again: the order's identifier says what was done already.
constexpr rpc::Method take_method{"stock.take", callers, rpc::Retry::Harmless, take_rules};
constexpr rpc::Method give_back_method{"stock.giveBack", callers, rpc::Retry::Harmless};

Result<std::vector<StockLine>> lines_of(const rpc::Message& call) {
    std::vector<StockLine> lines;
    for (const json::value& one : MERLON_TRY(call.list("lines"))) {
        const rpc::Message line(one.is_object() ? one.get_object() : json::object());
        lines.push_back({MERLON_TRY(line.text("product")), MERLON_TRY(line.integer("quantity"))});
        if (lines.back().quantity < 1) return fail(Kind::Invalid, "port.malformed", "quantity");
    }
    return lines;
}

Task<rpc::Message> serve_take(ports::Stock* stock, rpc::Message call) {
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
    rpc::Message answer;
    answer.set("lines", lines);
    co_return answer;
}

Task<rpc::Message> serve_give_back(ports::Stock* stock, rpc::Message call) {
    MERLON_CO_TRY(co_await stock->give_back(MERLON_CO_TRY(call.text("order"))));
    co_return rpc::Message();
}

}  // namespace

Task<std::vector<TakenLine>> RemoteStock::take(std::string order_id, std::vector<StockLine> lines) {
    json::array list;
    for (const StockLine& line : lines) {
        list.push_back({{"product", line.product_id}, {"quantity", line.quantity}});
    }
    rpc::Message call;
    call.set("order", order_id).set("lines", list);
    const rpc::Message answer = MERLON_CO_TRY(co_await products_.call(take_method, call));
    std::vector<TakenLine> taken;
    for (const json::value& one : MERLON_CO_TRY(answer.list("lines"))) {
        const rpc::Message line(one.is_object() ? one.get_object() : json::object());
        taken.push_back({MERLON_CO_TRY(line.text("product")), MERLON_CO_TRY(line.text("name")),
                         MERLON_CO_TRY(line.integer("price")), MERLON_CO_TRY(line.text("currency")),
                         MERLON_CO_TRY(line.integer("quantity"))});
    }
    co_return taken;
}

Task<> RemoteStock::give_back(std::string order_id) {
    MERLON_CO_TRY(co_await products_.call(give_back_method, rpc::Message().set("order", order_id)));
    co_return Result<>{};
}

void connect_stock(rpc::Client& products, rpc::Ports& ports) {
    ports.add<ports::Stock>(std::make_unique<RemoteStock>(products));
}

std::vector<rpc::OfferedMethod> stock_methods(ports::Stock& stock) {
    return {{&take_method,
             [stock = &stock](rpc::Message call) { return serve_take(stock, std::move(call)); }},
            {&give_back_method, [stock = &stock](rpc::Message call) {
                 return serve_give_back(stock, std::move(call));
             }}};
}

}  // namespace merlon::products
