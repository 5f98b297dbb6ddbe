// The port through which the users role reaches accounts, which are the auth role's. In one process
// it is a call, between two it is HTTP: so accounts travel as JSON, the contract's user with
// `locked`, and nothing of them is spelled twice.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "access/actor.h"
#include "api/page_request.h"
#include "base/secret.h"
#include "base/task.h"

namespace merlon::ports {

// Somebody has this address already (Conflict).
inline constexpr std::string_view email_taken_rule = "account.email_taken";
// It was changed meanwhile (Conflict).
inline constexpr std::string_view account_changed_rule = "account.changed";
// Without this account there would be no admin who can sign in (Conflict).
inline constexpr std::string_view last_admin_rule = "account.last_admin";
// Nobody changes the own role, or locks oneself (Conflict).
inline constexpr std::string_view own_account_rule = "account.own";

// The one role that may call AccountDirectory from another process.
inline constexpr std::string_view accounts_caller = "users";

struct AccountNames {
    std::string first;
    std::string last;
};

// What is empty stays as it is.
struct NewNames {
    std::optional<std::string> first;
    std::optional<std::string> last;
};

// What is empty stays as it is.
struct AccountChange {
    std::optional<std::string> role;
    std::optional<bool> is_locked;
};

// JSON Schema of an account, for the OpenAPI document.
inline constexpr std::string_view account_schema = R"({
    "allOf": [
        {"$ref": "#/components/schemas/User"},
        {
            "type": "object",
            "required": ["locked"],
            "properties": {
                "locked": {"type": "boolean", "description": "By an admin"},
                "unreadable": {
                    "type": "boolean",
                    "description": "The account's key is gone: its address and names are empty"
                }
            }
        }
    ],
    "examples": [{
        "id": "0192f0c8-2f5e-7a52-9c1d-0a3f5f6e7d21", "email": "grace@example.com",
        "firstName": "Grace", "lastName": "Hopper", "role": "moderator",
        "permissions": ["read:products"], "createdAt": "2026-01-31T09:30:00.000Z",
        "locked": false
    }]
})";

struct AccountPage {
    std::string json;  // an array
    std::size_t size = 0;
    std::string last_id;
    std::int64_t total = 0;  // on all pages
};

// Safe from every thread. Errors of all: "account.absent" (Absent), and those of the database
// behind it.
class AccountDirectory {
public:
    virtual ~AccountDirectory() = default;
    virtual Task<AccountNames> names_of(std::string id) = 0;
    virtual Task<> rename(std::string id, NewNames names) = 0;

    // The rest give accounts as JSON. Further errors: "schema.violation" (Invalid: no such role),
    // "access.denied" (Denied: the role may do more than the user who acts), own_account_rule,
    // email_taken_rule, account_changed_rule.
    virtual Task<std::string> find(std::string id) = 0;
    // The oldest first.
    virtual Task<AccountPage> list(api::PageRequest page) = 0;
    // `body`: as of NewAccount, with a password.
    virtual Task<std::string> create(Secret body, std::string role, access::User by) = 0;
    virtual Task<std::string> change(std::string id, AccountChange change, access::User by) = 0;
};

}  // namespace merlon::ports
