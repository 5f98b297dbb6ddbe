// The statements that copy one table. They are the only ones that are no literals: the plan for a
// table is its columns, and a list of those for every table of every role would drift.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "storage/database.h"

namespace merlon::storage {

// As the database itself describes it.
struct TableShape {
    std::string name;
    std::vector<std::string> columns;  // in their order there
    std::vector<std::string> key;      // the primary key's columns, in its order
};

// Resource; outlives the databases that its statements were given to, which know them by address.
//
// Why it is safe: names are lower-case letters, digits and _, so none ends what it stands in; the
// table's come from the program's own migrations; values are parameters like everywhere.
class TableStatements final {
public:
    static constexpr std::int64_t batch_rows = 500;

    // Error: schema_rule (Corrupt: a name that is no such word, or no primary key).
    static Result<std::unique_ptr<TableStatements>> make(TableShape shape);
    TableStatements(const TableStatements&) = delete;

    const TableShape& shape() const { return shape_; }
    Sql count() const { return made(count_); }
    // The first batch in the order of the key, and the one after a key.
    Sql first() const { return made(first_); }
    Sql after() const { return made(after_); }
    // The key of the last row.
    Sql last_key() const { return made(last_key_); }
    Sql insert() const { return made(insert_); }

private:
    explicit TableStatements(TableShape shape);
    static Sql made(const std::string& text) { return Sql(Sql::Made{text}); }

    const TableShape shape_;
    std::string count_;
    std::string first_;
    std::string after_;
    std::string last_key_;
    std::string insert_;
};

}  // namespace merlon::storage
