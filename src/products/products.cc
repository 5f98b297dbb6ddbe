// The endpoints of the catalogue. Who may call them stands beside each; the gateway has asked.
#include "products/products.h"

#include "products/remote/stock_methods.h"

#include "api/page_response.h"
#include "api/responses.h"
#include "base/uuid.h"
#include "products/search_words.h"

namespace merlon::products {

using storage::Transaction;
using wire::Method;

namespace {

// The identifier at the end of /api/products/{id}. What is no UUID names nothing.
Result<std::string> id_of(const api::LocalCall& call) {
    const auto id = Uuid::parse(std::string_view(call.path).substr(call.path.rfind('/') + 1));
    if (!id) return fail(Kind::Absent, "product.absent");
    return id->str();
}

http::Response answer(int status, const Product& product) {
    http::Response response = api::data_response(status, to_json(product));
    response.fields.add("ETag", entity_tag(product.version));
    return response;
}

}  // namespace

std::span<const api::Endpoint<Products>> Products::endpoints() {
    using api::OpenApiOperation;
    static constexpr auto permission = api::LocalAccess::Permission;
    static constexpr api::OpenApiParameter search[] = {
        api::limit_parameter,
        api::cursor_parameter,
        {"q", "query", R"({"type": "string"})",
         "At most four words; products that have all of them"}};
    static constexpr api::OpenApiParameter change[] = {
        {"If-Match", "header", R"({"type": "string"})",
         "The ETag of the product that is meant (RFC 9110 section 13.1.1)"}};
    static constexpr api::Endpoint<Products> all[] = {
        {{Method::Get,
          "/api/products",
          permission,
          "read:products",
          "",
          {.operation_id = "listProducts",
           .summary = "The catalogue, or what a search finds in it",
           .response_schema = "Product",
           .shape = OpenApiOperation::Shape::List,
           .parameters = search}},
         &Products::list},
        {{Method::Get,
          "/api/products/{id}",
          permission,
          "read:products",
          "",
          {.operation_id = "getProduct", .summary = "One product", .response_schema = "Product"}},
         &Products::get},
        {{Method::Post,
          "/api/products",
          permission,
          "write:products",
          ProductForm::schema,
          {.operation_id = "createProduct",
           .summary = "Add a product",
           .status = 201,
           .response_schema = "Product"}},
         &Products::create},
        {{Method::Put,
          "/api/products/{id}",
          permission,
          "write:products",
          ProductForm::schema,
          {.operation_id = "replaceProduct",
           .summary = "Change a product",
           .response_schema = "Product",
           .parameters = change}},
         &Products::replace},
        {{Method::Delete,
          "/api/products/{id}",
          permission,
          "delete:products",
          "",
          {.operation_id = "deleteProduct", .summary = "Take a product away", .status = 204}},
         &Products::remove},
    };
    return all;
}

const api::RoleTable& Products::role_table() {
    static constexpr api::NamedSchema schemas[] = {{"Product", product_schema}};
    static const api::RoleTable table{products_role, api::routes_of(endpoints()), schemas};
    return table;
}

constinit const rpc::RoleDefinition products_definition{
    .name = products_role,
    .port = 3003,
    .calls = {},
    .table = &Products::role_table,
    .migrations = &products_migrations,
    .personal_data = {},
    .open = &Products::open,
    .connect = &connect_stock,
};

Products::Products(const rpc::RoleEnvironment& environment)
    : database_(environment.database),
      clock_(environment.clock),
      entropy_(environment.entropy),
      cache_(std::make_shared<AnswerCache>(database_.is_shared() ? 0
                                                                 : AnswerCache::bytes_max_default)),
      stock_(database_, cache_) {}

Task<std::unique_ptr<rpc::Role>> Products::open(rpc::RoleEnvironment environment) {
    MERLON_CO_TRY(co_await storage::migrate(environment.database, environment.clock, products_role,
                                            products_migrations()));
    co_return std::unique_ptr<rpc::Role>(new Products(environment));
}

std::vector<rpc::OfferedMethod> Products::methods() { return stock_methods(stock_); }

Task<http::Response> Products::call(api::LocalCall call) {
    return api::serve(*this, endpoints(), std::move(call));
}

Task<http::Response> Products::list(api::LocalCall call) {
    const wire::Query query = MERLON_CO_TRY(wire::Query::parse(call.query));
    const api::PageRequest page = MERLON_CO_TRY(api::PageRequest::of(query));
    std::set<std::string> words;
    if (const std::string* text = query.find("q")) {
        add_words(words, *text);
        if (words.size() > product_store::words_max) {
            co_return fail(Kind::Invalid, "query.malformed", "too many words");
        }
    }
    const ProductPage found =
        MERLON_CO_TRY(co_await product_store::list(database_, page, std::move(words)));
    co_return api::page_response(found.products, found.total, page);
}

Task<http::Response> Products::get(api::LocalCall call) {
    const std::string id = MERLON_CO_TRY(id_of(call));
    const AnswerCache::Found known = cache_->find(id);
    if (known.answer) co_return *known.answer;
    http::Response response =
        answer(200, MERLON_CO_TRY(co_await product_store::find(database_, id)));
    cache_->keep(id, response, known.changes);
    co_return response;
}

Task<http::Response> Products::create(api::LocalCall call) {
    Product product;
    product.form = MERLON_CO_TRY(ProductForm::parse(call.body.reveal()));
    const WallTime now = clock_.wall();
    product.id = Uuid::make_v7(now, entropy_).str();
    product.created_at = product.updated_at = now.time_since_epoch().count();
    MERLON_CO_TRY(co_await database_.transact_work([product](Transaction& transaction) {
        return product_store::insert(transaction, product);
    }));
    http::Response response = answer(201, product);
    response.fields.add("Location", "/api/products/" + product.id);
    co_return response;
}

Task<http::Response> Products::replace(api::LocalCall call) {
    const std::string id = MERLON_CO_TRY(id_of(call));
    const ProductForm form = MERLON_CO_TRY(ProductForm::parse(call.body.reveal()));
    const std::int64_t now = clock_.wall().time_since_epoch().count();
    co_return answer(
        200,
        MERLON_CO_TRY(co_await database_.transact<Product>(
            [id, form, if_match = call.if_match, now, cache = cache_](Transaction& transaction) {
                AnswerCache::forget_when_over(cache, id, transaction);
                return product_store::update(transaction, id, form, if_match, now);
            })));
}

Task<http::Response> Products::remove(api::LocalCall call) {
    const std::string id = MERLON_CO_TRY(id_of(call));
    MERLON_CO_TRY(co_await database_.transact_work([id, cache = cache_](Transaction& transaction) {
        AnswerCache::forget_when_over(cache, id, transaction);
        return product_store::remove(transaction, id);
    }));
    co_return api::empty_response();
}

}  // namespace merlon::products
