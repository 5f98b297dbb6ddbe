// What a reader of one product sees while others change it: never less than was acknowledged.
#include "products/products.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/spawn.h"
#include "base/text.h"
#include "base/wait.h"
#include "storage/sqlite/sqlite_database.h"
#include "storage/test_kit.h"
#include "wire/json.h"

namespace merlon::products {
namespace {

using wire::Method;

class ProductsTest : public testing::Test {
protected:
    ProductsTest()
        : database_(storage::SqliteDatabase::open(folder_ / "test.db").value()),
          products_(wait(Products::open({*database_, nullptr, clock_, entropy_, ports_})).value()) {
        products_->add_ports(ports_);
        const auto created =
            wait(products_->call(
                     {.pass = access::Policy::authorize(nullptr, access::Rule::open()).value(),
                      .method = Method::Post,
                      .route = "/api/products",
                      .path = "/api/products",
                      .body = Secret(form(1'000))}))
                .value();
        id_ = data(created).at("id").as_string();
    }

    static std::string form(std::int64_t stock) {
        return R"({"name":"Desk","price":1,"currency":"EUR","stock":)" + std::to_string(stock) +
               "}";
    }

    static boost::json::object data(const http::Response& answer) {
        return wire::parse_json(answer.body).value().at("data").as_object();
    }

    api::LocalCall one(Method method, std::string body = {}) const {
        return {.pass = access::Policy::authorize(nullptr, access::Rule::open()).value(),
                .method = method,
                .route = "/api/products/{id}",
                .path = "/api/products/" + id_,
                .body = Secret(std::move(body))};
    }

    std::int64_t version() {
        return data(wait(products_->call(one(Method::Get))).value()).at("version").as_int64();
    }

    std::int64_t stock() {
        return data(wait(products_->call(one(Method::Get))).value()).at("stock").as_int64();
    }

    storage::TemporaryFolder folder_;
    SystemClock clock_;
    SystemEntropy entropy_;
    std::unique_ptr<storage::SqliteDatabase> database_;
    rpc::Ports ports_;
    std::unique_ptr<rpc::Role> products_;
    std::string id_;
};

TEST_F(ProductsTest, AnAnswerIsTheSameFromMemory) {
    const http::Response read = wait(products_->call(one(Method::Get))).value();
    const http::Response kept = wait(products_->call(one(Method::Get))).value();
    EXPECT_EQ(kept.status, read.status);
    EXPECT_EQ(kept.fields.text(), read.fields.text());
    EXPECT_EQ(kept.body, read.body);
}

TEST_F(ProductsTest, NoReaderMissesAChangeThatWasAcknowledged) {
    std::atomic<std::int64_t> acknowledged{1};
    std::atomic<bool> is_over{false};
    std::vector<std::jthread> readers;
    for (int i = 0; i < 3; ++i) {
        readers.emplace_back([&] {
            while (!is_over) {
                const std::int64_t least = acknowledged;
                EXPECT_GE(version(), least);
            }
        });
    }
    for (std::int64_t next = 2; next < 300; ++next) {
        ASSERT_TRUE(wait(products_->call(one(Method::Put, form(1'000)))));
        acknowledged = next;
        EXPECT_EQ(version(), next);
    }
    is_over = true;
}

TEST_F(ProductsTest, StockThatOrdersTakeAndGiveBackIsSeenAtOnce) {
    EXPECT_EQ(stock(), 1'000);
    ASSERT_TRUE(wait(ports_.require<ports::Stock>().take("order", {{id_, 7}})));
    EXPECT_EQ(stock(), 993);
    ASSERT_TRUE(wait(ports_.require<ports::Stock>().give_back("order")));
    EXPECT_EQ(stock(), 1'000);
}

TEST_F(ProductsTest, AProductThatIsGoneIsNotAnsweredFromMemory) {
    EXPECT_EQ(version(), 1);
    ASSERT_TRUE(wait(products_->call(one(Method::Delete))));
    EXPECT_EQ(wait(products_->call(one(Method::Get))).error().rule, "product.absent");
}

TEST_F(ProductsTest, AChangeWhoseClientIsGoneIsSeen) {
    EXPECT_EQ(stock(), 1'000);
    {
        asio::io_context loop(1);
        spawn(loop.get_executor(), products_->call(one(Method::Put, form(5))));
        loop.poll();  // it waits for the database, and is destroyed with its loop
    }
    // One thread writes, in the order it was asked to.
    ASSERT_TRUE(wait(ports_.require<ports::Stock>().take("order", {{id_, 1}})));
    EXPECT_EQ(stock(), 4);
}

TEST_F(ProductsTest, AChangeMayOutliveTheRole) {
    {
        asio::io_context loop(1);
        for (int i = 0; i < 200; ++i) {
            spawn(loop.get_executor(), products_->call(one(Method::Put, form(5))));
        }
        loop.poll();
    }
    products_.reset();
    database_->stop();  // runs what still waits
}

}  // namespace
}  // namespace merlon::products
