// On what terms tokens are given: what a reload or a change of keys replaces, all of it at once.
#pragma once

#include <memory>

#include "access/access.h"
#include "identity/keys/signing_keys.h"
#include "tokens/issuer.h"

namespace merlon::identity {

// Immutable; shared by the calls that are under way.
struct Terms {
    tokens::Issuer issuer;
    tokens::Algorithm algorithm;
    std::chrono::milliseconds reuse_grace;
    // Tokens of before may live this long: a revocation is kept until they have expired.
    std::chrono::seconds longest_access_ttl;
    std::shared_ptr<const access::Roles> roles;  // shared with the terms before and after

    KeyPolicy key_policy() const { return {algorithm, longest_access_ttl, issuer.refresh_ttl()}; }
    Terms with(tokens::Rings rings) const {
        return {issuer.with(std::move(rings)), algorithm, reuse_grace, longest_access_ttl, roles};
    }
};

}  // namespace merlon::identity
