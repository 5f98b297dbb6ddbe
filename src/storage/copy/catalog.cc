// pragma_table_info and sqlite_sequence; pg_attribute and the sequences of identity columns.
#include "storage/copy/catalog.h"

#include <algorithm>
#include <map>

namespace merlon::storage {
namespace {

Task<> set_in(Transaction& transaction, bool is_postgres, std::string table, std::int64_t number) {
    if (is_postgres) {
        MERLON_CO_TRY(co_await transaction.query(
            "SELECT setval(pg_get_serial_sequence('public.' || $1, attname::text)::regclass, $2) "
            "FROM pg_attribute WHERE attrelid = to_regclass('public.' || $1) AND attidentity <> ''",
            {table, number}));
        co_return Result<>{};
    }
    MERLON_CO_TRY(
        co_await transaction.query("DELETE FROM sqlite_sequence WHERE name = $1", {table}));
    MERLON_CO_TRY(co_await transaction.query(
        "INSERT INTO sqlite_sequence (name, seq) VALUES ($1, $2)", {table, number}));
    co_return Result<>{};
}

}  // namespace

bool is_postgres(const DatabaseSettings& settings) {
    return !std::holds_alternative<SqliteSettings>(settings);
}

Task<TableShape> describe_table(Place place, std::string table) {
    const Rows rows = MERLON_CO_TRY(
        place.is_postgres
            ? co_await place.database->query(
                  "SELECT a.attname::text, "
                  "COALESCE(array_position(i.indkey::int2[], a.attnum) + 1, 0) "
                  "FROM pg_attribute a "
                  "LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary "
                  "WHERE a.attrelid = to_regclass('public.' || $1) AND a.attnum > 0 "
                  "AND NOT a.attisdropped ORDER BY a.attnum",
                  {table})
            : co_await place.database->query(
                  "SELECT name, pk FROM pragma_table_info($1) ORDER BY cid", {table}));
    TableShape shape{.name = table};
    std::map<std::int64_t, std::string> key;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        shape.columns.push_back(rows[i].text(0));
        if (rows[i].integer(1) > 0) key.emplace(rows[i].integer(1), rows[i].text(0));
    }
    for (auto& [position, column] : key) shape.key.push_back(std::move(column));
    co_return shape;
}

Task<std::optional<std::int64_t>> last_number(Place place, std::string table) {
    if (!place.is_postgres) {
        const Rows there = MERLON_CO_TRY(co_await place.database->query(
            "SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'"));
        if (there.empty()) co_return std::nullopt;
    }
    const Rows rows = MERLON_CO_TRY(
        place.is_postgres
            ? co_await place.database->query(
                  "SELECT pg_sequence_last_value("
                  "pg_get_serial_sequence('public.' || $1, attname::text)::regclass) "
                  "FROM pg_attribute "
                  "WHERE attrelid = to_regclass('public.' || $1) AND attidentity <> ''",
                  {table})
            : co_await place.database->query("SELECT seq FROM sqlite_sequence WHERE name = $1",
                                             {table}));
    if (rows.empty() || rows[0].is_null(0)) co_return std::nullopt;
    co_return rows[0].integer(0);
}

Task<> set_last_number(Place place, std::string table, std::int64_t number) {
    co_return co_await place.database->transact_work(
        [is_postgres = place.is_postgres, table, number](Transaction& transaction) {
            return set_in(transaction, is_postgres, table, number);
        });
}

}  // namespace merlon::storage
