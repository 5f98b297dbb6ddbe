// PostgreSQL as an installation needs it and no wider: one role that migrates and one that serves
// for each database, who may connect how, and what the server writes down. Pure: text in, text out.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "deploy/file.h"

namespace merlon::deploy {

enum class TableUse : std::uint8_t {
    Own,     // SELECT, INSERT, UPDATE, DELETE
    Append,  // SELECT, INSERT: what happened is not changed afterwards
    Read,    // SELECT
};

struct PostgresTable {
    std::string name;
    TableUse use;
};

// A role that a process connects as, in one database.
struct PostgresUser {
    std::string name;
    std::vector<std::string> serves;  // parts of Merlon, for people
    std::vector<PostgresTable> tables;
    bool has_tls = true;
    bool has_certificate = false;  // the server asks it for one
};

struct PostgresDatabase {
    std::string name;
    std::string owner;  // migrates; nobody serves as it
    std::vector<PostgresUser> users;
};

struct PostgresServer {
    std::vector<PostgresDatabase> databases;
    std::string migrations_table;      // a CREATE TABLE IF NOT EXISTS in PostgreSQL's words
    std::vector<std::string> clients;  // who may connect, as CIDR blocks; empty: from anywhere
};

// auth_owner of auth_db.
std::string owner_of(std::string_view database);

// setup.sql, passwords.sql, pg_hba.conf and postgresql.conf. No password is in any of them. Error:
// "postgres.name" (Invalid: a name that is more than letters, digits and _ . -, or a user who is
// the owner).
Result<std::vector<File>> render_postgres(const PostgresServer& server);

}  // namespace merlon::deploy
