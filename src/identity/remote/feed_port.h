// The keys and the revocations of the auth role, for processes without it: a gateway and every role
// verify tokens by them.
#pragma once

#include <optional>

#include "base/clock.h"
#include "identity/revocation/revocation_feed.h"
#include "rpc/client.h"
#include "rpc/method.h"
#include "tokens/current_keys.h"
#include "tokens/revocations.h"

namespace merlon::identity {

// The subscriber's side. Resource; one call at a time, all from one loop.
class AuthFeed final {
public:
    // Borrows all but the keys for life. `fixed_keys` null: those that auth publishes. Until load()
    // has succeeded there are no others, and the revocations count as stale.
    AuthFeed(rpc::Client& auth, tokens::Revocations& revocations, const Clock& clock,
             std::shared_ptr<const tokens::Keyring> fixed_keys);

    // Everything, once before follow(). Errors: those of Client::call and Keyring::make.
    Task<> load();
    // What is new, as soon as there is something, else after about a second; everything where
    // load() has not succeeded yet. Errors as of load().
    Task<> follow();

    const tokens::CurrentKeys& keys() const { return keys_; }

private:
    Task<rpc::Message> request(const rpc::Message& call);
    Result<> take_over(const rpc::Message& page, SteadyTime as_of);
    Result<> take_over_keys(const std::string& jwks);

    rpc::Client& auth_;
    tokens::Revocations& revocations_;
    const Clock& clock_;
    tokens::CurrentKeys keys_;
    const bool has_fixed_keys_;
    bool is_loaded_ = false;
    std::string jwks_;  // in force
    std::int64_t horizon_ = 0;
    std::string mark_;
};

// The auth role's side. Borrows `feed` for as long as the method is offered.
rpc::OfferedMethod feed_method_of(RevocationFeed& feed);

}  // namespace merlon::identity
