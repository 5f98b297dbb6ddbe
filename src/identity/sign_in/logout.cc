// Logs out by either token. Read logout() first.
#include "identity/sign_in/logout.h"

#include "api/responses.h"
#include "identity/accounts/forms.h"
#include "tokens/issuer.h"

namespace merlon::identity {
namespace {

using session_store::EndedBy;
using session_store::EndedByToken;
using session_store::PresentedToken;
using storage::Transaction;

// What a sign-out is becomes known in its transaction: a used token was stolen from its owner or by
// them.
AccountEvent event_of(EndedBy by, AccountEvent logout) {
    if (by == EndedBy::UsedToken) {
        logout.event.type = events::Type::RefreshReuse;
        logout.event.severity = events::default_severity(logout.event.type);
    }
    return logout;
}

Task<EndedByToken> end_and_record(Transaction& transaction, PresentedToken presented,
                                  std::int64_t until, AccountEvent logout) {
    const EndedByToken ended = MERLON_CO_TRY(
        co_await session_store::end_by_token(transaction, std::move(presented), until));
    if (ended.by != EndedBy::Nobody) {
        MERLON_CO_TRY(
            co_await AccountEvents::store(transaction, event_of(ended.by, std::move(logout))));
    }
    co_return ended;
}

}  // namespace

Task<http::Response> Logout::logout(api::LocalCall call) {
    LogoutForm form = MERLON_CO_TRY(LogoutForm::parse(call.body.reveal()));
    if (!call.user_id.empty()) co_return co_await sessions_.logout(std::move(call));
    if (form.refresh_token) {
        co_return co_await end_by(*std::move(form.refresh_token), std::move(call.client));
    }
    MERLON_ASSERT(call.refused_token.has_value());
    co_return std::unexpected(*std::move(call.refused_token));
}

// Services that ask Redis by token and version alone learn of it by the user's version: no access
// token of the session is at hand.
Task<http::Response> Logout::end_by(std::string refresh_token, std::string client) {
    const tokens::RefreshToken token =
        MERLON_CO_TRY(policy_.load()->issuer.verify_refresh(refresh_token, clock_.wall()));
    const PresentedToken presented{session_store::session_of(token.token_id), token.user_id,
                                   token.token_id, clock_.wall().time_since_epoch().count()};
    const AccountEvent logout =
        MERLON_CO_TRY(co_await events_.make(events::Type::Logout, token.user_id, client));
    const WallTime until = access_tokens_.last_expiry();
    const EndedByToken ended = MERLON_CO_TRY(co_await database_.transact<EndedByToken>(
        [presented, until = until.time_since_epoch().count(), logout](Transaction& transaction) {
            return end_and_record(transaction, presented, until, logout);
        }));
    if (ended.by == EndedBy::Nobody) co_return fail(Kind::Unknown, tokens::invalid_refresh_rule);
    const bool is_good = ended.by == EndedBy::GoodToken;
    revocations_.end_session(presented.session_id, until);
    events_.log(event_of(ended.by, logout));
    MERLON_CO_TRY(co_await revocations_.write_version(token.user_id, ended.version, until));
    if (!is_good) co_return fail(Kind::Unknown, tokens::invalid_refresh_rule);
    co_return api::empty_response();
}

}  // namespace merlon::identity
