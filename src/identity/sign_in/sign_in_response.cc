// Renders the user and their tokens.
#include "identity/sign_in/sign_in_response.h"

#include <fmt/format.h>

#include "api/responses.h"
#include "identity/accounts/account_json.h"

namespace merlon::identity {

tokens::AccessGrant grant_of(const Account& account, std::string session_id) {
    return {account.id, account.email, account.role, {}, std::move(session_id), account.version};
}

http::Response sign_in_response(int status, const Account& account, const StartedSession& session,
                                AccessTokens& access_tokens, const TokenPolicy& policy) {
    return api::data_response(
        status, fmt::format(R"({{"user":{},"accessToken":"{}","refreshToken":"{}",)"
                            R"("tokenType":"Bearer","expiresIn":{}}})",
                            user_json(account, *policy.roles),
                            access_tokens.issue(grant_of(account, session.row.id)),
                            session.refresh_token, policy.issuer.access_ttl().count()));
}

}  // namespace merlon::identity
