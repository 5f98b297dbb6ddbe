// Changes the signing keys and the token policy: by a reload, by an operator's command, and by
// taking over what another process of this role has changed.
#pragma once

#include <atomic>
#include <string>

#include "api/local_service.h"
#include "identity/keys/token_policy_source.h"

namespace merlon::identity {

// Safe from every thread, but for follow(). Borrows all for its life.
class KeyAdministration final {
public:
    KeyAdministration(SigningKeys& keys, TokenPolicySource& source, CurrentTokenPolicy& policy,
                      const Clock& clock)
        : keys_(keys), source_(source), policy_(policy), clock_(clock) {}

    // Keys that still verify something, newest first. Each gives them as a JSON array. Errors:
    // "key.shared" (Conflict: HS256), "key.changing" (Conflict), and those of SigningKeys.
    Task<std::string> list();
    Task<std::string> rotate(KeyStart start);
    Task<std::string> retire(std::string kid);

    // All or nothing of a reload. Another algorithm is a rotation; another shared secret ends the
    // tokens issued under the one before. Borrows the settings for the task.
    // Errors: "key.changing" (Conflict), and those of
    // TokenPolicySource::load().
    Task<> reload(const tokens::TokenSettings& settings, access::Roles roles);

    // Takes the stored state for known, once before follow(). Errors of both: those of
    // TokenPolicySource.
    Task<> begin_following();
    // Takes over what another process has changed. One at a time.
    Task<> follow();

    // GET /.well-known/jwks.json
    Task<http::Response> published_keys(api::LocalCall call);
    // GET /.well-known/openid-configuration
    Task<http::Response> discovery(api::LocalCall call);

private:
    SigningKeys& keys_;
    TokenPolicySource& source_;
    CurrentTokenPolicy& policy_;
    const Clock& clock_;
    std::atomic<bool> is_changing_{false};
    std::string known_fingerprint_;  // follow()'s
};

}  // namespace merlon::identity
