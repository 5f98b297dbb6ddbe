// The accounts table.
#include "identity/accounts.h"

#include "identity/schema.h"
#include "sealing/sealed_text.h"

namespace merlon::identity {
namespace {

using storage::Blob;
using storage::Row;
using storage::Rows;
using storage::Transaction;

constexpr std::string_view email_column = "accounts.email";
constexpr std::string_view first_name_column = "accounts.first_name";
constexpr std::string_view last_name_column = "accounts.last_name";

}  // namespace

Task<Account> Accounts::find(std::string id) {
    co_return co_await open(MERLON_CO_TRY(co_await database_.query(
        "SELECT id, email, first_name, last_name, role, password, version, locked, created_at "
        "FROM accounts WHERE id = $1",
        {std::move(id)})));
}

Task<Account> Accounts::find_by_email(wire::Email email) {
    co_return co_await open(MERLON_CO_TRY(co_await database_.query(
        "SELECT id, email, first_name, last_name, role, password, version, locked, created_at "
        "FROM accounts WHERE email_index = $1",
        {Blob{keys_.blind_index(email_column, email.canonical())}})));
}

Task<Account> Accounts::open(Rows rows) {
    if (rows.empty()) co_return fail(Kind::Absent, "account.absent");
    const Row row = rows[0];
    Account account;
    account.id = row.text(0);
    const sealing::PersonKey key =
        MERLON_CO_TRY(co_await keys_.find(account.id, std::string(auth_role)));
    account.email = MERLON_CO_TRY(sealing::open(*key, {email_column, account.id}, row.blob(1)));
    account.first_name =
        MERLON_CO_TRY(sealing::open(*key, {first_name_column, account.id}, row.blob(2)));
    account.last_name =
        MERLON_CO_TRY(sealing::open(*key, {last_name_column, account.id}, row.blob(3)));
    account.role = row.text(4);
    account.password = row.text(5);
    account.version = row.integer(6);
    account.is_locked = row.integer(7) != 0;
    account.created_at = WallTime{std::chrono::milliseconds{row.integer(8)}};
    co_return account;
}

Task<SealedAccount> Accounts::seal(Account account, wire::Email email) {
    const sealing::PersonKey key =
        MERLON_CO_TRY(co_await keys_.obtain(account.id, std::string(auth_role)));
    SealedAccount sealed;
    sealed.email_index = keys_.blind_index(email_column, email.canonical());
    sealed.email = sealing::seal(*key, {email_column, account.id}, email.as_typed(), entropy_);
    sealed.first_name =
        sealing::seal(*key, {first_name_column, account.id}, account.first_name, entropy_);
    sealed.last_name =
        sealing::seal(*key, {last_name_column, account.id}, account.last_name, entropy_);
    sealed.id = std::move(account.id);
    sealed.role = std::move(account.role);
    sealed.password = std::move(account.password);
    sealed.created_at = account.created_at.time_since_epoch().count();
    co_return sealed;
}

Task<> Accounts::insert(Transaction& transaction, SealedAccount account) {
    const Rows rows = MERLON_CO_TRY(co_await transaction.query(
        "INSERT INTO accounts (id, email_index, email, first_name, last_name, role, password, "
        "version, locked, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 1, 0, $8) "
        "ON CONFLICT (email_index) DO NOTHING RETURNING id",
        {account.id, Blob{account.email_index}, Blob{account.email}, Blob{account.first_name},
         Blob{account.last_name}, account.role, account.password, account.created_at}));
    if (rows.empty()) co_return fail(Kind::Conflict, "account.email_taken");
    co_return Result<>{};
}

Task<> Accounts::set_password(Transaction& transaction, std::string id, std::string password) {
    MERLON_CO_TRY(co_await transaction.query("UPDATE accounts SET password = $2 WHERE id = $1",
                                             {std::move(id), std::move(password)}));
    co_return Result<>{};
}

Task<> Accounts::replace_password(Transaction& transaction, std::string id, std::string judged,
                                  std::string next) {
    const Rows rows = MERLON_CO_TRY(co_await transaction.query(
        "UPDATE accounts SET password = $3 WHERE id = $1 AND password = $2 RETURNING id",
        {std::move(id), std::move(judged), std::move(next)}));
    if (rows.empty()) co_return fail(Kind::Conflict, "account.changed");
    co_return Result<>{};
}

Task<std::int64_t> Accounts::raise_version(Transaction& transaction, std::string id) {
    const Rows rows = MERLON_CO_TRY(co_await transaction.query(
        "UPDATE accounts SET version = version + 1 WHERE id = $1 RETURNING version",
        {std::move(id)}));
    if (rows.empty()) co_return fail(Kind::Absent, "account.absent");
    co_return rows[0].integer(0);
}

Task<std::size_t> Accounts::count_role(std::string role) {
    const Rows rows = MERLON_CO_TRY(co_await database_.query(
        "SELECT COUNT(*) FROM accounts WHERE role = $1", {std::move(role)}));
    co_return static_cast<std::size_t>(rows[0].integer(0));
}

}  // namespace merlon::identity
