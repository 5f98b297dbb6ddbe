// Consults the cache, then the verifier, then the revocations.
#include "gateway/token_gate.h"

#include <utility>

#include "api/bearer_token.h"
#include "gateway/proxy/proxy_fields.h"

namespace merlon::gateway {

TokenGate::TokenGate(const tokens::Revocations& revocations, const Clock& clock,
                     metrics::Registry& metrics)
    : revocations_(revocations),
      clock_(clock),
      hits_(metrics.counter("merlon_token_cache", "look-ups of verified tokens",
                            {{"outcome", "hit"}})),
      misses_(metrics.counter("merlon_token_cache", "look-ups of verified tokens",
                              {{"outcome", "miss"}})) {}

Task<> TokenGate::admit(const wire::RequestHead& head, Request& request) {
    const std::string_view token = api::bearer_token(head);
    if (token.data() == nullptr) return fail(Kind::Unknown, tokens::missing_token_rule);
    const WallTime now = request.received_at;
    const tokens::Verifier& verifier = *request.snapshot->verifier;
    tokens::TokenCache& cache = request.state->cache;
    const std::uint64_t generation = verifier.generation();
    if (std::exchange(request.state->keys_seen, generation) != generation) cache.flush();
    request.token = cache.find(token, now);
    if (request.token != nullptr) {
        hits_.add();
        return check_revocation(request);
    }
    misses_.add();
    auto verified = verifier.verify_access(token, now);
    if (!verified) {
        if (verified.error().rule != tokens::unknown_key_rule) {
            return std::unexpected(std::move(verified).error());
        }
        auto set = verifier.key_set_of(token);
        // A built-in role refuses another issuer's token in any case: nothing to wait for.
        const bool is_waited_for = set != nullptr && request.match.route->declared == nullptr;
        if (!is_waited_for) return std::unexpected(std::move(verified).error());
        return admit_later(std::move(set), token, request);
    }
    keep(token, *std::move(verified), request);
    return check_revocation(request);
}

Task<> TokenGate::admit_later(std::shared_ptr<tokens::RemoteKeySet> set, std::string_view token,
                              Request& request) {
    tokens::AccessToken verified = MERLON_CO_TRY(co_await tokens::verify_when_keys_come(
        &*request.snapshot->verifier, std::move(set), std::string(token), &clock_));
    keep(token, std::move(verified), request);
    co_return check_revocation(request);
}

void TokenGate::keep(std::string_view token, tokens::AccessToken verified, Request& request) {
    verified.subject.identity_fields = identity_fields(verified.subject);
    request.token = request.state->cache.put(token, std::move(verified));
}

Result<> TokenGate::check_revocation(const Request& request) const {
    const tokens::AccessToken& token = *request.token;
    const bool is_closed =
        request.any_route([](const Route& route) { return route.closed_when_stale; });
    if (is_closed && token.origin == tokens::Origin::Own &&
        request.began - request.snapshot->stale_after > revocations_.whole_at()) {
        return fail(Kind::Unavailable, "token.stale");
    }
    return revocations_.require_live(token);
}

}  // namespace merlon::gateway
