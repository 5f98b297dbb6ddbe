// Where the data may be said to live, and what is refused.
#include <gtest/gtest.h>

#include <algorithm>

#include "config/test_kit.h"

namespace merlon::config {
namespace {

using Postgres = std::shared_ptr<const storage::PostgresSettings>;

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

bool is_refused(std::string_view section, std::string_view path, std::string_view words) {
    const Loaded loaded = load_store(section);
    return !loaded.settings && std::ranges::any_of(loaded.problems, [&](const Problem& problem) {
        return problem.path == path && problem.message.find(words) != std::string::npos;
    });
}

TEST(StoreRoles, LiveInTheStoreUnlessTheyHaveADatabaseOfTheirOwn) {
    const Loaded loaded = load_store(
        "{ url: \"postgres://merlon@127.0.0.1/shop\", password: first, pool: { max: 4 }, roles: { "
        "orders: { url: \"postgres://orders_service@127.0.0.1/orders_db\", password: second }, "
        "users: { url: \"sqlite:data/users.db\" }, auth: {} } }");
    ASSERT_TRUE(loaded.settings);
    const storage::StoreSettings& store = loaded.settings->store;
    EXPECT_EQ(name_of(store.database_of("orders")), "postgres://127.0.0.1:5432/orders_db");
    EXPECT_EQ(name_of(store.database_of("users")), "sqlite:data/users.db");
    EXPECT_EQ(store.url_of("users"), "sqlite:data/users.db");
    EXPECT_EQ(store.url_of("auth"), "postgres://merlon@127.0.0.1/shop");
    EXPECT_TRUE(loaded.problems.empty()) << loaded.problems.front().text();
    for (const char* role : {"auth", "products", "gateway"}) {
        EXPECT_EQ(name_of(store.database_of(role)), "postgres://127.0.0.1:5432/shop") << role;
    }
    const auto& orders = *std::get<Postgres>(store.database_of("orders"));
    EXPECT_EQ(orders.password.reveal(), "second");
    EXPECT_EQ(orders.connections_max, 4U);  // the store's
}

// What store.url says is on the left, what the role says on the right.
TEST(StoreRoles, ShareConnectionsWithTheSameUserOfTheSameDatabase) {
    enum class Same : std::uint8_t { Nothing, Database, Access };
    struct Case {
        std::string_view store;
        std::string_view role;
        Same same;
    };
    const Case cases[] = {
        {"url: \"sqlite:data/a.db\"", "url: \"sqlite:./data/x/../a.db\"", Same::Access},
        {"url: \"sqlite:data/a.db\"", "url: \"sqlite:data/b.db\"", Same::Nothing},
        {"url: \"sqlite:data/a.db\"", "url: \"postgres://u@127.0.0.1/a\"", Same::Nothing},
        {"url: \"postgres://u@127.0.0.1/a\"", "url: \"postgres://u@127.0.0.1:5432/a\"",
         Same::Access},
        {"url: \"postgres://u@127.0.0.1/a\"", "url: \"postgres://u@127.0.0.1:5433/a\"",
         Same::Nothing},
        {"url: \"postgres://u@127.0.0.1/a\"", "url: \"postgres://v@127.0.0.1/a\"",
         Same::Database},  // another user may do something else
        {"url: \"postgres://u@127.0.0.1/a\"", "url: \"postgres://u@127.0.0.1/a\", pool: { max: 3 }",
         Same::Database},
    };
    for (const auto& [store, role, same] : cases) {
        const Loaded loaded = load_store("{ " + std::string(store) + ", roles: { orders: { " +
                                         std::string(role) + " } } }");
        ASSERT_TRUE(loaded.settings) << role;
        const storage::DatabaseSettings& one = loaded.settings->store.database;
        const storage::DatabaseSettings& other = loaded.settings->store.database_of("orders");
        EXPECT_EQ(storage::is_same_database(one, other), same != Same::Nothing) << role;
        EXPECT_EQ(storage::is_same_access(one, other), same == Same::Access) << role;
    }
}

TEST(StoreRoles, ThatAreUnknownOrHalfSaidAreRefused) {
    EXPECT_TRUE(is_refused("{ roles: { oders: { url: \"sqlite:a.db\" } } }", "store.roles.oders",
                           "did you mean orders?"));
    EXPECT_TRUE(is_refused("{ roles: { orders: { url: \"mysql://a@b/c\" } } }",
                           "store.roles.orders.url", "must be sqlite:path"));
    EXPECT_TRUE(is_refused("{ roles: { orders: { password: secret } } }",
                           "store.roles.orders.password", "needs a url"));
}

TEST(StoreUrl, OfSqliteHasNoPasswordNoAuthorityAndNoPool) {
    EXPECT_TRUE(is_refused("{ password: secret }", "store.password", "postgres://"));
    EXPECT_TRUE(is_refused("{ ca: ca.pem }", "store.ca", "postgres://"));
    EXPECT_TRUE(is_refused("{ pool: { max: 3 } }", "store.pool", "postgres://"));
}

TEST(StoreUrl, MayBeVerifiedByAFileBesideIt) {
    const Loaded loaded =
        load_store("{ url: \"postgres://merlon@db.example/shop\", ca: /etc/ca.pem }");
    ASSERT_TRUE(loaded.settings);
    const auto& settings = *std::get<Postgres>(loaded.settings->store.database);
    EXPECT_EQ(settings.tls_mode + settings.tls_authorities, "verify-full/etc/ca.pem");
}

// Over TLS a password is only proved, and to one who has this connection's certificate.
TEST(StoreUrl, BindsThePasswordToTheChannelWhereThereIsOne) {
    const auto binds = [](const char* url) {
        const Loaded loaded =
            load_store("{ ca: /ca.pem, password: secret, url: \"" + std::string(url) + "\" }");
        return std::get<Postgres>(loaded.settings->store.database)->binds_channel();
    };
    EXPECT_TRUE(binds("postgres://merlon@db.example/shop"));
    EXPECT_TRUE(binds("postgres://merlon@127.0.0.1/shop?sslmode=require"));
    EXPECT_FALSE(binds("postgres://merlon@127.0.0.1/shop"));  // no TLS
    EXPECT_FALSE(binds("postgres://merlon@db.example/shop?channel_binding=prefer"));
    EXPECT_FALSE(
        load_store("{ url: \"postgres://merlon@127.0.0.1/a?channel_binding=disable\" }").settings);
}

Loaded load_seed(std::map<std::string, std::string> environment) {
    return load({.environment = std::move(environment)}, OneFile("version: 1\n"));
}

TEST(SeedsDatabase, IsTheStoreUnderTheSeedsNames) {
    const Loaded loaded = load_seed({{"DATABASE_HOST", "::1"},
                                     {"DATABASE_PORT", "6432"},
                                     {"DATABASE_NAME", "auth_db"},
                                     {"DATABASE_USER", "auth_service"},
                                     {"DATABASE_PASSWORD", "very-secret"}});
    ASSERT_TRUE(loaded.settings);
    EXPECT_EQ(loaded.settings->store.url, "postgres://auth_service@[::1]:6432/auth_db");
    EXPECT_EQ(std::get<Postgres>(loaded.settings->store.database)->password.reveal(),
              "very-secret");
    const Loaded ours = load_seed({{"DATABASE_HOST", "127.0.0.1"},
                                   {"DATABASE_NAME", "auth_db"},
                                   {"DATABASE_USER", "auth_service"},
                                   {"MERLON_STORE__URL", "postgres://a@127.0.0.1/b"}});
    ASSERT_TRUE(ours.settings);
    EXPECT_EQ(ours.settings->store.url, "postgres://a@127.0.0.1/b");
}

TEST(SeedsDatabase, HalfSaidOrWithSignsOfAUrlIsRefused) {
    using Environment = std::map<std::string, std::string>;
    const std::pair<Environment, std::string_view> refused[] = {
        {{{"DATABASE_HOST", "localhost"}}, "DATABASE_NAME"},
        {{{"DATABASE_NAME", "a"}, {"DATABASE_USER", "b"}}, "DATABASE_HOST"},
        {{{"DATABASE_PASSWORD", "very-secret"}}, "DATABASE_PASSWORD"},  // the store is sqlite
    };
    const Environment whole{
        {"DATABASE_HOST", "localhost"}, {"DATABASE_NAME", "a"}, {"DATABASE_USER", "b"}};
    ASSERT_TRUE(load_seed(whole).settings);
    // Kubernetes sets one for a service of that name.
    EXPECT_EQ(load_seed({{"DATABASE_PORT", "tcp://10.0.0.1:5432"}}).settings->store.url,
              "sqlite:data/merlon.db");
    const auto names = [](const Environment& environment, std::string_view variable) {
        const Loaded loaded = load_seed(environment);
        return !loaded.settings &&
               std::ranges::any_of(loaded.problems, [&](const Problem& problem) {
                   return problem.origin.source == variable &&
                          problem.text().find("very-secret") == std::string::npos;
               });
    };
    for (const auto& [environment, variable] : refused) {
        EXPECT_TRUE(names(environment, variable)) << variable;
    }
    const std::pair<const char*, const char*> signs[] = {
        {"DATABASE_NAME", "a?sslmode=disable"},
        {"DATABASE_USER", "b@elsewhere"},
        {"DATABASE_HOST", "db/a"},
        {"DATABASE_HOST", "::1]"},
        {"DATABASE_PORT", "0"},
        {"DATABASE_PORT", "65536"},
        {"DATABASE_USER", ""},
    };
    for (const auto& [name, value] : signs) {
        Environment environment = whole;
        environment[name] = value;
        EXPECT_TRUE(names(environment, name)) << name << value;
    }
}

}  // namespace
}  // namespace merlon::config
