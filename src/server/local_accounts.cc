// Forwards each call of the port to the auth role's accounts.
#include "server/local_accounts.h"

namespace merlon::server {

Task<ports::AccountNames> LocalAccounts::names_of(std::string id) {
    auto names = MERLON_CO_TRY(co_await identity_.account_lookup().require_names(std::move(id)));
    co_return ports::AccountNames{std::move(names.first), std::move(names.last)};
}

Task<> LocalAccounts::rename(std::string id, ports::NewNames names) {
    return identity_.accounts().rename(std::move(id),
                                       {std::move(names.first), std::move(names.last)});
}

Task<std::string> LocalAccounts::find(std::string id) {
    return identity_.account_lookup().require_json(std::move(id));
}

Task<ports::AccountPage> LocalAccounts::list(api::PageRequest page) {
    auto list =
        MERLON_CO_TRY(co_await identity_.account_lookup().list(std::move(page.after), page.limit));
    co_return ports::AccountPage{std::move(list.json), list.size, std::move(list.last_id),
                                 list.total};
}

Task<std::string> LocalAccounts::create(Secret body, std::string role, access::User by) {
    // Validated again by auth's own schema: auth does not trust the users role.
    using identity::RegisterForm;
    const Secret valid = MERLON_CO_TRY(
        identity::validate_body(RegisterForm::schema, body.reveal(), identity_.names()));
    auto form = MERLON_CO_TRY(RegisterForm::parse(valid.reveal()));
    co_return co_await identity_.accounts().create(std::move(form), std::move(role), std::move(by));
}

Task<std::string> LocalAccounts::change(std::string id, ports::AccountChange change,
                                        access::User by) {
    return identity_.accounts().change(std::move(id), {std::move(change.role), change.is_locked},
                                       std::move(by));
}

}  // namespace merlon::server
