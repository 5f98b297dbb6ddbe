// Each call twice: how it travels, and how it is carried out.
#include "fleet/accounts_port.h"

#include "services/profile_store.h"

namespace merlon::fleet {
namespace {

using services::AccountDirectory;

void set_admin(Message& message, const services::Admin& by) {
    message.set("byId", by.user_id).set("byRole", by.role).set("byClient", by.client);
}

Result<services::Admin> admin_of(const Message& message) {
    return services::Admin{MERLON_TRY(message.text("byId")), MERLON_TRY(message.text("byRole")),
                           MERLON_TRY(message.text("byClient"))};
}

// An account is JSON already: it travels as a text.
Message account_message(const std::string& account) {
    Message message;
    message.set("account", account);
    return message;
}

Task<Message> serve_names(AccountDirectory* accounts, Message call) {
    const auto names = MERLON_CO_TRY(co_await accounts->names_of(MERLON_CO_TRY(call.text("id"))));
    Message answer;
    answer.set("first", names.first).set("last", names.last);
    co_return answer;
}

Task<Message> serve_rename(AccountDirectory* accounts, Message call) {
    services::NewNames names{MERLON_CO_TRY(call.optional_text("first")),
                             MERLON_CO_TRY(call.optional_text("last"))};
    MERLON_CO_TRY(co_await accounts->rename(MERLON_CO_TRY(call.text("id")), std::move(names)));
    co_return Message();
}

Task<Message> serve_find(AccountDirectory* accounts, Message call) {
    co_return account_message(
        MERLON_CO_TRY(co_await accounts->find(MERLON_CO_TRY(call.text("id")))));
}

Task<Message> serve_list(AccountDirectory* accounts, Message call) {
    services::PageRequest page{MERLON_CO_TRY(call.integer("limit")),
                               MERLON_CO_TRY(call.text("after"))};
    if (page.limit < 1 || page.limit > services::PageRequest::limit_max) {
        co_return fail(Kind::Invalid, "port.malformed", "limit");
    }
    const auto list = MERLON_CO_TRY(co_await accounts->list(std::move(page)));
    Message answer;
    answer.set("accounts", list.json).set("size", list.size);
    answer.set("last", list.last_id).set("total", list.total);
    co_return answer;
}

Task<Message> serve_create(AccountDirectory* accounts, Message call) {
    co_return account_message(MERLON_CO_TRY(co_await accounts->create(
        MERLON_CO_TRY(call.text("body")), MERLON_CO_TRY(call.text("role")),
        MERLON_CO_TRY(admin_of(call)))));
}

Task<Message> serve_change(AccountDirectory* accounts, Message call) {
    services::AccountChange change{MERLON_CO_TRY(call.optional_text("role")),
                                   MERLON_CO_TRY(call.optional_boolean("locked"))};
    co_return account_message(MERLON_CO_TRY(co_await accounts->change(
        MERLON_CO_TRY(call.text("id")), std::move(change), MERLON_CO_TRY(admin_of(call)))));
}

}  // namespace

Task<services::AccountNames> RemoteAccounts::names_of(std::string id) {
    const Message answer = MERLON_CO_TRY(
        co_await auth_.call("accounts.names", Message().set("id", id), Repeat::Harmless));
    co_return services::AccountNames{MERLON_CO_TRY(answer.text("first")),
                                     MERLON_CO_TRY(answer.text("last"))};
}

Task<> RemoteAccounts::rename(std::string id, services::NewNames names) {
    Message call;
    call.set("id", id).set("first", names.first).set("last", names.last);
    MERLON_CO_TRY(co_await auth_.call("accounts.rename", call, Repeat::Harmless));
    co_return Result<>{};
}

Task<std::string> RemoteAccounts::find(std::string id) {
    const Message answer = MERLON_CO_TRY(
        co_await auth_.call("accounts.find", Message().set("id", id), Repeat::Harmless));
    co_return answer.text("account");
}

Task<services::AccountPage> RemoteAccounts::list(services::PageRequest page) {
    const Message answer = MERLON_CO_TRY(co_await auth_.call(
        "accounts.list", Message().set("limit", page.limit).set("after", page.after),
        Repeat::Harmless));
    co_return services::AccountPage{MERLON_CO_TRY(answer.text("accounts")),
                                    static_cast<std::size_t>(MERLON_CO_TRY(answer.integer("size"))),
                                    MERLON_CO_TRY(answer.text("last")),
                                    MERLON_CO_TRY(answer.integer("total"))};
}

Task<std::string> RemoteAccounts::create(std::string body, std::string role, services::Admin by) {
    Message call;
    call.set("body", body).set("role", role);
    set_admin(call, by);
    const Message answer = MERLON_CO_TRY(co_await auth_.call("accounts.create", call, Repeat::No));
    co_return answer.text("account");
}

Task<std::string> RemoteAccounts::change(std::string id, services::AccountChange change,
                                         services::Admin by) {
    Message call;
    call.set("id", id).set("role", change.role);
    call.set("locked", change.is_locked);
    set_admin(call, by);
    const Message answer = MERLON_CO_TRY(co_await auth_.call("accounts.change", call, Repeat::No));
    co_return answer.text("account");
}

std::vector<Port> accounts_ports(services::AccountDirectory& accounts) {
    const auto port = [&](std::string_view operation, auto serve) {
        return Port{operation, services::users_role, [accounts = &accounts, serve](Message call) {
                        return serve(accounts, std::move(call));
                    }};
    };
    return {port("accounts.names", serve_names),   port("accounts.rename", serve_rename),
            port("accounts.find", serve_find),     port("accounts.list", serve_list),
            port("accounts.create", serve_create), port("accounts.change", serve_change)};
}

}  // namespace merlon::fleet
