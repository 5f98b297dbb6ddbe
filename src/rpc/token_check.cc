// Consults the cache, then verifies the signature, then checks for revocation.
#include "rpc/token_check.h"

#include <utility>

namespace merlon::rpc {

TokenCheck::TokenCheck(const TokenRules& rules, const access::Roles& roles)
    : rules_(rules), roles_(roles) {
    // No trusted issuers: a built-in role takes our own tokens only.
    if (rules.keys != nullptr) {
        verifier_.emplace(rules.claims, *rules.keys, tokens::TrustedIssuers(), roles);
    }
}

Task<tokens::TokenCache::Kept> TokenCheck::verify(std::string token, WallTime now,
                                                  SteadyTime steady_now) {
    if (token.empty()) co_return fail(Kind::Unknown, tokens::missing_token_rule);
    if (rules_.closed_after && steady_now - *rules_.closed_after > rules_.revocations.whole_at()) {
        co_return fail(Kind::Unavailable, "token.stale");
    }
    const std::uint64_t generation = verifier_ ? verifier_->generation() : 0;
    if (std::exchange(keys_seen_, generation) != generation) cache_.flush();
    tokens::TokenCache::Kept kept = cache_.find(token, now);
    if (kept == nullptr) {
        tokens::AccessToken verified = MERLON_CO_TRY(co_await verify_afresh(token, now));
        kept = cache_.put(token, std::move(verified));
    }
    MERLON_CO_TRY(rules_.revocations.require_live(*kept));
    co_return kept;
}

Task<tokens::AccessToken> TokenCheck::verify_afresh(std::string token, WallTime now) {
    if (verifier_) {
        auto verified = verifier_->verify_access(token, now);
        // A key that auth has just begun to use may reach the gateway before it reaches us.
        const bool may_be_new =
            !verified && verified.error().rule == tokens::unknown_key_rule && rules_.authority;
        if (!may_be_new) co_return verified;
    }
    MERLON_CO_TRY(co_await rules_.authority->verify(token));
    // Auth vouches for the signature; the claims are read as strictly here as there.
    const wire::CompactJws jws = MERLON_CO_TRY(wire::CompactJws::parse(token));
    co_return tokens::parse_access_claims(jws.payload, rules_.claims, roles_, now);
}

}  // namespace merlon::rpc
