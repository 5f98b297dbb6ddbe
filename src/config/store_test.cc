// Where the data may be said to live, and what is refused.
#include <gtest/gtest.h>

#include "config/load.h"

namespace merlon::config {
namespace {

using Postgres = std::shared_ptr<const storage::PostgresSettings>;

class OneFile final : public Files {
public:
    explicit OneFile(std::string text) : text_(std::move(text)) {}
    Result<std::string> read(const std::string&, std::size_t) const override { return text_; }

private:
    std::string text_;
};

Loaded load_store(std::string_view section) {
    return load({}, OneFile("version: 1\nstore: " + std::string(section) + "\n"));
}

TEST(StoreUrl, OfPostgresSaysHostUserDatabaseAndTheWordsOfTls) {
    const Loaded loaded = load_store(
        "{ url: \"postgres://merlon@db.example:6432/"
        "shop?sslmode=verify-full&sslrootcert=/ca.pem&sslcert=/c.pem&sslkey=/k.pem\", "
        "password: very-secret, pool: { min: 1, max: 4, idle: 1m, connect: 5s, statement: 3s } }");
    ASSERT_TRUE(loaded.settings);
    const auto& settings = *std::get<Postgres>(loaded.settings->store.database);
    EXPECT_EQ(settings.host, "db.example");
    EXPECT_EQ(settings.port, 6432);
    EXPECT_EQ(settings.user, "merlon");
    EXPECT_EQ(settings.database, "shop");
    EXPECT_EQ(settings.password.reveal(), "very-secret");
    EXPECT_EQ(settings.tls_mode, "verify-full");
    EXPECT_EQ(settings.tls_authorities + settings.tls_certificate + settings.tls_key,
              "/ca.pem/c.pem/k.pem");
    EXPECT_EQ(settings.connections_min, 1U);
    EXPECT_EQ(settings.connections_max, 4U);
    EXPECT_EQ(settings.statement_max, std::chrono::seconds{3});
    // Keys stay in a file of their own unless said otherwise.
    EXPECT_EQ(std::get<storage::SqliteSettings>(loaded.settings->keys.database).path,
              "data/keys.db");
}

TEST(StoreUrl, OnThisMachineNeedsNoTls) {
    for (const char* host : {"127.0.0.1", "[::1]", "localhost"}) {
        const Loaded loaded =
            load_store("{ url: \"postgres://merlon@" + std::string(host) + "/shop\" }");
        ASSERT_TRUE(loaded.settings) << host;
        EXPECT_EQ(std::get<Postgres>(loaded.settings->store.database)->tls_mode, "disable");
    }
}

TEST(StoreUrl, OfSqliteIsAPathWithKeysAndSocketBesideIt) {
    const Loaded loaded = load_store("{ url: \"sqlite:/var/lib/merlon/merlon.db\" }");
    ASSERT_TRUE(loaded.settings);
    EXPECT_EQ(loaded.settings->store.folder, "/var/lib/merlon");
    EXPECT_EQ(loaded.settings->keys.master_path, "/var/lib/merlon/master.key");
}

TEST(StoreUrl, ThatIsWeakOrHalfSaidIsRefused) {
    const char* refused[] = {
        "sqlite:",
        "mysql://merlon@127.0.0.1/shop",
        "postgres://127.0.0.1/shop",                  // no user: libpq would take the system's
        "postgres://merlon:password@127.0.0.1/shop",  // a password in a url ends up in logs
        "postgres://merlon@127.0.0.1",
        "postgres://merlon@127.0.0.1/",
        "postgres://merlon@127.0.0.1/a/b",
        "postgres://merlon@db.example/shop",  // verify-full, and nothing to verify by
        "postgres://merlon@db.example/shop?sslmode=disable",
        "postgres://merlon@db.example/shop?sslmode=require",
        "postgres://merlon@db.example/shop?sslmode=prefer&sslrootcert=/ca.pem",
        "postgres://merlon@127.0.0.1/shop?sslmode=allow",
        "postgres://merlon@127.0.0.1/shop?sslmode=",
        "postgres://merlon@127.0.0.1/shop?options=-cfsync=off",
        "postgres://merlon@127.0.0.1/shop?host=/tmp",
    };
    for (const char* url : refused) {
        const Loaded loaded = load_store("{ url: \"" + std::string(url) + "\" }");
        EXPECT_FALSE(loaded.settings) << url;
    }
    EXPECT_FALSE(
        load_store("{ url: \"postgres://merlon@127.0.0.1/shop\", pool: { min: 5, max: 4 } }")
            .settings);
}

}  // namespace
}  // namespace merlon::config
