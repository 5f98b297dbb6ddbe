// The users role: everybody's own profile, and an admin's view of accounts. Accounts themselves are
// the auth role's, reached through a port.
#pragma once

#include "services/account_directory.h"
#include "services/endpoint.h"
#include "services/parts.h"
#include "services/profile_store.h"

namespace merlon::services {

class Users final : public http::LocalService {
public:
    // Brings the tables up to date. Borrows `keys` and `accounts` for its life. Errors: those of
    // migrate().
    static Task<std::unique_ptr<Users>> open(Parts parts, sealing::KeyStore& keys,
                                             AccountDirectory& accounts);

    static const http::RoleTable& role_table();
    const http::RoleTable& table() const override { return role_table(); }
    Task<http::Response> call(http::LocalCall request) override;

private:
    Users(Parts parts, sealing::KeyStore& keys, AccountDirectory& accounts);

    static std::span<const Endpoint<Users>> endpoints();
    Task<http::Response> show_profile(http::LocalCall call);
    Task<http::Response> change_profile(http::LocalCall call);
    Task<http::Response> list(http::LocalCall call);
    Task<http::Response> get(http::LocalCall call);
    Task<http::Response> create(http::LocalCall call);
    Task<http::Response> change(http::LocalCall call);

    Parts parts_;
    ProfileStore profiles_;
    AccountDirectory& accounts_;
};

}  // namespace merlon::services
