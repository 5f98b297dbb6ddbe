// Orders as JSON.
#include "orders/order.h"

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>

#include "api/responses.h"
#include "base/uuid.h"
#include "wire/json.h"
#include "wire/json_text.h"

namespace merlon::orders {
namespace {

std::string_view status_name(OrderStatus status) {
    switch (status) {
        case OrderStatus::Pending:
            return "pending";
        case OrderStatus::Confirmed:
            return "confirmed";
        case OrderStatus::Rejected:
            return "rejected";
        case OrderStatus::Cancelling:
        case OrderStatus::Cancelled:
            return "cancelled";
    }
    MERLON_ASSERT(false);
}

}  // namespace

Result<OrderForm> OrderForm::parse(std::string_view body) {
    const auto value = MERLON_TRY(wire::parse_json(body));
    OrderForm form;
    for (const auto& item : value.as_object().at("items").as_array()) {
        const auto& line = item.as_object();
        // One spelling of an identifier, so that no product is here twice under two.
        std::string id = MERLON_TRY(Uuid::parse(line.at("productId").as_string())).str();
        const auto known = std::ranges::find(form.lines, id, &ports::StockLine::product_id);
        if (known != form.lines.end()) {
            const std::string field = "items." + std::to_string(form.lines.size());
            return fail(Kind::Invalid, "schema.violation", {},
                        FieldErrors{{field, "\"" + field + "\" contains a duplicate value"}});
        }
        form.lines.push_back({std::move(id), line.at("quantity").to_number<std::int64_t>()});
    }
    return form;
}

std::int64_t total_of(const std::vector<ports::TakenLine>& lines) {
    std::int64_t total = 0;
    for (const ports::TakenLine& line : lines) total += line.price * line.quantity;
    return total;
}

std::string to_json(const Order& order) {
    const auto time = [](std::int64_t ms) {
        return api::json_time(WallTime{std::chrono::milliseconds{ms}});
    };
    std::string out = R"({"id":")" + order.id + R"(","userId":")" + order.user_id;
    out += R"(","status":")" + std::string(status_name(order.status)) + R"(","items":[)";
    for (const ports::TakenLine& line : order.lines) {
        if (out.back() != '[') out += ',';
        out += R"({"productId":")" + line.product_id + R"(","name":)";
        wire::append_json_string(out, line.name);
        out += R"(,"price":)" + std::to_string(line.price);
        out += R"(,"quantity":)" + std::to_string(line.quantity) + "}";
    }
    out += R"(],"total":)" + std::to_string(total_of(order.lines));
    out += R"(,"currency":")" + (order.lines.empty() ? std::string() : order.lines[0].currency);
    out += R"(","createdAt":)" + time(order.created_at);
    out += R"(,"updatedAt":)" + time(order.updated_at) + "}";
    return out;
}

}  // namespace merlon::orders
