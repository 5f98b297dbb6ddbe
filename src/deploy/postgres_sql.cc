// Renders SQL. Read setup_sql() first. Names have been checked (postgres.cc); they are quoted all
// the same.
#include "deploy/postgres_sql.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace merlon::deploy {
namespace {

std::string identifier(std::string_view name) { return fmt::format("\"{}\"", name); }
std::string literal(std::string_view text) { return fmt::format("'{}'", text); }

std::string_view privileges(TableUse use) {
    switch (use) {
        case TableUse::Own:
            return "SELECT, INSERT, UPDATE, DELETE";
        case TableUse::Append:
            return "SELECT, INSERT";
        case TableUse::Read:
            return "SELECT";
    }
    MERLON_ASSERT(false);
}

// Makes it unless it is there, and takes away what it may have been given. psql's \gexec runs what
// a query answers: nothing, when there is nothing to do.
std::string make_role(std::string_view name) {
    return fmt::format(
        "SELECT 'CREATE ROLE {0}' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {1}) "
        "\\gexec\n"
        "ALTER ROLE {0} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;\n",
        identifier(name), literal(name));
}

std::string make_roles(const PostgresServer& server) {
    std::set<std::string> done;  // one user may serve several databases
    std::string sql;
    const auto make = [&](const std::string& name) {
        if (done.insert(name).second) sql += make_role(name);
    };
    for (const PostgresDatabase& database : server.databases) {
        sql += fmt::format("\n-- {}: {} migrates", database.name, database.owner);
        for (const PostgresUser& user : database.users) {
            sql += fmt::format("; {} serves {}", user.name, fmt::join(user.serves, ", "));
        }
        sql += '\n';
        make(database.owner);
        for (const PostgresUser& user : database.users) make(user.name);
    }
    return sql;
}

// Its owner is whoever runs this: neither of the two can drop it.
std::string make_database(const PostgresDatabase& database, std::string_view users) {
    return fmt::format(R"sql(
SELECT 'CREATE DATABASE {0} TEMPLATE template0 ENCODING ''UTF8'''
    WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = {1}) \gexec
ALTER DATABASE {0} OWNER TO CURRENT_USER;
BEGIN;
REVOKE ALL ON DATABASE {0} FROM PUBLIC, {2}, {3};
GRANT CONNECT ON DATABASE {0} TO {2}, {3};
COMMIT;

\connect {0}

BEGIN;
REVOKE ALL ON SCHEMA public FROM PUBLIC, {2}, {3};
GRANT USAGE, CREATE ON SCHEMA public TO {2};
GRANT USAGE ON SCHEMA public TO {3};
COMMIT;
)sql",
                       identifier(database.name), literal(database.name),
                       identifier(database.owner), users);
}

std::set<std::string> tables_of(const PostgresDatabase& database) {
    std::set<std::string> tables;
    for (const PostgresUser& user : database.users) {
        for (const PostgresTable& table : user.tables) tables.insert(table.name);
    }
    return tables;
}

// A statement for each of the tables that are there by now; %1$I stands for the table.
std::string for_tables(std::string_view statement, const std::vector<std::string>& tables) {
    std::vector<std::string> rows;
    for (const std::string& table : tables) rows.push_back("(" + literal(table) + ")");
    return fmt::format(
        "SELECT format('{}', name) FROM (VALUES {}) AS tables (name)\n"
        "    WHERE to_regclass(format('public.%I', name)) IS NOT NULL \\gexec\n",
        statement, fmt::join(rows, ", "));
}

// Tables that a server made before it had an owner beside it; then the one that is asked before
// anything is migrated, so that whoever serves cannot write there from its first moment on.
std::string own_tables(const PostgresDatabase& database, std::string_view migrations_table) {
    std::vector<std::string> names;
    for (const std::string& name : tables_of(database)) names.push_back(literal(name));
    const std::string sql =
        fmt::format(R"sql(
SELECT format('ALTER TABLE public.%I OWNER TO {}', tablename) FROM pg_tables
    WHERE schemaname = 'public' AND tableowner <> {} AND tablename IN ({}) \gexec
)sql",
                    identifier(database.owner), literal(database.owner), fmt::join(names, ", "));
    return sql + fmt::format("SET ROLE {};{};\nRESET ROLE;\n", identifier(database.owner),
                             migrations_table);
}

// What a later migration makes. With several users only the tables' names say whose they are.
std::string default_privileges(const PostgresDatabase& database) {
    const std::string owner = identifier(database.owner);
    std::string sql = fmt::format(
        "\nALTER DEFAULT PRIVILEGES FOR ROLE {} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;\n", owner);
    if (database.users.size() > 1) {
        return sql + "-- Several roles share this database: run this again after each migration.\n";
    }
    return sql + fmt::format(R"sql(ALTER DEFAULT PRIVILEGES FOR ROLE {0} IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {1};
ALTER DEFAULT PRIVILEGES FOR ROLE {0} IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {1};
)sql",
                             owner, identifier(database.users.front().name));
}

// Of each table exactly what the user needs, in one transaction: a running server sees no gap.
// Tables of a newer release are left as they are.
std::string grants(const PostgresDatabase& database) {
    const std::set<std::string> all = tables_of(database);
    std::string sql = "\nBEGIN;\n";
    for (const PostgresUser& user : database.users) {
        const std::string to = identifier(user.name);
        sql += for_tables(fmt::format("REVOKE ALL ON public.%I FROM PUBLIC, {}", to),
                          {all.begin(), all.end()});
        for (const TableUse use : {TableUse::Own, TableUse::Append, TableUse::Read}) {
            std::vector<std::string> tables;
            for (const PostgresTable& table : user.tables) {
                if (table.use == use) tables.push_back(table.name);
            }
            if (tables.empty()) continue;
            sql +=
                for_tables(fmt::format("GRANT {} ON public.%I TO {}", privileges(use), to), tables);
        }
        sql += fmt::format("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {};\n", to);
    }
    return sql + "COMMIT;\n";
}

}  // namespace

std::string setup_sql(const PostgresServer& server) {
    std::string sql =
        R"sql(-- Made by "merlon render postgres": change merlon.yaml, not this. For psql, as a superuser, before
-- "merlon migrate up" and once more after it, and after each release; as often as one likes:
--     psql -X -d postgres -f setup.sql
\set ON_ERROR_STOP on
)sql";
    sql += make_roles(server);
    for (const PostgresDatabase& database : server.databases) {
        std::vector<std::string> users;
        for (const PostgresUser& user : database.users) users.push_back(identifier(user.name));
        sql += make_database(database, fmt::format("{}", fmt::join(users, ", ")));
        sql += own_tables(database, server.migrations_table);
        sql += default_privileges(database);
        sql += grants(database);
    }
    return sql;
}

std::string passwords_sql(const PostgresServer& server) {
    std::set<std::string> names;
    for (const PostgresDatabase& database : server.databases) {
        names.insert(database.owner);
        for (const PostgresUser& user : database.users) names.insert(user.name);
    }
    std::string sql =
        R"sql(-- Made by "merlon render postgres". Asks for each role's password; psql sends its SCRAM verifier
-- only, and even that stands in no log:
--     psql -X -d postgres -f passwords.sql
\set ON_ERROR_STOP on
SET password_encryption = 'scram-sha-256';
SET log_statement = 'none';
)sql";
    for (const std::string& name : names) {
        sql += fmt::format("\\echo {0}\n\\password {0}\n", identifier(name));
    }
    return sql;
}

}  // namespace merlon::deploy
