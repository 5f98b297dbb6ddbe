// Which user of which database needs which table, by the migrations that make them.
#include "operations/render_postgres.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "deploy/postgres.h"
#include "installation/owned_tables.h"
#include "sealing/key_store.h"
#include "storage/copy/table_names.h"
#include "storage/outbox.h"
#include "storage/postgres/postgres_dialect.h"

namespace merlon::operations {
namespace {

using deploy::PostgresServer;
using deploy::PostgresUser;
using deploy::TableUse;
using storage::DatabaseSettings;
using storage::PostgresSettings;

using Servers = std::map<std::string, PostgresServer>;  // by host_port

const PostgresSettings* postgres_of(const DatabaseSettings& database) {
    const auto* found = std::get_if<std::shared_ptr<const PostgresSettings>>(&database);
    return found == nullptr ? nullptr : found->get();
}

template <class T>
T& find_or_add(std::vector<T>& list, std::string_view name) {
    const auto found = std::ranges::find(list, name, &T::name);
    if (found != list.end()) return *found;
    return list.emplace_back(T{.name = std::string(name)});
}

PostgresUser& user_of(Servers& servers, const PostgresSettings& settings) {
    PostgresServer& server = servers[fmt::format("{}_{}", settings.host, settings.port)];
    deploy::PostgresDatabase& database = find_or_add(server.databases, settings.database);
    database.owner = deploy::owner_of(settings.database);
    PostgresUser& user = find_or_add(database.users, settings.user);
    user.has_tls = settings.tls_mode != "disable";
    user.has_certificate = !settings.tls_certificate.empty();
    return user;
}

void add_table(PostgresUser& user, const std::string& name, TableUse use) {
    if (std::ranges::find(user.tables, name, &deploy::PostgresTable::name) == user.tables.end()) {
        user.tables.push_back({name, use});
    }
}

void add_role(Servers& servers, std::string_view role, const DatabaseSettings& where) {
    const PostgresSettings* settings = postgres_of(where);
    if (settings == nullptr) return;
    PostgresUser& user = user_of(servers, *settings);
    user.serves.emplace_back(role);
    // A server looks whether it has to migrate, and stores what happened beside its own tables.
    for (const std::string& name :
         storage::table_names(std::array{storage::Migration{1, "", storage::migrations_table()}})) {
        add_table(user, name, TableUse::Read);
    }
    if (role == sealing::keys_role) return;
    for (const std::string& name : storage::table_names(storage::outbox_migrations())) {
        add_table(user, name, TableUse::Append);
    }
}

}  // namespace

Result<std::vector<deploy::File>> render_postgres(const config::Settings& settings,
                                                  const std::vector<std::string>& clients) {
    Servers servers;
    add_role(servers, sealing::keys_role, settings.keys.database);
    for (const std::string_view role : installation::roles_with_data(settings)) {
        add_role(servers, role, settings.store.database_of(role));
    }
    if (servers.empty()) {
        return fail(Kind::Absent, "render.no_postgres",
                    "no url of store, store.roles or keys is a postgres:// one");
    }
    for (const installation::OwnedTables& owned : installation::owned_tables(settings)) {
        const PostgresSettings* postgres = postgres_of(owned.database);
        if (postgres == nullptr || owned.role == storage::outbox_role) continue;
        for (const std::string& name : storage::table_names(owned.migrations)) {
            add_table(user_of(servers, *postgres), name, TableUse::Own);
        }
    }
    std::vector<deploy::File> files;
    for (auto& [place, server] : servers) {
        server.clients = clients;
        server.migrations_table = storage::to_postgres(storage::migrations_table().text());
        for (deploy::File& file : MERLON_TRY(deploy::render_postgres(server))) {
            if (servers.size() > 1) file.path = place + "/" + file.path;
            files.push_back(std::move(file));
        }
    }
    return files;
}

}  // namespace merlon::operations
