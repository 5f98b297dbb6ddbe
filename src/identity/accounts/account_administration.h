// Creates and changes other people's accounts: for an admin through the users role, or for an
// operator on the command line. Nobody assigns a role, or changes somebody who has one, that may do
// more than they may themselves.
#pragma once

#include <string>

#include "access/actor.h"
#include "identity/accounts/account_changes.h"
#include "identity/accounts/accounts.h"
#include "identity/accounts/forms.h"
#include "identity/keys/access_tokens.h"
#include "identity/passwords/password_pool.h"
#include "identity/revocation/revocation_publisher.h"
#include "identity/sessions/session_store.h"
#include "identity/store/account_events.h"

namespace merlon::identity {

// Safe from every thread. Borrows all for its life. Errors of all: those of Database, KeyStore and
// PasswordPool.
class AccountAdministration final {
public:
    AccountAdministration(storage::Database& database, Accounts& accounts, PasswordPool& passwords,
                          AccountEvents& events, const AccessTokens& access_tokens,
                          const CurrentTokenPolicy& policy, RevocationPublisher& revocations,
                          const Clock& clock, Entropy& entropy)
        : database_(database),
          accounts_(accounts),
          passwords_(passwords),
          events_(events),
          access_tokens_(access_tokens),
          policy_(policy),
          revocations_(revocations),
          clock_(clock),
          entropy_(entropy) {}

    // Both give the account as JSON: the contract's user and `locked`. Errors of both:
    // "schema.violation" (Invalid: no such role), "access.denied" (Denied: the role may do more
    // than the actor).
    // Error: "account.email_taken" (Conflict).
    Task<std::string> create(RegisterForm form, std::string role, access::Actor actor);
    // Another role, or a lock, ends all of the account's sessions. Errors: "account.absent"
    // (Absent), "account.own", "account.changed", "account.last_admin" (Conflict).
    Task<std::string> change(std::string id, AccountChange change, access::Actor actor);

    // Error: "account.absent" (Absent).
    Task<> rename(std::string id, NewNames names) {
        return accounts_.rename(std::move(id), std::move(names));
    }

    // Those of operators (operator_changes.cc).
    // Ends the user's sessions. Error: "account.absent" (Absent).
    Task<> reset_password(std::string id, ResetForm form);
    // With a random password when no admin can sign in: "e-mail password", else empty. Error:
    // no_admin_rule.
    Task<std::string> make_first_admin();

    // No admin can sign in, and none is made: an operator has locked one, or the first admin's
    // address has an account that is no such admin (Conflict).
    static constexpr std::string_view no_admin_rule = "account.no_admin";

private:
    struct PlannedChange;
    Task<PlannedChange> plan(Account account, AccountChange change, access::Actor actor);
    static Task<session_store::EndedAll> store(storage::Transaction& transaction,
                                               PlannedChange planned);
    // Error: no_admin_rule.
    Task<bool> needs_first_admin();
    // Error: Accounts::email_taken.
    Task<> store_first_admin(RegisterForm form);

    storage::Database& database_;
    Accounts& accounts_;
    PasswordPool& passwords_;
    AccountEvents& events_;
    const AccessTokens& access_tokens_;
    const CurrentTokenPolicy& policy_;
    RevocationPublisher& revocations_;
    const Clock& clock_;
    Entropy& entropy_;
};

}  // namespace merlon::identity
