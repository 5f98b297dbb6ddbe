// Each operation on accounts twice: the client that sends it, and the server that carries it out.
#include "identity/remote/accounts_port.h"

namespace merlon::identity {
namespace {

using ports::AccountDirectory;

constexpr std::string_view callers[] = {ports::accounts_caller};
constexpr std::string_view rules[] = {
    "access.denied",       "account.absent", "account.changed", "account.last_admin",
    "account.email_taken", "account.own",    "limit.auth",      "passwords.busy",
    "schema.violation",    "uuid.malformed",
};
constexpr rpc::Method names_method{"accounts.names", callers, rpc::Retry::Harmless, rules};
constexpr rpc::Method rename_method{"accounts.rename", callers, rpc::Retry::Harmless, rules};
constexpr rpc::Method find_method{"accounts.find", callers, rpc::Retry::Harmless, rules};
constexpr rpc::Method list_method{"accounts.list", callers, rpc::Retry::Harmless, rules};
constexpr rpc::Method create_method{"accounts.create", callers, rpc::Retry::Never, rules};
constexpr rpc::Method change_method{"accounts.change", callers, rpc::Retry::Never, rules};

void set_user(rpc::Message& message, const access::User& by) {
    message.set("byId", by.id()).set("byRole", by.role()).set("byClient", by.client());
}

// Another process acts for a user or for nobody: an operator has no message of theirs.
Result<access::User> user_of(const rpc::Message& message) {
    auto user =
        access::User::make(MERLON_TRY(message.text("byId")), MERLON_TRY(message.text("byRole")),
                           MERLON_TRY(message.text("byClient")));
    if (!user) return fail(Kind::Invalid, rpc::malformed_rule, "byId");
    return user;
}

// An account is JSON already: it travels as text.
rpc::Message account_message(const std::string& account) {
    rpc::Message message;
    message.set("account", account);
    return message;
}

Task<rpc::Message> serve_names(AccountDirectory* accounts, rpc::Message call) {
    const auto names = MERLON_CO_TRY(co_await accounts->names_of(MERLON_CO_TRY(call.text("id"))));
    rpc::Message response;
    response.set("first", names.first).set("last", names.last);
    co_return response;
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
        co_return fail(Kind::Invalid, rpc::malformed_rule, "limit");
    }
    const auto list = MERLON_CO_TRY(co_await accounts->list(std::move(page)));
    rpc::Message response;
    response.set("accounts", list.json).set("size", list.size);
    response.set("last", list.last_id).set("total", list.total);
    co_return response;
}

Task<rpc::Message> serve_create(AccountDirectory* accounts, rpc::Message call) {
    co_return account_message(MERLON_CO_TRY(
        co_await accounts->create(Secret(MERLON_CO_TRY(call.text("body"))),
                                  MERLON_CO_TRY(call.text("role")), MERLON_CO_TRY(user_of(call)))));
}

Task<rpc::Message> serve_change(AccountDirectory* accounts, rpc::Message call) {
    ports::AccountChange change{MERLON_CO_TRY(call.optional_text("role")),
                                MERLON_CO_TRY(call.optional_boolean("locked"))};
    co_return account_message(MERLON_CO_TRY(co_await accounts->change(
        MERLON_CO_TRY(call.text("id")), std::move(change), MERLON_CO_TRY(user_of(call)))));
}

}  // namespace

Task<ports::AccountNames> RemoteAccounts::names_of(std::string id) {
    const rpc::Message response =
        MERLON_CO_TRY(co_await auth_.call(names_method, rpc::Message().set("id", id)));
    co_return ports::AccountNames{MERLON_CO_TRY(response.text("first")),
                                  MERLON_CO_TRY(response.text("last"))};
}

Task<> RemoteAccounts::rename(std::string id, ports::NewNames names) {
    rpc::Message call;
    call.set("id", id).set("first", names.first).set("last", names.last);
    MERLON_CO_TRY(co_await auth_.call(rename_method, call));
    co_return Result<>{};
}

Task<std::string> RemoteAccounts::find(std::string id) {
    const rpc::Message response =
        MERLON_CO_TRY(co_await auth_.call(find_method, rpc::Message().set("id", id)));
    co_return response.text("account");
}

Task<ports::AccountPage> RemoteAccounts::list(api::PageRequest page) {
    const rpc::Message response = MERLON_CO_TRY(co_await auth_.call(
        list_method, rpc::Message().set("limit", page.limit).set("after", page.after)));
    co_return ports::AccountPage{MERLON_CO_TRY(response.text("accounts")),
                                 static_cast<std::size_t>(MERLON_CO_TRY(response.integer("size"))),
                                 MERLON_CO_TRY(response.text("last")),
                                 MERLON_CO_TRY(response.integer("total"))};
}

Task<std::string> RemoteAccounts::create(Secret body, std::string role, access::User by) {
    rpc::Message call;
    call.set("body", body.reveal()).set("role", role);
    set_user(call, by);
    const rpc::Message response = MERLON_CO_TRY(co_await auth_.call(create_method, call));
    co_return response.text("account");
}

Task<std::string> RemoteAccounts::change(std::string id, ports::AccountChange change,
                                         access::User by) {
    rpc::Message call;
    call.set("id", id).set("role", change.role);
    call.set("locked", change.is_locked);
    set_user(call, by);
    const rpc::Message response = MERLON_CO_TRY(co_await auth_.call(change_method, call));
    co_return response.text("account");
}

std::vector<rpc::OfferedMethod> accounts_methods(ports::AccountDirectory& accounts) {
    const auto offer = [&](const rpc::Method& method, auto serve) {
        return rpc::OfferedMethod{&method, [accounts = &accounts, serve](rpc::Message call) {
                                      return serve(accounts, std::move(call));
                                  }};
    };
    return {offer(names_method, serve_names),   offer(rename_method, serve_rename),
            offer(find_method, serve_find),     offer(list_method, serve_list),
            offer(create_method, serve_create), offer(change_method, serve_change)};
}

}  // namespace merlon::identity
