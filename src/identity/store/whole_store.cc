// Compares the store with its key store: both are new, or both are in use.
#include "identity/store/whole_store.h"

#include "identity/store/schema.h"

namespace merlon::identity {
namespace {

Task<> compare(storage::Database* database, sealing::KeyStore* keys) {
    const auto reports =
        MERLON_CO_TRY(co_await storage::report_migrations(*database, auth_role, auth_migrations()));
    const bool is_new = reports.front().state == storage::MigrationState::Pending;
    const bool has_people = MERLON_CO_TRY(co_await keys->has_people());
    if (is_new && has_people) {
        co_return fail(Kind::Corrupt, store_lost_rule,
                       "the store is empty, but its key store has people's keys: restore it, or "
                       "move the key store away to begin anew");
    }
    if (is_new || has_people) co_return Result<>{};
    const auto accounts = MERLON_CO_TRY(co_await database->query("SELECT 1 FROM accounts LIMIT 1"));
    if (accounts.empty()) co_return Result<>{};
    co_return fail(Kind::Corrupt, keys_lost_rule,
                   "the store has accounts, but its key store has nobody's key: restore it");
}

}  // namespace

// Twice before it fails: the two are read one after the other, and another process may be making
// both at this moment.
Task<> require_whole_store(storage::Database* database, sealing::KeyStore* keys) {
    if (co_await compare(database, keys)) co_return Result<>{};
    co_return co_await compare(database, keys);
}

}  // namespace merlon::identity
