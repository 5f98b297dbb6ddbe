// Copying a table from one database to another, whatever they are.
#pragma once

#include <array>
#include <functional>

#include "storage/copy/catalog.h"

namespace merlon::storage {

// Rows in no order: how many, and the sum of their digests, word by word.
struct TableSum {
    std::int64_t rows = 0;
    std::array<std::uint64_t, 4> digests{};
    friend bool operator==(const TableSum&, const TableSum&) = default;
    std::string text() const;
};

// What both databases' tables of that name have in common, which has to be all. Error:
// schema_rule.
Task<std::unique_ptr<TableStatements>> plan_copy(Place from, Place to, std::string table);

// Copies the rows whose key is above every key in `to`, in its order, a transaction for each batch:
// wherever it is killed, calling it again goes on. Then the last number that the table gave.
// `step` is told of each batch. What is pointed at outlives the task.
Task<> copy_table(Place from, Place to, const TableStatements* statements,
                  std::function<void()> step);

// Reads the whole table.
Task<TableSum> sum_table(Place place, const TableStatements* statements);

}  // namespace merlon::storage
