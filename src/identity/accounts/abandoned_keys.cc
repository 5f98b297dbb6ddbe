// Reads the pending people page by page, and looks for the account of each.
#include "identity/accounts/abandoned_keys.h"

namespace merlon::identity {
namespace {

constexpr std::int64_t page_max = 500;
// Beyond, an identifier waits for a sweep that has fewer before it.
constexpr std::size_t remembered_max = 10'000;

}  // namespace

Task<> AbandonedKeys::sweep() {
    std::set<std::string> without_account;
    std::string last;
    while (true) {
        const People page = MERLON_CO_TRY(
            co_await sealing::pending_people::list(&keys_.database(), last, page_max));
        if (page.empty()) break;
        last = page.back().person;
        for (std::string& person : MERLON_CO_TRY(co_await judge(page))) {
            if (without_account.size() < remembered_max) without_account.insert(std::move(person));
        }
    }
    without_account_ = std::move(without_account);
    co_return Result<>{};
}

Task<std::vector<std::string>> AbandonedKeys::judge(People people) {
    const std::int64_t now = clock_.wall().time_since_epoch().count();
    std::vector<std::string> with_account;
    std::vector<std::string> left;
    for (const auto& pending : people) {
        const auto& [person, created_at] = pending;
        const storage::Rows rows = MERLON_CO_TRY(
            co_await database_.query("SELECT 1 FROM accounts WHERE id = $1", {person}));
        if (!rows.empty()) {
            with_account.push_back(person);
        } else if (now - created_at < least_age.count() || !without_account_.contains(person)) {
            left.push_back(person);
        } else {
            MERLON_CO_TRY(co_await keys_.destroy_pending(pending));
        }
    }
    if (!with_account.empty()) {
        MERLON_CO_TRY(co_await sealing::pending_people::forget_all(&keys_.database(),
                                                                   std::move(with_account)));
    }
    co_return left;
}

}  // namespace merlon::identity
