// Each call twice: how it travels, and how it is carried out.
#include "identity/remote/accounts_port.h"

namespace merlon::identity {
namespace {

using ports::AccountDirectory;

void set_admin(rpc::Message& message, const ports::Admin& by) {
    message.set("byId", by.user_id).set("byRole", by.role).set("byClient", by.client);
}

Result<ports::Admin> admin_of(const rpc::Message& message) {
    return ports::Admin{MERLON_TRY(message.text("byId")), MERLON_TRY(message.text("byRole")),
                        MERLON_TRY(message.text("byClient"))};
}

// An account is JSON already: it travels as a text.
rpc::Message account_message(const std::string& account) {
    rpc::Message message;
    message.set("account", account);
    return message;
}

Task<rpc::Message> serve_names(AccountDirectory* accounts, rpc::Message call) {
    const auto names = MERLON_CO_TRY(co_await accounts->names_of(MERLON_CO_TRY(call.text("id"))));
    rpc::Message answer;
    answer.set("first", names.first).set("last", names.last);
    co_return answer;
}

Task<rpc::Message> serve_rename(AccountDirectory* accounts, rpc::Message call) {
    ports::NewNames names{MERLON_CO_TRY(call.optional_text("first")),
                          MERLON_CO_TRY(call.optional_text("last"))};
    MERLON_CO_TRY(co_await accounts->rename(MERLON_CO_TRY(call.text("id")), std::move(names)));
    co_return rpc::Message();
}

Task<rpc::Message> serve_find(AccountDirectory* accounts, rpc::Message call) {
    co_return account_message(
        MERLON_CO_TRY(co_await accounts->find(MERLON_CO_TRY(call.text("id")))));
}

Task<rpc::Message> serve_list(AccountDirectory* accounts, rpc::Message call) {
    api::PageRequest page{MERLON_CO_TRY(call.integer("limit")), MERLON_CO_TRY(call.text("after"))};
    if (page.limit < 1 || page.limit > api::PageRequest::limit_max) {
        co_return fail(Kind::Invalid, "port.malformed", "limit");
    }
    const auto list = MERLON_CO_TRY(co_await accounts->list(std::move(page)));
    rpc::Message answer;
    answer.set("accounts", list.json).set("size", list.size);
    answer.set("last", list.last_id).set("total", list.total);
    co_return answer;
}

Task<rpc::Message> serve_create(AccountDirectory* accounts, rpc::Message call) {
    co_return account_message(MERLON_CO_TRY(co_await accounts->create(
        MERLON_CO_TRY(call.text("body")), MERLON_CO_TRY(call.text("role")),
        MERLON_CO_TRY(admin_of(call)))));
}

Task<rpc::Message> serve_change(AccountDirectory* accounts, rpc::Message call) {
    ports::AccountChange change{MERLON_CO_TRY(call.optional_text("role")),
                                MERLON_CO_TRY(call.optional_boolean("locked"))};
    co_return account_message(MERLON_CO_TRY(co_await accounts->change(
        MERLON_CO_TRY(call.text("id")), std::move(change), MERLON_CO_TRY(admin_of(call)))));
}

}  // namespace

Task<ports::AccountNames> RemoteAccounts::names_of(std::string id) {
    const rpc::Message answer = MERLON_CO_TRY(
        co_await auth_.call("accounts.names", rpc::Message().set("id", id), rpc::Repeat::Harmless));
    co_return ports::AccountNames{MERLON_CO_TRY(answer.text("first")),
                                  MERLON_CO_TRY(answer.text("last"))};
}

Task<> RemoteAccounts::rename(std::string id, ports::NewNames names) {
    rpc::Message call;
    call.set("id", id).set("first", names.first).set("last", names.last);
    MERLON_CO_TRY(co_await auth_.call("accounts.rename", call, rpc::Repeat::Harmless));
    co_return Result<>{};
}

Task<std::string> RemoteAccounts::find(std::string id) {
    const rpc::Message answer = MERLON_CO_TRY(
        co_await auth_.call("accounts.find", rpc::Message().set("id", id), rpc::Repeat::Harmless));
    co_return answer.text("account");
}

Task<ports::AccountPage> RemoteAccounts::list(api::PageRequest page) {
    const rpc::Message answer = MERLON_CO_TRY(co_await auth_.call(
        "accounts.list", rpc::Message().set("limit", page.limit).set("after", page.after),
        rpc::Repeat::Harmless));
    co_return ports::AccountPage{MERLON_CO_TRY(answer.text("accounts")),
                                 static_cast<std::size_t>(MERLON_CO_TRY(answer.integer("size"))),
                                 MERLON_CO_TRY(answer.text("last")),
                                 MERLON_CO_TRY(answer.integer("total"))};
}

Task<std::string> RemoteAccounts::create(std::string body, std::string role, ports::Admin by) {
    rpc::Message call;
    call.set("body", body).set("role", role);
    set_admin(call, by);
    const rpc::Message answer =
        MERLON_CO_TRY(co_await auth_.call("accounts.create", call, rpc::Repeat::No));
    co_return answer.text("account");
}

Task<std::string> RemoteAccounts::change(std::string id, ports::AccountChange change,
                                         ports::Admin by) {
    rpc::Message call;
    call.set("id", id).set("role", change.role);
    call.set("locked", change.is_locked);
    set_admin(call, by);
    const rpc::Message answer =
        MERLON_CO_TRY(co_await auth_.call("accounts.change", call, rpc::Repeat::No));
    co_return answer.text("account");
}

std::vector<rpc::Port> accounts_ports(ports::AccountDirectory& accounts) {
    const auto port = [&](std::string_view operation, auto serve) {
        return rpc::Port{operation, ports::accounts_caller,
                         [accounts = &accounts, serve](rpc::Message call) {
                             return serve(accounts, std::move(call));
                         }};
    };
    return {port("accounts.names", serve_names),   port("accounts.rename", serve_rename),
            port("accounts.find", serve_find),     port("accounts.list", serve_list),
            port("accounts.create", serve_create), port("accounts.change", serve_change)};
}

}  // namespace merlon::identity
