// Opens admins' accounts until enough can be opened.
#include "identity/accounts/able_admins.h"

namespace merlon::identity::able_admins {
namespace {

constexpr std::int64_t page_rows = 100;

// Damaged fields keep their owner out as a lost key does. Other errors say nothing of the account.
Task<bool> can_be_opened(Accounts* accounts, Account sealed) {
    const auto opened = co_await accounts->open(std::move(sealed));
    if (opened) co_return true;
    if (sealing::is_unreadable(opened.error())) co_return false;
    co_return std::unexpected(opened.error());
}

}  // namespace

Task<std::vector<std::string>> find(Accounts* accounts, std::string except) {
    std::vector<std::string> found;
    std::string after;
    for (;;) {
        const auto page = MERLON_CO_TRY(co_await accounts->list_admins(after, page_rows));
        if (page.empty()) co_return found;
        for (const Account& admin : page) {
            if (admin.id == except) continue;
            if (!MERLON_CO_TRY(co_await can_be_opened(accounts, admin))) continue;
            found.push_back(admin.id);
            if (found.size() == found_max) co_return found;
        }
        after = page.back().id;
    }
}

Task<> require_one(storage::Transaction* transaction, std::vector<std::string> found) {
    for (std::string& id : found) {
        const storage::Rows rows = MERLON_CO_TRY(co_await transaction->query(
            "SELECT id FROM accounts WHERE id = $1 AND role = 'admin' AND locked = 0 AND "
            "password <> ''",
            {std::move(id)}));
        if (!rows.empty()) co_return Result<>{};
    }
    co_return fail(Kind::Conflict, ports::last_admin_rule);
}

}  // namespace merlon::identity::able_admins
