// The account changes that only an operator makes: a new password for somebody, the first admin.
#include "base/text.h"
#include "identity/accounts/able_admins.h"
#include "identity/accounts/account_administration.h"
#include "identity/accounts/account_counts.h"
#include "identity/sessions/session_store.h"

namespace merlon::identity {
namespace {

using session_store::EndedAll;
using storage::Transaction;

constexpr std::string_view first_admin_email = "admin@merlon.local";

Task<EndedAll> store_password(Transaction& transaction, std::string hash, std::int64_t until,
                              AccountEvent changed) {
    const std::string user_id = changed.event.user_id;
    MERLON_CO_TRY(co_await Accounts::set_password(transaction, user_id, std::move(hash)));
    EndedAll ended = MERLON_CO_TRY(co_await session_store::end_all(transaction, user_id, until));
    MERLON_CO_TRY(co_await AccountEvents::store(transaction, std::move(changed)));
    co_return ended;
}

Task<> store_account(Transaction& transaction, SealedAccount account,
                     std::optional<AbandonedAddress> abandoned) {
    if (abandoned) {
        MERLON_CO_TRY(co_await Accounts::release(transaction, *std::move(abandoned)));
    }
    co_return co_await Accounts::insert(transaction, std::move(account));
}

}  // namespace

Task<> AccountAdministration::reset_password(std::string id, ResetForm form) {
    const std::string user_id = MERLON_CO_TRY(co_await accounts_.require(std::move(id))).id;
    const std::string hash = MERLON_CO_TRY(co_await passwords_.hash(std::move(form.password)));
    const AccountEvent changed =
        events_.make_without_client(events::Type::PasswordChanged, user_id);
    const WallTime until = access_tokens_.last_expiry();
    const EndedAll ended = MERLON_CO_TRY(co_await database_.transact<EndedAll>(
        [hash, changed, until = until.time_since_epoch().count()](Transaction& transaction) {
            return store_password(transaction, hash, until, changed);
        }));
    events_.log(changed);
    revocations_.end_sessions(ended.session_ids);
    co_return co_await revocations_.raise_version(user_id, ended.version, until);
}

// The server that starts prints the password once; only its hash is kept.
Task<std::string> AccountAdministration::make_first_admin() {
    if (!MERLON_CO_TRY(co_await needs_first_admin())) co_return std::string();
    const std::string password = "Aa1$" + text::to_base64url(entropy_.bytes(18));
    RegisterForm form{MERLON_CO_TRY(wire::Email::parse(first_admin_email)), Secret(password),
                      "First", "Admin"};
    const Result<> stored = co_await store_first_admin(std::move(form));
    // Of two processes that start together one makes it, and prints it.
    if (!stored && stored.error().rule == Accounts::email_taken) {
        if (!MERLON_CO_TRY(co_await needs_first_admin())) co_return std::string();
        co_return fail(Kind::Conflict, no_admin_rule);
    }
    MERLON_CO_TRY(Result<>(stored));
    co_return std::string(first_admin_email) + " " + password;
}

// An imported admin without a password and one whose key is gone count for nothing. One whom an
// operator has locked counts: a restart would undo the lock otherwise, and print a way in.
Task<bool> AccountAdministration::needs_first_admin() {
    const auto all = MERLON_CO_TRY(
        co_await account_counts::of_role(&database_, std::string(access::admin_role)));
    if (all == 0) co_return true;
    if (!MERLON_CO_TRY(co_await able_admins::find(&accounts_, "")).empty()) co_return false;
    const storage::Rows locked = MERLON_CO_TRY(co_await database_.query(
        "SELECT id FROM accounts WHERE role = 'admin' AND locked = 1 AND password <> '' LIMIT 1"));
    if (!locked.empty()) co_return fail(Kind::Conflict, no_admin_rule);
    co_return true;
}

Task<> AccountAdministration::store_first_admin(RegisterForm form) {
    const auto abandoned = MERLON_CO_TRY(co_await accounts_.require_free(form.email));
    Account account = Accounts::make(form, std::string(access::admin_role), clock_, entropy_);
    account.password = MERLON_CO_TRY(co_await passwords_.hash(std::move(form.password)));
    const SealedAccount sealed = MERLON_CO_TRY(co_await accounts_.seal(account, form.email));
    const Result<> stored =
        co_await database_.transact_work([sealed, abandoned](Transaction& transaction) {
            return store_account(transaction, sealed, abandoned);
        });
    if (!stored) MERLON_CO_TRY(co_await accounts_.discard_key(account.id, stored.error()));
    // A password that is there and that nobody has seen would shut everybody out.
    const bool is_in_doubt = !stored && stored.error().rule == storage::in_doubt_rule;
    if (is_in_doubt && MERLON_CO_TRY(co_await accounts_.find(account.id))) co_return Result<>{};
    co_return stored;
}

}  // namespace merlon::identity
