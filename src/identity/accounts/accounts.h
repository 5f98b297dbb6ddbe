// Accounts as their table holds them, personal fields sealed. Functions that change take the
// transaction of the use case they are part of.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "identity/accounts/account_admin.h"
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

// The state of an account that a password was judged in: judging takes long enough for another to
// be set, or the account's sessions to be ended, meanwhile.
struct AccountState {
    std::string id;
    std::string password;  // hash
    std::int64_t version;

    static AccountState of(const Account& account) {
        return {account.id, account.password, account.version};
    }
};

// What stands behind an address until its password is known to be right. The personal fields are
// sealed still: a stranger's guess fetches nobody's key, and costs the same whether there is an
// account or not.
struct Credentials {
    Account sealed;
};

// Safe from every thread. Borrows all for its life.
class Accounts final {
public:
    Accounts(storage::Database& database, sealing::KeyStore& keys, Entropy& entropy)
        : database_(database), keys_(keys), entropy_(entropy) {}

    // Error of both: "account.absent" (Absent), and those of Database.
    Task<Account> find(std::string id);
    Task<Credentials> find_by_email(wire::Email email);
    // Errors: those of KeyStore.
    Task<Account> open(Account sealed);
    // At most `limit` of those after an identifier (empty: from the first), in the order of theirs.
    Task<std::vector<Account>> list(std::string after, std::int64_t limit);
    // Kept, not counted. fold_counts() now and then keeps them cheap (storage/tally.h).
    Task<std::int64_t> count_all();
    Task<std::int64_t> count_role(std::string role);
    Task<> fold_counts();

    // Under a new key of the person's own.
    Task<SealedAccount> seal(Account account, wire::Email email);
    // Error: "account.email_taken" (Conflict).
    static Task<> insert(storage::Transaction& transaction, SealedAccount account);
    static Task<> set_password(storage::Transaction& transaction, std::string id,
                               std::string password);
    // Only while the account still is as it was judged. Error of both: "account.changed"
    // (Conflict).
    static Task<> require_unchanged(storage::Transaction& transaction, AccountState judged);
    static Task<> replace_password(storage::Transaction& transaction, AccountState judged,
                                   std::string next);
    // Only while it has the role `from`. Error: "account.changed" (Conflict).
    static Task<> set_role(storage::Transaction& transaction, std::string id, std::string from,
                           std::string to);
    static Task<> set_lock(storage::Transaction& transaction, std::string id, bool is_locked);
    // Errors: "account.absent" (Absent), and those of KeyStore.
    Task<> rename(std::string id, NewNames names);
    // Makes all earlier tokens of the user stale. Gives the new version.
    static Task<std::int64_t> raise_version(storage::Transaction& transaction, std::string id);

private:
    storage::Database& database_;
    sealing::KeyStore& keys_;
    Entropy& entropy_;
};

}  // namespace merlon::identity
