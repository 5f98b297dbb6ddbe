// Consults the cache, then the verifier, then the revocations.
#include "gateway/token_gate.h"

#include <utility>

#include "api/bearer_token.h"
#include "gateway/proxy/proxy_fields.h"

namespace merlon::gateway {

TokenGate::TokenGate(const tokens::Revocations& revocations, metrics::Registry& metrics)
    : revocations_(revocations),
      hits_(metrics.counter("merlon_token_cache", "look-ups of verified tokens",
                            {{"outcome", "hit"}})),
      misses_(metrics.counter("merlon_token_cache", "look-ups of verified tokens",
                              {{"outcome", "miss"}})) {}

Result<const access::Subject*> TokenGate::admit(const wire::RequestHead& head, Request& request) {
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
    } else {
        misses_.add();
        tokens::AccessToken verified = MERLON_TRY(verifier.verify_access(token, now));
        verified.subject.identity_fields = identity_fields(verified.subject);
        request.token = cache.put(token, std::move(verified));
    }
    MERLON_TRY(check_revocation(request));
    return &request.token->subject;
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
