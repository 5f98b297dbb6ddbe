// Implements the users role's port to accounts by calls of the auth role in the same process.
#pragma once

#include "identity/identity.h"
#include "ports/account_directory.h"

namespace merlon::server {

// Borrows `identity` for its life.
class LocalAccounts final : public ports::AccountDirectory {
public:
    explicit LocalAccounts(identity::Identity& identity) : identity_(identity) {}

    Task<ports::AccountNames> names_of(std::string id) override;
    Task<> rename(std::string id, ports::NewNames names) override;
    Task<std::string> find(std::string id) override;
    Task<ports::AccountPage> list(api::PageRequest page) override;
    Task<std::string> create(Secret body, std::string role, access::User by) override;
    Task<std::string> change(std::string id, ports::AccountChange change, access::User by) override;

private:
    identity::Identity& identity_;
};

}  // namespace merlon::server
