// Waits for the issuer's next key set.
#include "tokens/key_wait.h"

namespace merlon::tokens {

Task<AccessToken> verify_when_keys_come(const Verifier* verifier, std::shared_ptr<RemoteKeySet> set,
                                        std::string token, const Clock* clock) {
    const SteadyTime deadline = clock->steady() + key_wait_max;
    const std::uint64_t told_by = set->request_fetch();
    while (true) {
        const std::uint64_t seen = set->fetches();
        auto verified = verifier->verify_access(token, clock->wall());
        if (verified || verified.error().rule != unknown_key_rule) co_return verified;
        if (seen >= told_by) {
            if (set->keys()->empty()) co_return std::unexpected(set->absent());
            co_return verified;
        }
        MERLON_CO_TRY(co_await set->wait_for_fetch(seen, deadline));
    }
}

}  // namespace merlon::tokens
