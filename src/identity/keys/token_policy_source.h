// Builds the token policy from the configuration and from what the database keeps of it: signing
// keys, and how long the access tokens issued so far may live.
#pragma once

#include <string>

#include "identity/keys/token_policy.h"

namespace merlon::identity {

// Safe from every thread. Borrows all for its life. Errors of all: those of Database and
// SigningKeys.
class TokenPolicySource final {
public:
    TokenPolicySource(SigningKeys& keys, storage::Database& database, const Clock& clock,
                      Entropy& entropy)
        : keys_(keys), database_(database), clock_(clock), entropy_(entropy) {}

    // As the configuration says. Remembers the lifetime of access tokens, and makes a signing key
    // when there is none of the algorithm. Borrows the settings for the task. Further errors: those
    // of tokens::Rings::of_secrets().
    Task<TokenPolicy> load(const tokens::TokenSettings& settings, access::Roles roles);
    // `current` with the keys and lifetimes that other processes have stored.
    Task<TokenPolicy> refresh(std::shared_ptr<const TokenPolicy> current);
    // Differs when refresh() would give another policy.
    Task<std::string> fingerprint();

private:
    Task<tokens::Rings> load_rings(const tokens::TokenSettings& settings);

    SigningKeys& keys_;
    storage::Database& database_;
    const Clock& clock_;
    Entropy& entropy_;
};

}  // namespace merlon::identity
