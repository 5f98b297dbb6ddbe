// Logs in. Neither the response nor its duration reveals which addresses have an account.
#include "identity/sign_in/login.h"

#include "identity/accounts/forms.h"
#include "identity/sign_in/sign_in_response.h"

namespace merlon::identity {
namespace {

using session_store::SessionIds;
using storage::Transaction;

// The account as its password was verified, and the hash to keep from now on.
struct VerifiedPassword {
    AccountState verified;
    std::optional<std::string> next_hash;  // if the scheme of the present one is outdated
};

// What a log-in stores.
struct LoginRows {
    VerifiedPassword password;
    SealedSession session;
    SessionIds surplus;
    AccountEvent signed_in;
    KnownClients::SignIn client;
};

// Only while the account still is as it was verified: whatever ended its sessions meanwhile (a
// lock, another role) is to end this one, too. Gives the surplus sessions that it ended.
Task<SessionIds> store_login(Transaction& transaction, LoginRows made, std::int64_t revoked_until) {
    const VerifiedPassword& password = made.password;
    MERLON_CO_TRY(password.next_hash
                      ? co_await Accounts::replace_password(transaction, password.verified,
                                                            *password.next_hash)
                      : co_await Accounts::require_unchanged(transaction, password.verified));
    const std::string user_id = made.session.user_id;
    MERLON_CO_TRY(co_await session_store::insert(transaction, std::move(made.session)));
    SessionIds ended = MERLON_CO_TRY(co_await session_store::end_surplus(
        transaction, user_id, std::move(made.surplus), revoked_until));
    MERLON_CO_TRY(co_await KnownClients::remember(transaction, std::move(made.client)));
    MERLON_CO_TRY(co_await AccountEvents::store(transaction, std::move(made.signed_in)));
    co_return ended;
}

}  // namespace

Task<http::Response> Login::login(api::LocalCall call) {
    LoginForm form = MERLON_CO_TRY(LoginForm::parse(call.body.reveal()));
    const auto found = MERLON_CO_TRY(co_await accounts_.find_by_email(form.email));
    const LoginOrigin origin =
        MERLON_CO_TRY(co_await known_clients_.look_up(form.email.canonical(), call.client));
    const auto verdict = MERLON_CO_TRY(co_await password_check_.verify(
        origin, form.password.duplicate(), found ? found->sealed.password : std::string(),
        call.client));
    if (!verdict.matches) co_return fail(Kind::Unknown, wrong_credentials_rule);
    // Not before the password is verified: a stranger does not learn that the account is locked.
    if (found->sealed.is_locked) co_return fail(Kind::Denied, account_locked_rule);

    // Not before the password is known to be right: a stranger's attempt opens nothing.
    const auto opened = co_await accounts_.open(found->sealed);
    if (!opened && sealing::is_unreadable(opened.error())) {
        refusals_.report({.type = events::Type::FailedLoginAttempt,
                          .ip = call.client,
                          .route = call.route,
                          .user_id = found->sealed.id,
                          .reason = sealing::key_destroyed_rule});
        co_return fail(Kind::Unknown, wrong_credentials_rule);
    }
    const Account account = MERLON_CO_TRY(Result<Account>(opened));
    VerifiedPassword password{AccountState::of(account), {}};
    if (verdict.needs_rehash) {  // the only time the password is at hand
        // A hash that cannot be made now, or is too long in NFC, refuses nobody: the old one stays.
        if (auto next = co_await passwords_.hash(std::move(form.password))) {
            password.next_hash = *std::move(next);
        }
    }
    const StartedSession session =
        MERLON_CO_TRY(co_await sessions_.start(account.id, call.client, call.user_agent));
    const AccountEvent signed_in =
        MERLON_CO_TRY(co_await events_.make(events::Type::Login, account.id, call.client));
    const SessionIds surplus =
        MERLON_CO_TRY(co_await session_store::find_surplus(database_, account.id));
    const LoginRows made{password, session.row, surplus, signed_in,
                         known_clients_.sign_in(origin, account.id)};
    const SessionIds ended = MERLON_CO_TRY(co_await database_.transact<SessionIds>(
        [made, until = access_tokens_.last_expiry().time_since_epoch().count()](
            Transaction& transaction) { return store_login(transaction, made, until); }));
    revocations_.end_sessions(ended);
    events_.log(signed_in);
    co_return sign_in_response(200, account, session, access_tokens_, *policy_.load());
}

}  // namespace merlon::identity
