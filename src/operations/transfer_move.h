// One move of a transfer, and what its databases borrow. Included by the transfer's sources only.
#pragma once

#include "base/clock.h"
#include "base/entropy.h"
#include "operations/store_transfer.h"

namespace merlon::operations {

// What the databases borrow.
struct StoreTransfer::Outside {
    SystemClock clock;
    SystemEntropy entropy;
};

// The databases go last: statements are known to them by address.
struct StoreTransfer::Move : StoreMove {
    std::vector<CopiedTable> tables;
    std::vector<std::unique_ptr<storage::TableStatements>> plans;
    std::unique_ptr<storage::Database> source;
    std::unique_ptr<storage::Database> target;
    bool has_rows = false;  // the target, and nobody says that they are on their way

    storage::Place here() const { return {source.get(), storage::is_postgres(from)}; }
    storage::Place there() const { return {target.get(), storage::is_postgres(to)}; }
    std::vector<std::string> table_names() const;
    Result<> plan();
    Result<bool> is_empty() const;
    Result<> make_tables() const;
};

}  // namespace merlon::operations
