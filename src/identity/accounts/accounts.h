// The accounts table, with personal fields sealed. Functions that change an account take the
// transaction of the use case they are part of.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "identity/accounts/account_changes.h"
#include "identity/accounts/forms.h"
#include "ports/account_directory.h"
#include "sealing/key_store.h"
#include "storage/database.h"
#include "wire/email.h"

namespace merlon::identity {

struct Account {
    std::string id;
    std::string email;  // as typed
    std::string first_name;
    std::string last_name;
    std::string role;
    std::string password;  // hash
    std::int64_t version = 1;
    bool is_locked = false;  // by an operator
    WallTime created_at;
    // False: its key is gone, or it or the fields are damaged. The personal fields are empty then,
    // and its owner cannot sign in; all else works.
    bool is_readable = true;
};

// Sealed and ready for its row. Values: it travels into a transaction.
struct SealedAccount {
    std::string id;
    std::string email_index;
    std::string email;
    std::string first_name;
    std::string last_name;
    std::string role;
    std::string password;
    std::int64_t created_at;
};

// The state of an account that a password was verified in: verifying takes long enough for another
// password to be set, or the account's sessions to be ended, meanwhile.
struct AccountState {
    std::string id;
    std::string password;  // hash
    std::int64_t version;

    static AccountState of(const Account& account) {
        return {account.id, account.password, account.version};
    }
};

// The account of an e-mail address whose owner has not proved to be it. The personal fields are
// sealed still: a stranger's log-in attempt fetches nobody's key, and costs the same whether there
// is an account or not.
struct Credentials {
    Account sealed;
};

// An address that an account without a key holds.
struct AbandonedAddress {
    std::string account_id;
};

// Safe from every thread. Borrows all for its life.
class Accounts final {
public:
    Accounts(storage::Database& database, sealing::KeyStore& keys, Entropy& entropy)
        : database_(database), keys_(keys), entropy_(entropy) {}

    // Rules that callers look for.
    static constexpr std::string_view email_taken = ports::email_taken_rule;
    static constexpr std::string_view changed = ports::account_changed_rule;

    // Errors of all: those of Database and KeyStore. The first two and list() give unreadable
    // accounts, too.
    Task<std::optional<Account>> find(std::string id);
    // Error: "account.absent" (Absent).
    Task<Account> require(std::string id);
    // Errors: the same, and sealing::key_destroyed_rule for an unreadable one.
    Task<Account> require_readable(std::string id);
    Task<std::optional<Credentials>> find_by_email(wire::Email email);
    // Error: one of sealing::is_unreadable(), for an account that is.
    Task<Account> open(Account sealed);
    // Nothing where a new account may have this address: nobody has it, or an account without a
    // key, which nobody can sign in to ever again. Error: `email_taken`.
    Task<std::optional<AbandonedAddress>> require_free(wire::Email email);
    // At most `limit` after an identifier (empty: from the first), in the order of identifiers.
    Task<std::vector<Account>> list(std::string after, std::int64_t limit);
    // The same of admins who have a password and are not locked; sealed.
    Task<std::vector<Account>> list_admins(std::string after, std::int64_t limit);
    // A new account, without its password's hash. Identifiers are in the order of their making,
    // which lists are in.
    static Account make(const RegisterForm& form, std::string role, const Clock& clock,
                        Entropy& entropy);
    // Under a new key of the person's own, which is pending until the account is stored.
    Task<SealedAccount> seal(Account account, wire::Email email);
    // The same under a key that its caller obtained.
    SealedAccount seal_with(const crypto::AeadKey& key, Account account,
                            const wire::Email& email) const;
    // What an address is found by.
    std::string index_of(const wire::Email& email) const;
    // After the transaction that was to store a new account failed. Only where its work refused the
    // account was it certainly not stored, and the key seals nothing. Whatever else failed, a
    // COMMIT whose answer was lost above all, leaves the key to AbandonedKeys.
    Task<> discard_key(std::string id, const Error& error);
    // Error: `email_taken` (Conflict).
    static Task<> insert(storage::Transaction& transaction, SealedAccount account);
    // The same without the counts of roles. False: the address or the identifier is taken.
    static Task<bool> insert_if_new(storage::Transaction& transaction, SealedAccount account);
    // Part of the transaction that inserts the address's new account.
    static Task<> release(storage::Transaction& transaction, AbandonedAddress address);
    static Task<> set_password(storage::Transaction& transaction, std::string id,
                               std::string password);
    // Only while the account still is as it was verified. Error of both: `changed` (Conflict).
    static Task<> require_unchanged(storage::Transaction& transaction, AccountState verified);
    static Task<> replace_password(storage::Transaction& transaction, AccountState verified,
                                   std::string next);
    // Only while it has the role `from`. Error: `changed` (Conflict).
    static Task<> set_role(storage::Transaction& transaction, std::string id, std::string from,
                           std::string to);
    static Task<> set_lock(storage::Transaction& transaction, std::string id, bool is_locked);
    // Errors: "account.absent" (Absent), and those of KeyStore.
    Task<> rename(std::string id, NewNames names);

private:
    // As open(), but an unreadable account is marked.
    Task<Account> open_or_mark(Account sealed);

    storage::Database& database_;
    sealing::KeyStore& keys_;
    Entropy& entropy_;
};

}  // namespace merlon::identity
