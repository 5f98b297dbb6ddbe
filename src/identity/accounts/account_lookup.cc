// Finds accounts, and renders them as JSON.
#include "identity/accounts/account_lookup.h"

#include "identity/accounts/account_counts.h"
#include "identity/accounts/account_json.h"

namespace merlon::identity {

Task<std::string> AccountLookup::require_json(std::string id) {
    const Account account = MERLON_CO_TRY(co_await accounts_.require(std::move(id)));
    co_return account_json(account, *policy_.load()->roles);
}

Task<AccountNames> AccountLookup::require_names(std::string id) {
    Account account = MERLON_CO_TRY(co_await accounts_.require_readable(std::move(id)));
    co_return AccountNames{std::move(account.first_name), std::move(account.last_name)};
}

Task<std::optional<std::string>> AccountLookup::find_id(wire::Email email) {
    auto found = MERLON_CO_TRY(co_await accounts_.find_by_email(std::move(email)));
    if (!found) co_return std::optional<std::string>();
    co_return std::move(found->sealed.id);
}

Task<std::string> AccountLookup::require_id(wire::Email email) {
    auto id = MERLON_CO_TRY(co_await find_id(std::move(email)));
    if (!id) co_return fail(Kind::Absent, "account.absent");
    co_return *std::move(id);
}

Task<AccountList> AccountLookup::list(std::string after, std::int64_t limit) {
    const auto accounts = MERLON_CO_TRY(co_await accounts_.list(std::move(after), limit));
    AccountList list;
    list.total = MERLON_CO_TRY(co_await account_counts::of_all(&database_));
    list.size = accounts.size();
    if (!accounts.empty()) list.last_id = accounts.back().id;
    const auto roles = policy_.load()->roles;
    list.json = "[";
    for (const Account& account : accounts) {
        if (list.json.size() > 1) list.json += ',';
        list.json += account_json(account, *roles);
    }
    list.json += ']';
    co_return list;
}

}  // namespace merlon::identity
