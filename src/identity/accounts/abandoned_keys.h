// Finds the keys of accounts that never came to be, and destroys them. The key is made before the
// account's transaction, in another store; when that transaction's end is in doubt, only the
// accounts table can tell, later, whether the key is a living person's.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "sealing/key_store.h"
#include "sealing/pending_people.h"
#include "storage/database.h"

namespace merlon::identity {

// One sweep at a time. Borrows all for its life.
class AbandonedKeys final {
public:
    // A registration is over long before, whatever it waited for.
    static constexpr std::chrono::milliseconds least_age = std::chrono::hours{1};
    static constexpr std::chrono::minutes interval{10};

    AbandonedKeys(storage::Database& database, sealing::KeyStore& keys, const Clock& clock)
        : database_(database), keys_(keys), clock_(clock) {}

    // Forgets the pending people who have an account, and destroys the keys of those who are old
    // enough and had none at the sweep before, either. The second condition is for a wall clock
    // that is put forward: a registration that is under way looks old then. Who is not pending is
    // never touched: a data store that was restored from before people came loses nobody. Errors:
    // those of both databases; what was done stays done.
    Task<> sweep();

private:
    using People = std::vector<sealing::pending_people::Pending>;

    // Gives those without an account whose keys were left.
    Task<std::vector<std::string>> judge(People people);

    storage::Database& database_;
    sealing::KeyStore& keys_;
    const Clock& clock_;
    std::set<std::string> without_account_;  // at the last sweep
};

}  // namespace merlon::identity
