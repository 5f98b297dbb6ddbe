// Statements on pending_people.
#include "sealing/pending_people.h"

namespace merlon::sealing::pending_people {
namespace {

using storage::Rows;
using storage::Transaction;

Task<> forget_each(Transaction* transaction, std::vector<std::string> people) {
    for (std::string& person : people) {
        MERLON_CO_TRY(co_await forget(transaction, std::move(person)));
    }
    co_return Result<>{};
}

}  // namespace

Task<> insert(Transaction* transaction, std::string person, std::int64_t now) {
    MERLON_CO_TRY(
        co_await transaction->query("INSERT INTO pending_people (person, created_at) "
                                    "VALUES ($1, $2) ON CONFLICT (person) DO UPDATE "
                                    "SET created_at = excluded.created_at",
                                    {std::move(person), now}));
    co_return Result<>{};
}

Task<bool> take(Transaction* transaction, Pending pending) {
    const Rows rows = MERLON_CO_TRY(
        co_await transaction->query("DELETE FROM pending_people WHERE person = $1 AND "
                                    "created_at = $2 RETURNING person",
                                    {std::move(pending.person), pending.created_at}));
    co_return !rows.empty();
}

Task<> forget(Transaction* transaction, std::string person) {
    MERLON_CO_TRY(co_await transaction->query("DELETE FROM pending_people WHERE person = $1",
                                              {std::move(person)}));
    co_return Result<>{};
}

Task<std::vector<Pending>> list(storage::Database* database, std::string after,
                                std::int64_t limit) {
    const Rows rows =
        MERLON_CO_TRY(co_await database->query("SELECT person, created_at FROM pending_people "
                                               "WHERE person > $1 ORDER BY person LIMIT $2",
                                               {std::move(after), limit}));
    std::vector<Pending> found;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        found.push_back({rows[i].text(0), rows[i].integer(1)});
    }
    co_return found;
}

Task<> forget_all(storage::Database* database, std::vector<std::string> people) {
    return database->transact_work([people = std::move(people)](Transaction& transaction) {
        return forget_each(&transaction, people);
    });
}

}  // namespace merlon::sealing::pending_people
