// The tables of one move, on both sides.
#include "operations/transfer_move.h"

#include <algorithm>
#include <iterator>

#include "base/wait.h"
#include "sealing/key_store.h"
#include "storage/copy/table_names.h"
#include "storage/outbox.h"

namespace merlon::operations {

std::vector<std::string> StoreTransfer::Move::table_names() const {
    std::vector<std::string> names;
    for (const installation::OwnedTables& part : parts) {
        std::ranges::move(storage::table_names(part.migrations), std::back_inserter(names));
    }
    return names;
}

Result<> StoreTransfer::Move::plan() {
    for (const installation::OwnedTables& part : parts) {
        for (std::string& name : storage::table_names(part.migrations)) {
            plans.push_back(MERLON_TRY(wait(storage::plan_copy(here(), there(), name))));
            tables.push_back({std::string(part.role), std::move(name), {}});
        }
    }
    return {};
}

Result<bool> StoreTransfer::Move::is_empty() const {
    for (const auto& statements : plans) {
        const auto rows = MERLON_TRY(wait(target->query(statements->last_key())));
        if (!rows.empty()) return false;
    }
    return true;
}

// Of a database that roles write to, the outbox, too.
Result<> StoreTransfer::Move::make_tables() const {
    const SystemClock clock;
    for (const installation::OwnedTables& part : parts) {
        MERLON_TRY(wait(storage::migrate(*target, clock, part.role, part.migrations)));
    }
    if (parts.front().role == sealing::keys_role) return {};
    return wait(
        storage::migrate(*target, clock, storage::outbox_role, storage::outbox_migrations()));
}

}  // namespace merlon::operations
