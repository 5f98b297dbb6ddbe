// The users role: everybody's own profile, and an admin's view of accounts. Accounts themselves are
// the auth role's, reached through a port.
#pragma once

#include "api/endpoint.h"
#include "ports/account_directory.h"
#include "rpc/role.h"
#include "users/profile_store.h"

namespace merlon::users {

class Users final : public rpc::Role {
public:
    // Brings the tables up to date. Errors: those of migrate().
    static Task<std::unique_ptr<rpc::Role>> open(rpc::RoleEnvironment environment);

    static const api::RoleTable& role_table();
    const api::RoleTable& table() const override { return role_table(); }
    Task<http::Response> call(api::LocalCall request) override;

private:
    explicit Users(const rpc::RoleEnvironment& environment);

    static std::span<const api::Endpoint<Users>> endpoints();
    Task<http::Response> show_profile(api::LocalCall call);
    Task<http::Response> change_profile(api::LocalCall call);
    Task<http::Response> list(api::LocalCall call);
    Task<http::Response> get(api::LocalCall call);
    Task<http::Response> create(api::LocalCall call);
    Task<http::Response> change(api::LocalCall call);

    const Clock& clock_;
    ProfileStore profiles_;
    ports::AccountDirectory& accounts_;
};

extern const rpc::RoleDefinition users_definition;

}  // namespace merlon::users
