// Statements on the accounts table.
#include "identity/accounts/accounts.h"

#include "base/uuid.h"
#include "identity/accounts/account_counts.h"
#include "identity/store/schema.h"
#include "sealing/sealed_text.h"

namespace merlon::identity {
namespace {

using storage::Blob;
using storage::Row;
using storage::Rows;
using storage::Transaction;
using storage::Value;

constexpr std::string_view email_column = "accounts.email";
constexpr std::string_view first_name_column = "accounts.first_name";
constexpr std::string_view last_name_column = "accounts.last_name";

// A null leaves the column as it is, so that of two changes at once neither undoes the other.
Task<> store_names(Transaction* transaction, std::string id, Value first, Value last) {
    const Rows rows = MERLON_CO_TRY(co_await transaction->query(
        "UPDATE accounts SET first_name = COALESCE($2, first_name), "
        "last_name = COALESCE($3, last_name) WHERE id = $1 RETURNING id",
        {std::move(id), std::move(first), std::move(last)}));
    if (rows.empty()) co_return fail(Kind::Absent, "account.absent");
    co_return Result<>{};
}

// With the personal fields as they are stored, sealed.
std::vector<Account> sealed_accounts(const Rows& rows) {
    std::vector<Account> accounts(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const Row row = rows[i];
        accounts[i] = {row.text(0),
                       row.blob(1),
                       row.blob(2),
                       row.blob(3),
                       row.text(4),
                       row.text(5),
                       row.integer(6),
                       row.integer(7) != 0,
                       WallTime{std::chrono::milliseconds{row.integer(8)}}};
    }
    return accounts;
}

}  // namespace

Task<std::optional<Account>> Accounts::find(std::string id) {
    const Rows rows = MERLON_CO_TRY(co_await database_.query(
        "SELECT id, email, first_name, last_name, role, password, version, locked, created_at "
        "FROM accounts WHERE id = $1",
        {std::move(id)}));
    if (rows.empty()) co_return std::optional<Account>();
    co_return MERLON_CO_TRY(co_await open_or_mark(sealed_accounts(rows).front()));
}

Task<Account> Accounts::require(std::string id) {
    auto account = MERLON_CO_TRY(co_await find(std::move(id)));
    if (!account) co_return fail(Kind::Absent, "account.absent");
    co_return *std::move(account);
}

Task<Account> Accounts::require_readable(std::string id) {
    auto account = MERLON_CO_TRY(co_await require(std::move(id)));
    if (!account.is_readable) co_return fail(Kind::Corrupt, sealing::key_destroyed_rule);
    co_return account;
}

Task<std::optional<Credentials>> Accounts::find_by_email(wire::Email email) {
    const Rows rows = MERLON_CO_TRY(co_await database_.query(
        "SELECT id, email, first_name, last_name, role, password, version, locked, created_at "
        "FROM accounts WHERE email_index = $1",
        {Blob{index_of(email)}}));
    if (rows.empty()) co_return std::optional<Credentials>();
    co_return Credentials{sealed_accounts(rows).front()};
}

Task<std::vector<Account>> Accounts::list(std::string after, std::int64_t limit) {
    const Rows rows = MERLON_CO_TRY(co_await database_.query(
        "SELECT id, email, first_name, last_name, role, password, version, locked, created_at "
        "FROM accounts WHERE id > $1 ORDER BY id LIMIT $2",
        {std::move(after), limit}));
    std::vector<Account> accounts = sealed_accounts(rows);
    for (Account& account : accounts) account = MERLON_CO_TRY(co_await open_or_mark(account));
    co_return accounts;
}

// The index accounts_admins has them: no other account's row is read.
Task<std::vector<Account>> Accounts::list_admins(std::string after, std::int64_t limit) {
    const Rows rows = MERLON_CO_TRY(co_await database_.query(
        "SELECT id, email, first_name, last_name, role, password, version, locked, created_at "
        "FROM accounts WHERE id > $1 AND role = 'admin' AND locked = 0 AND password <> '' "
        "ORDER BY id LIMIT $2",
        {std::move(after), limit}));
    co_return sealed_accounts(rows);
}

Task<Account> Accounts::open_or_mark(Account sealed) {
    auto opened = co_await open(sealed);
    if (opened || !sealing::is_unreadable(opened.error())) co_return opened;
    sealed.email.clear();
    sealed.first_name.clear();
    sealed.last_name.clear();
    sealed.is_readable = false;
    co_return sealed;
}

Task<std::optional<AbandonedAddress>> Accounts::require_free(wire::Email email) {
    const auto found = MERLON_CO_TRY(co_await find_by_email(std::move(email)));
    if (!found) co_return std::optional<AbandonedAddress>();
    const auto key = co_await keys_.find(found->sealed.id, std::string(auth_role));
    if (key) co_return fail(Kind::Conflict, Accounts::email_taken);
    if (key.error().rule == sealing::key_destroyed_rule) {
        co_return AbandonedAddress{found->sealed.id};
    }
    if (sealing::is_unreadable(key.error())) co_return fail(Kind::Conflict, Accounts::email_taken);
    co_return std::unexpected(key.error());
}

Task<> Accounts::discard_key(std::string id, const Error& error) {
    if (error.rule != email_taken) co_return Result<>{};
    co_return co_await keys_.destroy(std::move(id));
}

Task<Account> Accounts::open(Account account) {
    const sealing::PersonKey key =
        MERLON_CO_TRY(co_await keys_.find(account.id, std::string(auth_role)));
    account.email = MERLON_CO_TRY(sealing::open(*key, {email_column, account.id}, account.email));
    account.first_name =
        MERLON_CO_TRY(sealing::open(*key, {first_name_column, account.id}, account.first_name));
    account.last_name =
        MERLON_CO_TRY(sealing::open(*key, {last_name_column, account.id}, account.last_name));
    co_return account;
}

Account Accounts::make(const RegisterForm& form, std::string role, const Clock& clock,
                       Entropy& entropy) {
    Account account;
    account.id = Uuid::make_v7(clock.wall(), entropy).str();
    account.email = form.email.as_typed();
    account.first_name = form.first_name;
    account.last_name = form.last_name;
    account.role = std::move(role);
    account.created_at = clock.wall();
    return account;
}

Task<SealedAccount> Accounts::seal(Account account, wire::Email email) {
    const sealing::PersonKey key =
        MERLON_CO_TRY(co_await keys_.obtain_pending(account.id, std::string(auth_role)));
    co_return seal_with(*key, std::move(account), email);
}

SealedAccount Accounts::seal_with(const crypto::AeadKey& key, Account account,
                                  const wire::Email& email) const {
    SealedAccount sealed;
    sealed.email_index = index_of(email);
    sealed.email = sealing::seal(key, {email_column, account.id}, email.as_typed(), entropy_);
    sealed.first_name =
        sealing::seal(key, {first_name_column, account.id}, account.first_name, entropy_);
    sealed.last_name =
        sealing::seal(key, {last_name_column, account.id}, account.last_name, entropy_);
    sealed.id = std::move(account.id);
    sealed.role = std::move(account.role);
    sealed.password = std::move(account.password);
    sealed.created_at = account.created_at.time_since_epoch().count();
    return sealed;
}

std::string Accounts::index_of(const wire::Email& email) const {
    return keys_.blind_index(email_column, email.canonical());
}

Task<> Accounts::insert(Transaction& transaction, SealedAccount account) {
    std::string role = account.role;
    if (!MERLON_CO_TRY(co_await insert_if_new(transaction, std::move(account)))) {
        co_return fail(Kind::Conflict, Accounts::email_taken);
    }
    co_return co_await account_counts::add(&transaction, std::move(role), 1);
}

Task<bool> Accounts::insert_if_new(Transaction& transaction, SealedAccount account) {
    const Rows rows = MERLON_CO_TRY(co_await transaction.query(
        "INSERT INTO accounts (id, email_index, email, first_name, last_name, role, password, "
        "version, locked, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 1, 0, $8) "
        "ON CONFLICT DO NOTHING RETURNING id",
        {std::move(account.id), Blob{std::move(account.email_index)},
         Blob{std::move(account.email)}, Blob{std::move(account.first_name)},
         Blob{std::move(account.last_name)}, std::move(account.role), std::move(account.password),
         account.created_at}));
    co_return !rows.empty();
}

// The row stays, for an operator who finds its key again: what it is found by is a text that no
// address has.
Task<> Accounts::release(Transaction& transaction, AbandonedAddress address) {
    MERLON_CO_TRY(
        co_await transaction.query("UPDATE accounts SET email_index = $2 WHERE id = $1",
                                   {address.account_id, Blob{"abandoned " + address.account_id}}));
    co_return Result<>{};
}

Task<> Accounts::set_password(Transaction& transaction, std::string id, std::string password) {
    MERLON_CO_TRY(co_await transaction.query("UPDATE accounts SET password = $2 WHERE id = $1",
                                             {std::move(id), std::move(password)}));
    co_return Result<>{};
}

// A read is enough: transactions are serializable, and what raises the version meanwhile comes
// before this one or after it.
Task<> Accounts::require_unchanged(Transaction& transaction, AccountState verified) {
    const Rows rows = MERLON_CO_TRY(co_await transaction.query(
        "SELECT id FROM accounts WHERE id = $1 AND password = $2 AND version = $3",
        {std::move(verified.id), std::move(verified.password), verified.version}));
    if (rows.empty()) co_return fail(Kind::Conflict, Accounts::changed);
    co_return Result<>{};
}

Task<> Accounts::replace_password(Transaction& transaction, AccountState verified,
                                  std::string next) {
    const Rows rows = MERLON_CO_TRY(co_await transaction.query(
        "UPDATE accounts SET password = $4 WHERE id = $1 AND password = $2 AND version = $3 "
        "RETURNING id",
        {std::move(verified.id), std::move(verified.password), verified.version, std::move(next)}));
    if (rows.empty()) co_return fail(Kind::Conflict, Accounts::changed);
    co_return Result<>{};
}

Task<> Accounts::set_role(Transaction& transaction, std::string id, std::string from,
                          std::string to) {
    const Rows rows = MERLON_CO_TRY(co_await transaction.query(
        "UPDATE accounts SET role = $3 WHERE id = $1 AND role = $2 RETURNING id",
        {std::move(id), from, to}));
    if (rows.empty()) co_return fail(Kind::Conflict, Accounts::changed);
    MERLON_CO_TRY(co_await account_counts::add(&transaction, std::move(from), -1));
    co_return co_await account_counts::add(&transaction, std::move(to), 1);
}

Task<> Accounts::set_lock(Transaction& transaction, std::string id, bool is_locked) {
    MERLON_CO_TRY(co_await transaction.query("UPDATE accounts SET locked = $2 WHERE id = $1",
                                             {std::move(id), std::int64_t{is_locked}}));
    co_return Result<>{};
}

Task<> Accounts::rename(std::string id, NewNames names) {
    const sealing::PersonKey key = MERLON_CO_TRY(co_await keys_.find(id, std::string(auth_role)));
    const auto sealed = [&](std::string_view column, const std::optional<std::string>& name) {
        return name ? Value(Blob{sealing::seal(*key, {column, id}, *name, entropy_)}) : Value();
    };
    co_return co_await database_.transact_work(
        [id, first = sealed(first_name_column, names.first),
         last = sealed(last_name_column, names.last)](Transaction& transaction) {
            return store_names(&transaction, id, first, last);
        });
}

}  // namespace merlon::identity
