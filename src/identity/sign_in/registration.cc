// Registering: the account, its first session and the event are one transaction.
#include "identity/sign_in/registration.h"

#include "identity/accounts/forms.h"
#include "identity/sign_in/sign_in_response.h"

namespace merlon::identity {
namespace {

using storage::Transaction;

struct NewAccount {
    SealedAccount account;
    SealedSession session;
    AccountEvent registered;
    KnownClients::SignIn client;
    std::optional<AbandonedAddress> abandoned;  // the address is an account's that lost its key
};

Task<> store_registration(Transaction& transaction, NewAccount made) {
    if (made.abandoned) {
        MERLON_CO_TRY(co_await Accounts::release(transaction, *std::move(made.abandoned)));
    }
    MERLON_CO_TRY(co_await Accounts::insert(transaction, std::move(made.account)));
    MERLON_CO_TRY(co_await session_store::insert(transaction, std::move(made.session)));
    MERLON_CO_TRY(co_await KnownClients::remember(transaction, std::move(made.client)));
    co_return co_await AccountEvents::store(transaction, std::move(made.registered));
}

}  // namespace

Task<http::Response> Registration::register_account(api::LocalCall call) {
    RegisterForm form = MERLON_CO_TRY(RegisterForm::parse(call.body.reveal()));
    // Before the hash, which is the expensive part. The transaction checks the address again.
    const auto abandoned = MERLON_CO_TRY(co_await accounts_.require_free(form.email));
    Account account = Accounts::make(form, "user", clock_, entropy_);
    account.password = MERLON_CO_TRY(co_await passwords_.hash(std::move(form.password)));

    const SealedAccount sealed = MERLON_CO_TRY(co_await accounts_.seal(account, form.email));
    const StartedSession session =
        MERLON_CO_TRY(co_await sessions_.start(account.id, call.client, call.user_agent));
    AccountEvents::Details details;
    if (abandoned) details.emplace_back("replaces", abandoned->account_id);
    const AccountEvent registered = MERLON_CO_TRY(
        co_await events_.make(events::Type::Registered, account.id, call.client, details));
    const LoginOrigin origin =
        MERLON_CO_TRY(co_await known_clients_.look_up(form.email.canonical(), call.client));
    const NewAccount made{sealed, session.row, registered,
                          known_clients_.sign_in(origin, account.id), abandoned};
    const auto stored = co_await database_.transact_work(
        [made](Transaction& transaction) { return store_registration(transaction, made); });
    if (!stored) {
        MERLON_CO_TRY(co_await accounts_.discard_key(account.id, stored.error()));
        co_return std::unexpected(stored.error());
    }
    events_.log(registered);
    co_return sign_in_response(201, account, session, access_tokens_, *policy_.load());
}

}  // namespace merlon::identity
