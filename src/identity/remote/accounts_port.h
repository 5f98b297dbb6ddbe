// The users role's port to accounts between two processes: its client and its server.
#pragma once

#include "ports/account_directory.h"
#include "rpc/client.h"
#include "rpc/method.h"

namespace merlon::identity {

// Borrows the client for life.
class RemoteAccounts final : public ports::AccountDirectory {
public:
    explicit RemoteAccounts(rpc::Client& auth) : auth_(auth) {}

    Task<ports::AccountNames> names_of(std::string id) override;
    Task<> rename(std::string id, ports::NewNames names) override;
    Task<std::string> find(std::string id) override;
    Task<ports::AccountPage> list(api::PageRequest page) override;
    Task<std::string> create(Secret body, std::string role, access::User by) override;
    Task<std::string> change(std::string id, ports::AccountChange change, access::User by) override;

private:
    rpc::Client& auth_;
};

// The auth role's side, for the users role. Borrows `accounts` for as long as the ports live.
std::vector<rpc::OfferedMethod> accounts_methods(ports::AccountDirectory& accounts);

}  // namespace merlon::identity
