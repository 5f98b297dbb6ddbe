// Walks the accounts and the keys side by side, both in the order of the person.
#include "operations/backup/people.h"

#include "identity/store/schema.h"

namespace merlon::operations {
namespace {

using storage::Rows;

constexpr std::size_t some_max = 5;

constexpr storage::Sql accounts_after =
    "SELECT id FROM accounts WHERE id > $1 ORDER BY id LIMIT 500";
constexpr storage::Sql keys_after =
    "SELECT person FROM person_keys WHERE role = $2 AND person > $1 ORDER BY person LIMIT 500";

// The identifiers of a table, one after the other.
class Walk {
public:
    Walk(storage::Database* database, storage::Sql sql, storage::Parameters more)
        : database_(database), sql_(sql), more_(std::move(more)) {}

    // Empty after the last.
    Task<std::string> next() {
        if (at_ == page_.size()) {
            storage::Parameters parameters{last_};
            parameters.insert(parameters.end(), more_.begin(), more_.end());
            page_ = MERLON_CO_TRY(co_await database_->query(sql_, std::move(parameters)));
            at_ = 0;
        }
        if (page_.empty()) co_return std::string();
        last_ = page_[at_++].text(0);
        co_return last_;
    }

private:
    storage::Database* database_;
    storage::Sql sql_;
    storage::Parameters more_;
    Rows page_;
    std::size_t at_ = 0;
    std::string last_;
};

}  // namespace

Task<MissingKeys> find_missing_keys(storage::Database* accounts, storage::Database* keys) {
    Walk people(accounts, accounts_after, {});
    Walk with_key(keys, keys_after, {std::string(identity::auth_role)});
    MissingKeys found;
    std::string key = MERLON_CO_TRY(co_await with_key.next());
    while (true) {
        const std::string person = MERLON_CO_TRY(co_await people.next());
        if (person.empty()) co_return found;
        ++found.accounts;
        while (!key.empty() && key < person) key = MERLON_CO_TRY(co_await with_key.next());
        if (key == person) continue;
        ++found.count;
        if (found.some.size() < some_max) found.some.push_back(person);
    }
}

}  // namespace merlon::operations
