// Looks accounts up, for an admin or an operator.
#pragma once

#include <optional>
#include <string>

#include "identity/accounts/account_changes.h"
#include "identity/accounts/accounts.h"
#include "identity/keys/token_policy.h"

namespace merlon::identity {

// Safe from every thread. Borrows all for its life. Errors of all: those of Database and KeyStore.
class AccountLookup final {
public:
    AccountLookup(storage::Database& database, Accounts& accounts, const CurrentTokenPolicy& policy)
        : database_(database), accounts_(accounts), policy_(policy) {}

    // The contract's user and `locked`, as JSON. Error: "account.absent" (Absent).
    Task<std::string> require_json(std::string id);
    // Error: "account.absent" (Absent).
    Task<AccountNames> require_names(std::string id);
    Task<std::optional<std::string>> find_id(wire::Email email);
    // Error: "account.absent" (Absent).
    Task<std::string> require_id(wire::Email email);
    // At most `limit` after an identifier (empty: from the first), in the order of identifiers.
    Task<AccountList> list(std::string after, std::int64_t limit);

private:
    storage::Database& database_;
    Accounts& accounts_;
    const CurrentTokenPolicy& policy_;
};

}  // namespace merlon::identity
