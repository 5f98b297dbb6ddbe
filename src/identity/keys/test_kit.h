// A token policy for tests: HS256, the default roles.
#pragma once

#include "identity/keys/token_policy.h"

namespace merlon::identity::testing {

inline TokenPolicy make_policy(Entropy& entropy, std::chrono::seconds longest_access_ttl) {
    tokens::TokenSettings settings;
    settings.algorithm = tokens::Algorithm::HS256;
    settings.secret = Secret("a secret of the tests of identity, 0x5eed");
    return {tokens::Issuer(settings, tokens::Rings::of_secrets(settings).value(), entropy),
            settings.algorithm, settings.reuse_grace, longest_access_ttl,
            std::make_shared<const access::Roles>(access::Roles::defaults())};
}

}  // namespace merlon::identity::testing
