// The response to a registration or a log-in: the user and their tokens.
#pragma once

#include <string>

#include "http/response.h"
#include "identity/accounts/accounts.h"
#include "identity/keys/access_tokens.h"
#include "identity/sessions/session_starter.h"

namespace merlon::identity {

// Issues the session's first access token.
http::Response sign_in_response(int status, const Account& account, const StartedSession& session,
                                AccessTokens& access_tokens, const TokenPolicy& policy);

// Access tokens for a session of this account.
tokens::AccessGrant grant_of(const Account& account, std::string session_id);

}  // namespace merlon::identity
