// Has auth verify a token, for processes that hold no key to verify it with.
#pragma once

#include "rpc/client.h"
#include "rpc/token_check.h"

namespace merlon::identity {

// The caller's side. Safe from every thread.
class RemoteTokenAuthority final : public rpc::TokenAuthority {
public:
    // Borrows the client for life.
    explicit RemoteTokenAuthority(rpc::Client& auth) : auth_(auth) {}
    Task<> verify(std::string token) override;

private:
    rpc::Client& auth_;
};

// Auth's side. `verify` verifies one token; it may fail with the rules of Verifier::verify_access
// and with "token.revoked".
rpc::OfferedMethod verify_method_of(std::function<Result<>(std::string_view token)> verify);

}  // namespace merlon::identity
