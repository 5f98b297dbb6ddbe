// Joins the users role with the auth role: the port of the one, the calls of the other.
#pragma once

#include "identity/identity.h"
#include "services/account_directory.h"

namespace merlon::app {

// Borrows `identity` for its life.
class AccountDirectory final : public services::AccountDirectory {
public:
    explicit AccountDirectory(identity::Identity& identity) : identity_(identity) {}

    Task<services::AccountNames> names_of(std::string id) override;
    Task<> rename(std::string id, services::NewNames names) override;
    Task<std::string> find(std::string id) override;
    Task<services::AccountPage> list(services::PageRequest page) override;
    Task<std::string> create(std::string body, std::string role, services::Admin by) override;
    Task<std::string> change(std::string id, services::AccountChange change,
                             services::Admin by) override;

private:
    identity::Identity& identity_;
};

}  // namespace merlon::app
