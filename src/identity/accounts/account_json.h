// Renders accounts as the JSON that clients see.
#pragma once

#include <string>

#include "access/access.h"
#include "identity/accounts/accounts.h"

namespace merlon::identity {

// The contract's user, with the permissions of the account's role.
std::string user_json(const Account& account, const access::Roles& roles);
// What an admin sees: the user and `locked`.
std::string account_json(const Account& account, const access::Roles& roles);

}  // namespace merlon::identity
