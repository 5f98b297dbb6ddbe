// Which admins can sign in: not locked by an operator, with a password, and with the key that opens
// their fields. Keys are in another database than accounts, and a transaction waits for its own
// alone: so admins are looked for before it, and the transaction requires that one of those found
// still is what it was.
#pragma once

#include <string>
#include <vector>

#include "identity/accounts/accounts.h"

namespace merlon::identity::able_admins {

// More are not looked for: so many would have to be locked or demoted within one change for it to
// be refused for no reason.
inline constexpr std::size_t found_max = 16;

// The identifiers of at most found_max others than `except` (empty: of all). Errors: those of
// Database and KeyStore. Borrows `accounts` until it has ended.
Task<std::vector<std::string>> find(Accounts* accounts, std::string except);
// One of them is an admin with a password who is not locked. Error: ports::last_admin_rule.
Task<> require_one(storage::Transaction* transaction, std::vector<std::string> found);

}  // namespace merlon::identity::able_admins
