// The users role: everybody's own profile, and an admin's view of accounts. Accounts themselves are
// the auth role's, reached through a port.
#pragma once

#include "api/endpoint.h"
#include "api/parts.h"
#include "ports/account_directory.h"
#include "users/profile_store.h"

namespace merlon::users {

class Users final : public api::LocalService {
public:
    // Brings the tables up to date. Borrows `keys` and `accounts` for its life. Errors: those of
    // migrate().
    static Task<std::unique_ptr<Users>> open(api::Parts parts, sealing::KeyStore& keys,
                                             ports::AccountDirectory& accounts);

    static const api::RoleTable& role_table();
    const api::RoleTable& table() const override { return role_table(); }
    Task<http::Response> call(api::LocalCall request) override;

private:
    Users(api::Parts parts, sealing::KeyStore& keys, ports::AccountDirectory& accounts);

    static std::span<const api::Endpoint<Users>> endpoints();
    Task<http::Response> show_profile(api::LocalCall call);
    Task<http::Response> change_profile(api::LocalCall call);
    Task<http::Response> list(api::LocalCall call);
    Task<http::Response> get(api::LocalCall call);
    Task<http::Response> create(api::LocalCall call);
    Task<http::Response> change(api::LocalCall call);

    api::Parts parts_;
    ProfileStore profiles_;
    ports::AccountDirectory& accounts_;
};

}  // namespace merlon::users
