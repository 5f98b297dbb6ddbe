// Reads the revocations table into this process's set.
#include "identity/revocation/revocation_follower.h"

#include <algorithm>

#include "identity/revocation/revocation_table.h"

namespace merlon::identity {

Task<> RevocationFollower::note_latest_issue() {
    const storage::Rows latest =
        MERLON_CO_TRY(co_await database_.query("SELECT MAX(last_seen_at) FROM sessions"));
    if (!latest[0].is_null(0)) {
        access_tokens_.note_issue(WallTime{std::chrono::milliseconds{latest[0].integer(0)}});
    }
    co_return Result<>{};
}

Task<> RevocationFollower::load() {
    const SteadyTime begun = clock_.steady();
    MERLON_CO_TRY(co_await note_latest_issue());
    const std::int64_t horizon = MERLON_CO_TRY(co_await revocation_table::horizon(&database_));
    std::string last;
    for (bool is_more = true; is_more;) {
        const std::int64_t oldest =
            revocation_table::oldest_kept(clock_.wall().time_since_epoch().count());
        const auto page = MERLON_CO_TRY(co_await revocation_table::page(&database_, last, oldest));
        for (const RevocationRow& one : page) take_over(one);
        is_more = revocation_table::is_full(page);
        if (is_more) last = page.back().subject;
    }
    horizon_ = horizon;
    if (database_.is_shared()) revocations_.note_whole_at(begun);
    co_return Result<>{};
}

Task<> RevocationFollower::follow() {
    RevocationChanges changes =
        MERLON_CO_TRY(co_await revocation_table::changes_since(&database_, &clock_, horizon_));
    for (const RevocationRow& one : changes.revocations) take_over(one);
    revocations_.note_whole_at(changes.as_of);
    const std::int64_t next = changes.horizon;
    feed_.keep_recent(horizon_, std::move(changes));
    horizon_ = next;
    co_return Result<>{};
}

// At least until the last token that we know of has expired: another process's clock may differ.
void RevocationFollower::take_over(const RevocationRow& revocation) {
    const WallTime until{std::chrono::milliseconds{revocation.until_ms}};
    revocations_.learn(revocation.subject, revocation.least_version,
                       std::max(until, access_tokens_.last_expiry()));
    if (session_keys_ == nullptr) return;
    // The process that ended the session or raised the version may have been killed before Redis
    // had it, or know of no Redis.
    auto key = revocation.least_version == any_version
                   ? SessionKey::of_session(revocation.subject, until)
                   : SessionKey::of_version(revocation.subject, revocation.least_version, until);
    // One whose tokens have expired would only take a live one's place in the journal.
    if (key && key->seconds_left(clock_.wall()) > 0) session_keys_->add(*std::move(key));
}

}  // namespace merlon::identity
