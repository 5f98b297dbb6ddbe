// Looking at both.
#include "identity/store/whole_store.h"

#include "identity/store/schema.h"

namespace merlon::identity {

namespace {

Task<> look(Parts parts) {
    const auto reports = MERLON_CO_TRY(
        co_await storage::report_migrations(parts.database, auth_role, auth_migrations()));
    const bool is_new = reports.front().state == storage::MigrationState::Pending;
    const bool has_people = MERLON_CO_TRY(co_await parts.keys.has_people());
    if (is_new && has_people) {
        co_return fail(Kind::Corrupt, "store.lost",
                       "the store is empty, but its key store has people's keys: restore it, or "
                       "move the key store away to begin anew");
    }
    if (is_new || has_people) co_return Result<>{};
    const auto accounts =
        MERLON_CO_TRY(co_await parts.database.query("SELECT 1 FROM accounts LIMIT 1"));
    if (accounts.empty()) co_return Result<>{};
    co_return fail(Kind::Corrupt, "keys.lost",
                   "the store has accounts, but its key store has nobody's key: restore it");
}

}  // namespace

// Twice before it fails: another process may make both at this moment, and they are looked at one
// after the other.
Task<> require_whole_store(Parts parts) {
    if (co_await look(parts)) co_return Result<>{};
    co_return co_await look(parts);
}

}  // namespace merlon::identity
