// The policy that tokens are issued under: issuer, keys, lifetimes, roles. A reload or a change of
// keys replaces all of it at once.
#pragma once

#include <functional>
#include <memory>

#include "access/access.h"
#include "base/current.h"
#include "identity/keys/signing_keys.h"
#include "tokens/current_keys.h"
#include "tokens/issuer.h"

namespace merlon::identity {

// Immutable; shared by the calls that are under way.
struct TokenPolicy {
    tokens::Issuer issuer;
    tokens::Algorithm algorithm;
    std::chrono::milliseconds reuse_grace;
    // Tokens issued earlier may live this long: a revocation is kept until they have expired.
    std::chrono::seconds longest_access_ttl;
    std::shared_ptr<const access::Roles> roles;  // shared with the policies before and after

    KeyPolicy key_policy() const { return {algorithm, longest_access_ttl, issuer.refresh_ttl()}; }
    TokenPolicy with(tokens::Rings rings) const {
        return {issuer.with(std::move(rings)), algorithm, reuse_grace, longest_access_ttl, roles};
    }
};

// The policy in force, and the keys by which verifiers check what was issued under it. Safe from
// every thread.
class CurrentTokenPolicy final {
public:
    // `on_change` is called after every replace(), on its thread.
    CurrentTokenPolicy(TokenPolicy policy, std::function<void()> on_change)
        : verifier_keys_(policy.issuer.rings().access),
          policy_(std::make_shared<const TokenPolicy>(std::move(policy))),
          on_change_(std::move(on_change)) {}

    std::shared_ptr<const TokenPolicy> load() const { return policy_.load(); }
    const tokens::CurrentKeys& verifier_keys() const { return verifier_keys_; }

    // The verifiers first: they know a key before a token names it.
    void replace(TokenPolicy policy) {
        verifier_keys_.replace(policy.issuer.rings().access);
        policy_.store(std::make_shared<const TokenPolicy>(std::move(policy)));
        on_change_();
    }

private:
    tokens::CurrentKeys verifier_keys_;
    Current<TokenPolicy> policy_;
    std::function<void()> on_change_;
};

}  // namespace merlon::identity
