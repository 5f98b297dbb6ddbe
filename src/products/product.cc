// Products as JSON.
#include "products/product.h"

#include <boost/json.hpp>
#include <chrono>

#include "api/responses.h"
#include "wire/json.h"
#include "wire/json_text.h"

namespace merlon::products {

Result<ProductForm> ProductForm::parse(std::string_view body) {
    const auto value = MERLON_TRY(wire::parse_json(body));
    const auto& object = value.as_object();
    ProductForm form;
    form.name = object.at("name").as_string();
    if (const auto* text = object.if_contains("description")) form.description = text->as_string();
    form.price = object.at("price").to_number<std::int64_t>();
    form.currency = object.at("currency").as_string();
    form.stock = object.at("stock").to_number<std::int64_t>();
    return form;
}

std::string entity_tag(std::int64_t version) { return '"' + std::to_string(version) + '"'; }

std::string to_json(const Product& product) {
    const auto time = [](std::int64_t ms) {
        return api::json_time(WallTime{std::chrono::milliseconds{ms}});
    };
    std::string out = R"({"id":")" + product.id + R"(","name":)";
    wire::append_json_string(out, product.form.name);
    out += R"(,"description":)";
    wire::append_json_string(out, product.form.description);
    out += R"(,"price":)" + std::to_string(product.form.price);
    out += R"(,"currency":")" + product.form.currency;
    out += R"(","stock":)" + std::to_string(product.form.stock);
    out += R"(,"createdAt":)" + time(product.created_at);
    out += R"(,"updatedAt":)" + time(product.updated_at);
    out += R"(,"version":)" + std::to_string(product.version) + "}";
    return out;
}

}  // namespace merlon::products
