// What is done with other people's accounts: by an admin through the users role, or by an operator
// from the command line. Nobody gives a role, or changes somebody who has one, that may do more
// than he may himself.
#include <algorithm>

#include "api/answers.h"
#include "base/text.h"
#include "base/uuid.h"
#include "identity/identity.h"
#include "identity/store/schema.h"
#include "storage/outbox.h"

namespace merlon::identity {
namespace {

using access::Actor;
using access::User;
using storage::Blob;
using storage::Transaction;

std::string client_of(const Actor& actor) {
    const User* user = std::get_if<User>(&actor);
    return user != nullptr ? user->client() : std::string();
}

// Error: "access.denied" (Denied, RequiredPermissions).
Result<> may_manage(const Actor& actor, const access::Roles& roles, const std::string& role) {
    const User* user = std::get_if<User>(&actor);
    if (user == nullptr) return {};  // an operator
    const auto& held = roles.permissions_of(user->role());
    RequiredPermissions missing;
    for (const std::string& permission : roles.permissions_of(role)) {
        if (std::ranges::find(held, permission) == held.end()) missing.names.push_back(permission);
    }
    if (missing.names.empty()) return {};
    return fail(Kind::Denied, "access.denied", {}, std::move(missing));
}

// Error: "schema.violation" (Invalid, FieldErrors).
Result<> must_exist(const access::Roles& roles, const std::string& role) {
    if (roles.has_role(role)) return {};
    std::string names;
    for (const std::string_view name : roles.role_names()) {
        if (!names.empty()) names += ", ";
        names += name;
    }
    return fail(Kind::Invalid, "schema.violation", {},
                FieldErrors{{"role", "\"role\" must be one of [" + names + "]"}});
}

// What a change comes to for an account as it was read.
struct Step {
    std::string id;
    std::string from;  // role
    std::string to;
    std::optional<bool> is_locked;  // empty: as before
    bool ends_sessions = false;
    std::int64_t until = 0;
    std::vector<events::Event> events;
    std::optional<Blob> sealed_ip;
};

// Gives the version that tokens have from now on; 0: as before.
Task<std::int64_t> store_step(Transaction& transaction, Step step) {
    if (step.to != step.from) {
        MERLON_CO_TRY(co_await Accounts::set_role(transaction, step.id, step.from, step.to));
    }
    if (step.is_locked) {
        MERLON_CO_TRY(co_await Accounts::set_lock(transaction, step.id, *step.is_locked));
    }
    for (const events::Event& event : step.events) {
        MERLON_CO_TRY(co_await storage::append_event(transaction, std::string(auth_role), event,
                                                     step.sealed_ip));
    }
    if (!step.ends_sessions) co_return 0;
    co_return co_await session_store::end_all(transaction, step.id, step.until);
}

Task<> store_account(Transaction& transaction, SealedAccount account,
                     std::optional<events::Event> event, std::optional<Blob> sealed_ip) {
    MERLON_CO_TRY(co_await Accounts::insert(transaction, std::move(account)));
    if (!event) co_return Result<>{};
    co_return co_await storage::append_event(transaction, std::string(auth_role), *std::move(event),
                                             std::move(sealed_ip));
}

}  // namespace

// Known only to who starts the server: printed once, kept as a hash.
Task<std::string> Identity::make_first_admin() {
    if (MERLON_CO_TRY(co_await accounts_.count_role("admin")) > 0) co_return std::string();
    const std::string email = "admin@merlon.local";
    const std::string password = "Aa1$" + text::to_base64url(parts_.entropy.bytes(18));
    const wire::Email parsed = MERLON_CO_TRY(wire::Email::parse(email));
    Account account;
    account.id = make_account_id();
    account.first_name = "First";
    account.last_name = "Admin";
    account.role = "admin";
    account.created_at = parts_.clock.wall();
    account.password = MERLON_CO_TRY(co_await passwords_.hash(password));
    const SealedAccount sealed = MERLON_CO_TRY(co_await accounts_.seal(account, parsed));
    const Result<> stored =
        co_await parts_.database.transact_work([sealed](Transaction& transaction) {
            return store_account(transaction, sealed, std::nullopt, std::nullopt);
        });
    // Of two processes that start together one makes it, and says so.
    if (!stored && stored.error().rule == "account.email_taken") co_return std::string();
    MERLON_CO_TRY(Result<>(stored));
    co_return email + " " + password;
}

Task<std::string> Identity::create_account(RegisterForm form, std::string role, Actor actor) {
    const auto roles = terms_.load()->roles;
    MERLON_CO_TRY(must_exist(*roles, role));
    MERLON_CO_TRY(may_manage(actor, *roles, role));
    Account account;
    account.id = make_account_id();
    account.email = form.email.as_typed();
    account.first_name = form.first_name;
    account.last_name = form.last_name;
    account.role = std::move(role);
    account.created_at = parts_.clock.wall();
    account.password = MERLON_CO_TRY(co_await passwords_.hash(form.password));
    const SealedAccount sealed = MERLON_CO_TRY(co_await accounts_.seal(account, form.email));
    const events::Event registered =
        event_by(actor, events::Type::Registered, account.id, {{"role", account.role}});
    const auto sealed_ip = MERLON_CO_TRY(co_await seal_client(account.id, client_of(actor)));
    const auto stored = co_await parts_.database.transact_work(
        [sealed, registered, sealed_ip](Transaction& transaction) {
            return store_account(transaction, sealed, registered, sealed_ip);
        });
    if (!stored) {
        MERLON_CO_TRY(co_await parts_.keys.destroy(account.id));
        co_return std::unexpected(stored.error());
    }
    parts_.events.write(registered);
    co_return account_json(account);
}

Task<std::string> Identity::change_account(std::string id, AccountChange change, Actor actor) {
    Account account = MERLON_CO_TRY(co_await accounts_.find(std::move(id)));
    // An admin who locks or demotes himself may be the last one.
    const User* user = std::get_if<User>(&actor);
    if (user != nullptr && account.id == user->id()) co_return fail(Kind::Conflict, "account.own");
    const auto roles = terms_.load()->roles;
    if (change.role) MERLON_CO_TRY(must_exist(*roles, *change.role));
    Step step{account.id, account.role, change.role.value_or(account.role), {}, false, 0, {}, {}};
    MERLON_CO_TRY(may_manage(actor, *roles, step.from));
    MERLON_CO_TRY(may_manage(actor, *roles, step.to));
    if (step.to != step.from) {
        step.ends_sessions = true;  // their tokens carry the old role
        step.events.push_back(event_by(actor, events::Type::RoleChanged, account.id,
                                       {{"from", step.from}, {"to", step.to}}));
    }
    if (change.is_locked && *change.is_locked != account.is_locked) {
        step.is_locked = change.is_locked;
        if (*change.is_locked) {
            step.ends_sessions = true;
            step.events.push_back(event_by(actor, events::Type::AccountLocked, account.id, {}));
        }
    }
    account.role = step.to;
    account.is_locked = change.is_locked.value_or(account.is_locked);
    const WallTime until = last_expiry();
    step.until = until.time_since_epoch().count();
    step.sealed_ip = MERLON_CO_TRY(co_await seal_client(account.id, client_of(actor)));
    const std::int64_t version = MERLON_CO_TRY(co_await parts_.database.transact<std::int64_t>(
        [step](Transaction& transaction) { return store_step(transaction, step); }));
    for (const events::Event& event : step.events) parts_.events.write(event);
    if (step.ends_sessions) MERLON_CO_TRY(co_await revoke_below(account.id, version, until));
    co_return account_json(account);
}

Task<std::string> Identity::id_of(wire::Email email) {
    co_return MERLON_CO_TRY(co_await accounts_.find_by_email(std::move(email))).sealed.id;
}

Task<std::string> Identity::find_account(std::string id) {
    co_return account_json(MERLON_CO_TRY(co_await accounts_.find(std::move(id))));
}

Task<AccountList> Identity::list_accounts(std::string after, std::int64_t limit) {
    const auto accounts = MERLON_CO_TRY(co_await accounts_.list(std::move(after), limit));
    AccountList list;
    list.total = MERLON_CO_TRY(co_await accounts_.count_all());
    list.size = accounts.size();
    if (!accounts.empty()) list.last_id = accounts.back().id;
    list.json = "[";
    for (const Account& account : accounts) {
        if (list.json.size() > 1) list.json += ',';
        list.json += account_json(account);
    }
    list.json += ']';
    co_return list;
}

Task<Names> Identity::names_of(std::string id) {
    Account account = MERLON_CO_TRY(co_await accounts_.find(std::move(id)));
    co_return Names{std::move(account.first_name), std::move(account.last_name)};
}

Task<> Identity::rename(std::string id, NewNames names) {
    return accounts_.rename(std::move(id), std::move(names));
}

std::string Identity::account_json(const Account& account) const {
    std::string json = user_json(account);
    json.insert(json.size() - 1, account.is_locked ? R"(,"locked":true)" : R"(,"locked":false)");
    return json;
}

events::Event Identity::event_by(const Actor& actor, events::Type type, std::string user_id,
                                 Details details) const {
    const User* user = std::get_if<User>(&actor);
    events::Event made = event(type, std::move(user_id), client_of(actor));
    made.details = std::move(details);
    made.details.emplace_back("by", user != nullptr ? user->id() : "operator");
    return made;
}

}  // namespace merlon::identity
