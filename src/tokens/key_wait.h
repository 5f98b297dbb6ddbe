// Verifies a token whose key may be on its way: its issuer's set was not fetched yet, or has a new
// key that we do not know.
#pragma once

#include "tokens/verifier.h"

namespace merlon::tokens {

// Between two fetches that tokens cause, until those of other sets and then the second have ended.
inline constexpr std::chrono::seconds key_wait_max =
    RemoteKeySets::missed_every + 2 * fetch::time_max + std::chrono::seconds{1};

// For a token that was refused with unknown_key_rule; `set` is its key_set_of(). Waits until a
// fetch that began after this call has ended, for key_wait_max at most, and looks after each that
// ends before. Where no key was ever fetched it waits for the first fetch only. Borrows the
// verifier and the clock for the task. Errors: those of Verifier::verify_access, absent_keys_rule,
// awaited_keys_rule, "answer.late" (Unavailable).
Task<AccessToken> verify_when_keys_come(const Verifier* verifier, std::shared_ptr<RemoteKeySet> set,
                                        std::string token, const Clock* clock);

}  // namespace merlon::tokens
