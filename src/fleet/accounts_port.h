// The users role's port to accounts, between two processes: the client there, the server here.
#pragma once

#include "fleet/port_client.h"
#include "fleet/port_server.h"
#include "services/account_directory.h"

namespace merlon::fleet {

// Borrows the client for life.
class RemoteAccounts final : public services::AccountDirectory {
public:
    explicit RemoteAccounts(PortClient& auth) : auth_(auth) {}

    Task<services::AccountNames> names_of(std::string id) override;
    Task<> rename(std::string id, services::NewNames names) override;
    Task<std::string> find(std::string id) override;
    Task<services::AccountPage> list(services::PageRequest page) override;
    Task<std::string> create(std::string body, std::string role, services::Admin by) override;
    Task<std::string> change(std::string id, services::AccountChange change,
                             services::Admin by) override;

private:
    PortClient& auth_;
};

// The auth role's side, for the users role. Borrows `accounts` for as long as the ports live.
std::vector<Port> accounts_ports(services::AccountDirectory& accounts);

}  // namespace merlon::fleet
