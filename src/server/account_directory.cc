// Handing calls on.
#include "server/account_directory.h"

namespace merlon::server {

Task<ports::AccountNames> AccountDirectory::names_of(std::string id) {
    auto names = MERLON_CO_TRY(co_await identity_.names_of(std::move(id)));
    co_return ports::AccountNames{std::move(names.first), std::move(names.last)};
}

Task<> AccountDirectory::rename(std::string id, ports::NewNames names) {
    return identity_.rename(std::move(id), {std::move(names.first), std::move(names.last)});
}

Task<std::string> AccountDirectory::find(std::string id) {
    return identity_.find_account(std::move(id));
}

Task<ports::AccountPage> AccountDirectory::list(api::PageRequest page) {
    auto list = MERLON_CO_TRY(co_await identity_.list_accounts(std::move(page.after), page.limit));
    co_return ports::AccountPage{std::move(list.json), list.size, std::move(list.last_id),
                                 list.total};
}

Task<std::string> AccountDirectory::create(std::string body, std::string role, access::User by) {
    // By auth's own rules: what the users role has let pass is not theirs to trust.
    using identity::RegisterForm;
    const std::string judged = MERLON_CO_TRY(identity::validate_body(RegisterForm::schema, body));
    const auto form = MERLON_CO_TRY(RegisterForm::parse(judged));
    co_return co_await identity_.create_account(form, std::move(role), std::move(by));
}

Task<std::string> AccountDirectory::change(std::string id, ports::AccountChange change,
                                           access::User by) {
    return identity_.change_account(std::move(id), {std::move(change.role), change.is_locked},
                                    std::move(by));
}

}  // namespace merlon::server
