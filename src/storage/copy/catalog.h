// What a database says of its own tables, in its own words: the two dialects differ there.
#pragma once

#include "storage/copy/table_statements.h"
#include "storage/database.h"
#include "storage/open/settings.h"

namespace merlon::storage {

// An open database and what it is. Borrows it.
struct Place {
    Database* database;
    bool is_postgres;
};

bool is_postgres(const DatabaseSettings& settings);

// Without columns when there is no such table.
Task<TableShape> describe_table(Place place, std::string table);

// The last number that the table gave to a row by itself, also of one that is deleted; none when
// it gives no numbers, or has given none.
Task<std::optional<std::int64_t>> last_number(Place place, std::string table);
// What comes next is above `number`. The table gives numbers.
Task<> set_last_number(Place place, std::string table, std::int64_t number);

}  // namespace merlon::storage
