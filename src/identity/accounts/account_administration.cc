// Creates and changes accounts in transactions with their events and revocations.
#include "identity/accounts/account_administration.h"

#include <algorithm>

#include "identity/accounts/able_admins.h"
#include "identity/accounts/account_json.h"
#include "identity/accounts/declared_role.h"
#include "identity/sessions/session_store.h"

namespace merlon::identity {
namespace {

using access::Actor;
using access::User;
using storage::Transaction;

// The user who acts; null: an operator does.
const User* user_of(const Actor& actor) { return std::get_if<User>(&actor); }

std::string client_of(const Actor& actor) {
    const User* user = user_of(actor);
    return user != nullptr ? user->client() : std::string();
}

AccountEvents::Details details_by(const Actor& actor, AccountEvents::Details details) {
    const User* user = user_of(actor);
    details.emplace_back("by", user != nullptr ? user->id() : "operator");
    return details;
}

// Error: access::denied_rule (Denied, RequiredPermissions).
Result<> may_manage(const Actor& actor, const access::Roles& roles, const std::string& role) {
    const User* user = user_of(actor);
    if (user == nullptr) return {};
    const auto& held = roles.permissions_of(user->role());
    RequiredPermissions missing;
    for (const std::string& permission : roles.permissions_of(role)) {
        if (std::ranges::find(held, permission) == held.end()) missing.names.push_back(permission);
    }
    if (missing.names.empty()) return {};
    return fail(Kind::Denied, access::denied_rule, {}, std::move(missing));
}

// Whether the change keeps an admin from signing in who could.
bool ends_admin(const Account& account, const AccountChange& change) {
    const bool is_able = account.role == access::admin_role && !account.is_locked &&
                         !account.password.empty() && account.is_readable;
    const bool stays =
        change.role.value_or(account.role) == access::admin_role && change.is_locked != true;
    return is_able && !stays;
}

Task<> store_account(Transaction& transaction, SealedAccount account, AccountEvent registered,
                     std::optional<AbandonedAddress> abandoned) {
    if (abandoned) {
        MERLON_CO_TRY(co_await Accounts::release(transaction, *std::move(abandoned)));
    }
    MERLON_CO_TRY(co_await Accounts::insert(transaction, std::move(account)));
    co_return co_await AccountEvents::store(transaction, std::move(registered));
}

}  // namespace

Task<std::string> AccountAdministration::create(RegisterForm form, std::string role, Actor actor) {
    const auto roles = policy_.load()->roles;
    MERLON_CO_TRY(require_role(*roles, role));
    MERLON_CO_TRY(may_manage(actor, *roles, role));
    const auto abandoned = MERLON_CO_TRY(co_await accounts_.require_free(form.email));
    Account account = Accounts::make(form, std::move(role), clock_, entropy_);
    account.password = MERLON_CO_TRY(co_await passwords_.hash(std::move(form.password)));
    const SealedAccount sealed = MERLON_CO_TRY(co_await accounts_.seal(account, form.email));
    AccountEvents::Details details = details_by(actor, {{"role", account.role}});
    if (abandoned) details.emplace_back("replaces", abandoned->account_id);
    const AccountEvent registered = MERLON_CO_TRY(co_await events_.make(
        events::Type::Registered, account.id, client_of(actor), std::move(details)));
    const auto stored =
        co_await database_.transact_work([sealed, registered, abandoned](Transaction& transaction) {
            return store_account(transaction, sealed, registered, abandoned);
        });
    if (!stored) {
        MERLON_CO_TRY(co_await accounts_.discard_key(account.id, stored.error()));
        co_return std::unexpected(stored.error());
    }
    events_.log(registered);
    co_return account_json(account, *policy_.load()->roles);
}

// What a change comes to for an account as it was read.
struct AccountAdministration::PlannedChange {
    std::string id;
    std::string from;  // role
    std::string to;
    std::optional<bool> is_locked = {};  // empty: as before
    bool ends_sessions = false;
    // One of them has to be left as it is; empty: the change takes no admin away who can sign in.
    std::optional<std::vector<std::string>> other_admins = {};
    std::int64_t until = 0;
    std::vector<AccountEvent> events = {};
};

Task<AccountAdministration::PlannedChange> AccountAdministration::plan(Account account,
                                                                       AccountChange change,
                                                                       Actor actor) {
    const auto roles = policy_.load()->roles;
    if (change.role) MERLON_CO_TRY(require_role(*roles, *change.role));
    PlannedChange planned{account.id, account.role, change.role.value_or(account.role)};
    MERLON_CO_TRY(may_manage(actor, *roles, planned.from));
    MERLON_CO_TRY(may_manage(actor, *roles, planned.to));
    if (ends_admin(account, change) && !change.may_leave_no_admin) {
        planned.other_admins = MERLON_CO_TRY(co_await able_admins::find(&accounts_, account.id));
    }
    const std::string client = client_of(actor);
    if (planned.to != planned.from) {
        planned.ends_sessions = true;  // their tokens carry the old role
        planned.events.push_back(MERLON_CO_TRY(co_await events_.make(
            events::Type::RoleChanged, account.id, client,
            details_by(actor, {{"from", planned.from}, {"to", planned.to}}))));
    }
    if (change.is_locked && *change.is_locked != account.is_locked) {
        planned.is_locked = change.is_locked;
        if (*change.is_locked) {
            planned.ends_sessions = true;
            planned.events.push_back(MERLON_CO_TRY(co_await events_.make(
                events::Type::AccountLocked, account.id, client, details_by(actor, {}))));
        }
    }
    co_return planned;
}

// Gives the sessions that it ended and the version that tokens have from now on; 0: as before.
Task<session_store::EndedAll> AccountAdministration::store(Transaction& transaction,
                                                           PlannedChange planned) {
    if (planned.to != planned.from) {
        MERLON_CO_TRY(
            co_await Accounts::set_role(transaction, planned.id, planned.from, planned.to));
    }
    if (planned.is_locked) {
        MERLON_CO_TRY(co_await Accounts::set_lock(transaction, planned.id, *planned.is_locked));
    }
    if (planned.other_admins) {
        MERLON_CO_TRY(
            co_await able_admins::require_one(&transaction, *std::move(planned.other_admins)));
    }
    for (const AccountEvent& event : planned.events) {
        MERLON_CO_TRY(co_await AccountEvents::store(transaction, event));
    }
    if (!planned.ends_sessions) co_return session_store::EndedAll{};
    co_return co_await session_store::end_all(transaction, planned.id, planned.until);
}

Task<std::string> AccountAdministration::change(std::string id, AccountChange change, Actor actor) {
    Account account = MERLON_CO_TRY(co_await accounts_.require(std::move(id)));
    // Admins who lock or demote themselves may be the last ones.
    const User* user = user_of(actor);
    if (user != nullptr && account.id == user->id())
        co_return fail(Kind::Conflict, ports::own_account_rule);
    PlannedChange planned = MERLON_CO_TRY(co_await plan(account, change, actor));
    const WallTime until = access_tokens_.last_expiry();
    planned.until = until.time_since_epoch().count();
    const auto ended = MERLON_CO_TRY(co_await database_.transact<session_store::EndedAll>(
        [planned](Transaction& transaction) { return store(transaction, planned); }));
    for (const AccountEvent& event : planned.events) events_.log(event);
    if (planned.ends_sessions) {
        revocations_.end_sessions(ended.session_ids);
        MERLON_CO_TRY(co_await revocations_.raise_version(account.id, ended.version, until));
    }
    account.role = planned.to;
    account.is_locked = change.is_locked.value_or(account.is_locked);
    co_return account_json(account, *policy_.load()->roles);
}

}  // namespace merlon::identity
