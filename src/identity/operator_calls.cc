// What an operator does with accounts, from the command line.
#include "base/text.h"
#include "base/uuid.h"
#include "http/answers.h"
#include "identity/identity.h"
#include "identity/schema.h"
#include "storage/outbox.h"

namespace merlon::identity {
namespace {

using storage::Rows;
using storage::Transaction;

Task<std::int64_t> store_role(Transaction& transaction, std::string user_id, std::string role,
                              std::int64_t until, events::Event event) {
    MERLON_CO_TRY(co_await transaction.query("UPDATE accounts SET role = $2 WHERE id = $1",
                                             {user_id, std::move(role)}));
    const std::int64_t version =
        MERLON_CO_TRY(co_await sessions::end_all(transaction, std::move(user_id), until));
    MERLON_CO_TRY(co_await storage::append_event(transaction, std::string(auth_role),
                                                 std::move(event), std::nullopt));
    co_return version;
}

Task<> store_lock(Transaction& transaction, std::string user_id, std::int64_t locked,
                  std::optional<events::Event> event) {
    MERLON_CO_TRY(co_await transaction.query("UPDATE accounts SET locked = $2 WHERE id = $1",
                                             {user_id, locked}));
    if (event) {
        MERLON_CO_TRY(co_await storage::append_event(transaction, std::string(auth_role),
                                                     *std::move(event), std::nullopt));
    }
    co_return Result<>{};
}

}  // namespace

// Known only to who starts the server: printed once, kept as a hash.
Task<std::string> Identity::make_first_admin() {
    if (MERLON_CO_TRY(co_await accounts_.count_role("admin")) > 0) co_return std::string();
    const std::string email = "admin@merlon.local";
    const std::string password = "Aa1$" + text::to_base64url(parts_.entropy.bytes(18));
    const wire::Email parsed = MERLON_CO_TRY(wire::Email::parse(email));
    Account account;
    account.id = Uuid::make_v4(parts_.entropy).str();
    account.first_name = "First";
    account.last_name = "Admin";
    account.role = "admin";
    account.created_at = parts_.clock.wall();
    account.password = MERLON_CO_TRY(co_await passwords_.hash(password));
    const SealedAccount sealed = MERLON_CO_TRY(co_await accounts_.seal(account, parsed));
    MERLON_CO_TRY(co_await parts_.database.transact_work(
        [sealed](Transaction& transaction) { return Accounts::insert(transaction, sealed); }));
    co_return email + " " + password;
}

Task<std::string> Identity::create_account(RegisterForm form, std::string role) {
    if (!terms_.load()->roles->has_role(role)) co_return fail(Kind::Invalid, "role.unknown", role);
    Account account;
    account.id = Uuid::make_v4(parts_.entropy).str();
    account.email = form.email.as_typed();
    account.first_name = form.first_name;
    account.last_name = form.last_name;
    account.role = std::move(role);
    account.created_at = parts_.clock.wall();
    account.password = MERLON_CO_TRY(co_await passwords_.hash(form.password));
    const SealedAccount sealed = MERLON_CO_TRY(co_await accounts_.seal(account, form.email));
    const events::Event registered = event(events::Type::Registered, account.id, {});
    const auto stored = co_await parts_.database.transact_work(
        [sealed](Transaction& transaction) { return Accounts::insert(transaction, sealed); });
    if (!stored) {
        MERLON_CO_TRY(co_await parts_.keys.destroy(account.id));
        co_return std::unexpected(stored.error());
    }
    parts_.events.write(registered);
    co_return user_json(account);
}

Task<> Identity::set_lock(wire::Email email, Lock lock) {
    const Account account = MERLON_CO_TRY(co_await accounts_.find_by_email(std::move(email)));
    std::optional<events::Event> locked;
    if (lock == Lock::On) locked = event(events::Type::AccountLocked, account.id, {});
    // Existing sessions go on: `role` or `session revoke` ends them.
    MERLON_CO_TRY(co_await parts_.database.transact_work(
        [id = account.id, on = lock == Lock::On ? 1 : 0, locked](Transaction& transaction) {
            return store_lock(transaction, id, on, locked);
        }));
    if (locked) parts_.events.write(*locked);
    co_return Result<>{};
}

Task<> Identity::set_role(wire::Email email, std::string role) {
    if (!terms_.load()->roles->has_role(role)) co_return fail(Kind::Invalid, "role.unknown", role);
    const Account account = MERLON_CO_TRY(co_await accounts_.find_by_email(std::move(email)));
    events::Event changed = event(events::Type::RoleChanged, account.id, {});
    changed.details = {{"from", account.role}, {"to", role}};
    const WallTime until = last_expiry();
    const std::int64_t version = MERLON_CO_TRY(co_await parts_.database.transact<std::int64_t>(
        [id = account.id, role, changed,
         until = until.time_since_epoch().count()](Transaction& transaction) {
            return store_role(transaction, id, role, until, changed);
        }));
    parts_.revocations.raise_version(account.id, version, until);
    parts_.events.write(changed);
    co_return Result<>{};
}

Task<std::string> Identity::list_accounts() {
    constexpr std::size_t listed_max = 1'000;
    const Rows rows = MERLON_CO_TRY(
        co_await parts_.database.query("SELECT id FROM accounts ORDER BY created_at, id LIMIT $1",
                                       {static_cast<std::int64_t>(listed_max)}));
    std::string json = "[";
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const Account account = MERLON_CO_TRY(co_await accounts_.find(rows[i].text(0)));
        if (i > 0) json += ',';
        json += user_json(account);
        json.insert(json.size() - 1,
                    account.is_locked ? R"(,"locked":true)" : R"(,"locked":false)");
    }
    co_return json + "]";
}

}  // namespace merlon::identity
