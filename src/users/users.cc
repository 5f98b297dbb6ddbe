// The endpoints of profiles and users. Who may call them stands beside each; the gateway has asked.
#include "users/users.h"

#include "api/page_response.h"
#include "api/responses.h"
#include "base/uuid.h"
#include "users/account_form.h"

namespace merlon::users {

using wire::Method;

namespace {

constexpr std::string_view users_calls[] = {"auth"};
constexpr rpc::PersonalColumn users_personal_data[] = {
    {"profiles", "phone"},
    {"profiles", "address"},
    {"profiles", "ssn"},
};

constexpr api::OpenApiFailure create_failures[] = {
    {Kind::Conflict, "The e-mail address has an account", {ports::email_taken_rule}}};
constexpr api::OpenApiFailure change_failures[] = {
    {Kind::Conflict,
     "It is one's own account, the last admin's, or was changed meanwhile",
     {ports::own_account_rule, ports::account_changed_rule, ports::last_admin_rule}}};

// The identifier at the end of /api/users/{id}. What is no UUID names nothing.
Result<std::string> id_of(const api::LocalCall& call) {
    const auto id = Uuid::parse(std::string_view(call.path).substr(call.path.rfind('/') + 1));
    if (!id) return fail(Kind::Absent, "account.absent");
    return id->str();
}

// Error: "access.anonymous" (Unknown).
Result<access::User> user_of(const api::LocalCall& call) {
    return access::User::make(call.user_id, call.role, call.client);
}

}  // namespace

std::span<const api::Endpoint<Users>> Users::endpoints() {
    using api::OpenApiOperation;
    static constexpr auto permission = api::LocalAccess::Permission;
    static constexpr api::Endpoint<Users> all[] = {
        {{Method::Get,
          "/api/profile",
          permission,
          "read:profile",
          "",
          {.operation_id = "getProfile",
           .summary = "One's own profile",
           .response_schema = "Profile"}},
         &Users::show_profile},
        {{Method::Patch,
          "/api/profile",
          permission,
          "write:profile",
          ProfilePatch::schema,
          {.operation_id = "changeProfile",
           .summary = "Change one's own profile (RFC 7396: null takes a field away)",
           .response_schema = "Profile"}},
         &Users::change_profile},
        {{Method::Get,
          "/api/users",
          permission,
          "read:users",
          "",
          {.operation_id = "listUsers",
           .summary = "All users, in the order of their ids",
           .response_schema = "Account",
           .shape = OpenApiOperation::Shape::List,
           .parameters = api::page_parameters}},
         &Users::list},
        {{Method::Get,
          "/api/users/{id}",
          permission,
          "read:users",
          "",
          {.operation_id = "getUser", .summary = "One user", .response_schema = "Account"}},
         &Users::get},
        {{Method::Post,
          "/api/users",
          permission,
          "write:users",
          NewAccount::schema,
          {.operation_id = "createUser",
           .summary = "Make an account, of a role that may do no more than one's own",
           .status = 201,
           .response_schema = "Account",
           .failures = create_failures}},
         &Users::create},
        {{Method::Patch,
          "/api/users/{id}",
          permission,
          "write:users",
          AccountPatch::schema,
          {.operation_id = "changeUser",
           .summary = "Give another role, lock or unlock; another role and a lock end all sessions",
           .response_schema = "Account",
           .failures = change_failures}},
         &Users::change},
    };
    return all;
}

const api::RoleTable& Users::role_table() {
    static constexpr api::NamedSchema schemas[] = {{"Account", ports::account_schema},
                                                   {"Profile", profile_schema}};
    static const api::RoleTable table{users_role, api::routes_of(endpoints()), schemas};
    return table;
}

constinit const rpc::RoleDefinition users_definition{
    .name = users_role,
    .port = 3002,
    .calls = users_calls,
    .table = &Users::role_table,
    .migrations = &users_migrations,
    .personal_data = users_personal_data,
    .open = &Users::open,
    .connect = nullptr,
};

Users::Users(const rpc::RoleEnvironment& environment)
    : clock_(environment.clock),
      profiles_(environment.database, *environment.keys, environment.entropy),
      accounts_(environment.ports.require<ports::AccountDirectory>()) {}

Task<std::unique_ptr<rpc::Role>> Users::open(rpc::RoleEnvironment environment) {
    MERLON_CO_TRY(co_await storage::migrate(environment.database, environment.clock, users_role,
                                            users_migrations()));
    co_return std::unique_ptr<rpc::Role>(new Users(environment));
}

Task<http::Response> Users::call(api::LocalCall call) {
    return api::serve(*this, endpoints(), std::move(call));
}

Task<http::Response> Users::show_profile(api::LocalCall call) {
    const ports::AccountNames names = MERLON_CO_TRY(co_await accounts_.names_of(call.user_id));
    const Profile profile = MERLON_CO_TRY(co_await profiles_.find(call.user_id));
    co_return api::data_response(200, to_json(names, profile));
}

// Two roles, two steps, each of which can be made again: a client that got no answer repeats the
// request.
Task<http::Response> Users::change_profile(api::LocalCall call) {
    const ProfilePatch patch = MERLON_CO_TRY(ProfilePatch::parse(call.body.reveal()));
    if (patch.renames()) {
        MERLON_CO_TRY(co_await accounts_.rename(call.user_id, {patch.first_name, patch.last_name}));
    }
    const std::int64_t now = clock_.wall().time_since_epoch().count();
    MERLON_CO_TRY(co_await profiles_.change(call.user_id, patch, now));
    co_return co_await show_profile(std::move(call));
}

Task<http::Response> Users::list(api::LocalCall call) {
    const wire::Query query = MERLON_CO_TRY(wire::Query::parse(call.query));
    const api::PageRequest page = MERLON_CO_TRY(api::PageRequest::of(query));
    ports::AccountPage found = MERLON_CO_TRY(co_await accounts_.list(page));
    co_return api::page_response(std::move(found.json), found.size, found.last_id, found.total,
                                 page);
}

Task<http::Response> Users::get(api::LocalCall call) {
    co_return api::data_response(
        200, MERLON_CO_TRY(co_await accounts_.find(MERLON_CO_TRY(id_of(call)))));
}

Task<http::Response> Users::create(api::LocalCall call) {
    const NewAccount wanted = MERLON_CO_TRY(NewAccount::parse(call.body.reveal()));
    access::User by = MERLON_CO_TRY(user_of(call));
    co_return api::data_response(201, MERLON_CO_TRY(co_await accounts_.create(
                                          std::move(call.body), wanted.role, std::move(by))));
}

Task<http::Response> Users::change(api::LocalCall call) {
    const ports::AccountChange change = MERLON_CO_TRY(AccountPatch::parse(call.body.reveal()));
    const std::string id = MERLON_CO_TRY(id_of(call));
    access::User by = MERLON_CO_TRY(user_of(call));
    co_return api::data_response(
        200, MERLON_CO_TRY(co_await accounts_.change(id, change, std::move(by))));
}

}  // namespace merlon::users
