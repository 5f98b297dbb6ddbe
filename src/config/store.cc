// Reading where data and keys live: `store` and `keys`.
#include <filesystem>

#include "config/database_url.h"
#include "config/sections.h"
#include "rpc/names.h"

namespace merlon::config {
namespace {

using storage::PostgresSettings;

// How PostgreSQL is spoken to, wherever it is.
struct Access {
    Secret password;
    std::string authorities;
    PostgresSettings pool;
};

void read_pool(Reader pool, PostgresSettings& out) {
    pool.number("min", 0, 1'000, out.connections_min, "connections kept open");
    pool.number("max", 1, 1'000, out.connections_max, "connections at most");
    pool.duration("idle", out.idle_max, "beyond min, one that was idle for so long is closed");
    pool.duration("connect", out.connect_max, "to wait for a new connection, or for a free one");
    pool.duration("statement", out.statement_max, "a statement that takes longer is ended");
    if (out.connections_min > out.connections_max) pool.problem("min", "must not be above max");
    pool.finish();
}

void copy_pool(const PostgresSettings& from, PostgresSettings& to) {
    to.connections_min = from.connections_min;
    to.connections_max = from.connections_max;
    to.idle_max = from.idle_max;
    to.connect_max = from.connect_max;
    to.statement_max = from.statement_max;
}

Access read_access(Reader& section, const PostgresSettings& pool) {
    Access access;
    copy_pool(pool, access.pool);
    section.secret("password", access.password, "of a postgres:// url, which never carries one");
    section.text("ca", access.authorities,
                 "PEM file that certifies the database, when the url has no sslrootcert");
    read_pool(section.section("pool", "connections to PostgreSQL, of each process"), access.pool);
    return access;
}

// What is only said of PostgreSQL would do nothing there, and nobody would know.
void refuse_access(Reader& section) {
    for (const char* name : {"password", "ca", "pool"}) {
        if (section.says(name)) section.problem(name, "is for a postgres:// url only");
    }
}

void read_database(Reader& section, const PostgresSettings& pool, std::string& url,
                   storage::DatabaseSettings& out) {
    section.text("url", url, "sqlite:path or postgres://user@host/database");
    Access access = read_access(section, pool);
    if (url.starts_with("sqlite:")) {
        refuse_access(section);
        if (auto sqlite = parse_database(url)) {
            out = *std::move(sqlite);
            return;
        }
    }
    auto parsed = parse_postgres(url, access.authorities);
    if (!parsed) return section.problem("url", std::move(parsed).error().detail);
    parsed->password = std::move(access.password);
    copy_pool(access.pool, *parsed);
    out = std::make_shared<const PostgresSettings>(*std::move(parsed));
}

const PostgresSettings& pool_of(const storage::DatabaseSettings& database,
                                const PostgresSettings& standard) {
    const auto* postgres = std::get_if<std::shared_ptr<const PostgresSettings>>(&database);
    return postgres == nullptr ? standard : **postgres;
}

// A role that says nothing is in store.url. Its pool is the store's, unless it says otherwise; its
// password is its own, or one would open all.
void read_role(Reader role, storage::StoreSettings& out) {
    storage::RoleStore store;
    const PostgresSettings standard;
    if (role.says("url")) {
        read_database(role, pool_of(out.database, standard), store.url, store.database);
        out.roles.insert_or_assign(role.name(), std::move(store));
    } else {
        role.text("url", store.url, "a database of its own; default: store.url");
        read_access(role, standard);
        for (const char* name : {"password", "ca", "pool"}) {
            if (role.says(name)) role.problem(name, "needs a url of the role's own beside it");
        }
    }
    role.finish();
}

void read_roles(Reader roles, roles::Definitions definitions, storage::StoreSettings& out) {
    std::vector<std::string_view> names;
    for (const rpc::RoleDefinition& role : definitions) names.push_back(role.name);
    names.push_back(rpc::gateway_name);  // its tables are the refusals that it stores
    for (const std::string_view name : names) {
        Reader role = roles.section(name, "where this role's tables are");
        // Of one that is not mentioned there is nothing to show.
        if (role.exists() || role.describes()) read_role(std::move(role), out);
    }
    roles.finish();
}

std::string beside(const std::string& folder, std::string_view name) {
    return (std::filesystem::path(folder) / name).string();
}

}  // namespace

void read_store(Reader store, roles::Definitions roles, storage::StoreSettings& out) {
    read_database(store, {}, out.url, out.database);
    if (const auto* sqlite = std::get_if<storage::SqliteSettings>(&out.database)) {
        out.folder = std::filesystem::path(sqlite->path).parent_path().string();
    }
    read_roles(store.section("roles", "roles with a database of their own"), roles, out);
    store.finish();
}

void read_keys(Reader keys, const storage::StoreSettings& store, sealing::KeySettings& out) {
    const std::string path = beside(store.folder, "keys.db");
    out.url = "sqlite:" + path;
    out.database = storage::SqliteSettings{path};
    out.master_path = beside(store.folder, "master.key");
    read_database(keys, {}, out.url, out.database);
    keys.secret("master", out.master, "wraps all keys; default: master.key beside the store");
    keys.finish();
}

}  // namespace merlon::config
