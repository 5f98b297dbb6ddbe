// Serves gateways in other processes what they have to refuse, and the keys to verify by.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "identity/keys/token_policy.h"
#include "identity/revocation/change_signal.h"
#include "identity/revocation/recent_revocations.h"
#include "storage/database.h"

namespace merlon::identity {

struct RevocationFeedPage {
    std::vector<RevocationRow> revocations;
    // To read from the next time, and a mark of what was seen from there already: a transaction
    // that is long under way holds the horizon back.
    std::int64_t horizon = 0;
    std::string mark;
    std::string last;  // subject of a page that is not the last; empty: it is
    std::string jwks;  // the keys as they are now
    // It is complete as of so long after the request; negative: before it.
    std::chrono::milliseconds as_of{};
};

// Safe from every thread. Borrows all for its life. Errors of both reads: those of Database.
class RevocationFeed final {
public:
    RevocationFeed(storage::Database& database, const CurrentTokenPolicy& policy,
                   const Clock& clock)
        : database_(database), policy_(policy), clock_(clock) {}

    // A page of all that is revoked, after a subject (empty: from the first).
    Task<RevocationFeedPage> read_all(std::string after);
    // What was revoked since a horizon, as soon as there is more than `mark` stands for, else at
    // the next notify(). Both are those of the page before.
    Task<RevocationFeedPage> wait_for_changes(std::int64_t horizon, std::string mark);

    // What was read from the table last, so that however many gateways follow, one query finds what
    // is new.
    void keep_recent(std::int64_t since, RevocationChanges changes) {
        recent_.add(since, std::move(changes));
    }
    // Wakes the waiting reads: something changed, or they have waited for long enough. A read that
    // finds nothing new is how a gateway knows that the feed is alive.
    void notify() { changed_.raise(); }

private:
    Task<RevocationChanges> changes_since(std::int64_t horizon);
    std::string jwks() const { return policy_.load()->issuer.jwks(clock_.wall()); }

    storage::Database& database_;
    const CurrentTokenPolicy& policy_;
    const Clock& clock_;
    ChangeSignal changed_;
    RecentRevocations recent_;
};

}  // namespace merlon::identity
