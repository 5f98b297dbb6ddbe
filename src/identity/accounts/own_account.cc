// Changes the user's own password: the hash, the end of the other sessions and the event are one
// transaction.
#include "identity/accounts/own_account.h"

#include "api/responses.h"
#include "identity/accounts/account_json.h"
#include "identity/accounts/forms.h"
#include "identity/sessions/session_store.h"

namespace merlon::identity {
namespace {

using session_store::EndedOthers;
using storage::Transaction;

// 400, since the caller's token was good: a client answers 401 by refreshing and repeating the
// request, and the repeated guesses would lock the account.
std::unexpected<Error> wrong_current_password() {
    return fail(Kind::Invalid, "password.current", {},
                FieldErrors{{"currentPassword", "\"currentPassword\" is wrong"}});
}

Task<EndedOthers> store_password(Transaction& transaction, AccountState verified,
                                 std::string kept_session, std::string hash, std::int64_t until,
                                 AccountEvent changed) {
    MERLON_CO_TRY(co_await Accounts::replace_password(transaction, verified, std::move(hash)));
    EndedOthers ended = MERLON_CO_TRY(co_await session_store::end_others(
        transaction, verified.id, std::move(kept_session), until));
    MERLON_CO_TRY(co_await AccountEvents::store(transaction, std::move(changed)));
    co_return ended;
}

}  // namespace

Task<http::Response> OwnAccount::me(api::LocalCall call) {
    const auto account = MERLON_CO_TRY(co_await accounts_.find(call.user_id));
    if (!account) co_return fail(Kind::Unknown, "token.revoked", "the account is gone");
    if (!account->is_readable) co_return fail(Kind::Corrupt, sealing::key_destroyed_rule);
    co_return api::data_response(200, user_json(*account, *policy_.load()->roles));
}

Task<http::Response> OwnAccount::change_password(api::LocalCall call) {
    PasswordForm form = MERLON_CO_TRY(PasswordForm::parse(call.body.reveal()));
    const Account account = MERLON_CO_TRY(co_await accounts_.require_readable(call.user_id));
    const wire::Email email = MERLON_CO_TRY(wire::Email::parse(account.email));
    const LoginOrigin origin =
        MERLON_CO_TRY(co_await known_clients_.look_up(email.canonical(), call.client));
    const auto verdict = MERLON_CO_TRY(co_await password_check_.verify(
        origin, std::move(form.current_password), account.password, call.client));
    if (!verdict.matches) co_return wrong_current_password();
    const std::string hash = MERLON_CO_TRY(co_await passwords_.hash(std::move(form.new_password)));
    const AccountEvent changed = MERLON_CO_TRY(
        co_await events_.make(events::Type::PasswordChanged, account.id, call.client));
    const WallTime until = access_tokens_.last_expiry();
    const EndedOthers ended = MERLON_CO_TRY(co_await database_.transact<EndedOthers>(
        [verified = AccountState::of(account), kept = call.session_id, hash, changed,
         until = until.time_since_epoch().count()](Transaction& transaction) {
            return store_password(transaction, verified, kept, hash, until, changed);
        }));
    revocations_.end_sessions(ended.session_ids);
    events_.log(changed);
    MERLON_CO_TRY(co_await revocations_.write_version(account.id, ended.version, until));
    co_return api::empty_response();
}

}  // namespace merlon::identity
