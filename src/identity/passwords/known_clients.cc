// Statements on known_clients.
#include "identity/passwords/known_clients.h"

#include "identity/store/expired_rows.h"
#include "net/counted_client.h"

namespace merlon::identity {
namespace {

using storage::Rows;
using storage::Transaction;

constexpr std::chrono::milliseconds noted_every = std::chrono::hours{24};

}  // namespace

Task<LoginOrigin> KnownClients::look_up(std::string account, std::string client) const {
    LoginOrigin origin{std::move(account), net::counted_client(client, ipv6_prefix_)};
    origin.index.bytes =
        keys_.blind_index("known_clients.client", origin.account + '\0' + origin.client);
    const std::int64_t oldest = (clock_.wall() - remembered).time_since_epoch().count();
    const Rows rows = MERLON_CO_TRY(co_await database_.query(
        "SELECT signed_in_at FROM known_clients WHERE client = $1 AND signed_in_at > $2",
        {origin.index, oldest}));
    if (!rows.empty()) origin.signed_in_at = rows[0].integer(0);
    co_return origin;
}

KnownClients::SignIn KnownClients::sign_in(LoginOrigin origin, std::string account_id) const {
    return {std::move(origin), std::move(account_id), clock_.wall().time_since_epoch().count()};
}

Task<> KnownClients::remember(Transaction& transaction, SignIn sign_in) {
    const auto& before = sign_in.origin.signed_in_at;
    if (before && sign_in.now - *before < noted_every.count()) co_return Result<>{};
    MERLON_CO_TRY(co_await transaction.query(
        "INSERT INTO known_clients (client, account_id, signed_in_at) VALUES ($1, $2, $3) "
        "ON CONFLICT (client) DO UPDATE SET account_id = $2, signed_in_at = $3",
        {std::move(sign_in.origin.index), sign_in.account_id, sign_in.now}));
    if (before) co_return Result<>{};
    MERLON_CO_TRY(co_await transaction.query(
        "DELETE FROM known_clients WHERE client IN (SELECT client FROM known_clients "
        "WHERE account_id = $1 ORDER BY signed_in_at DESC LIMIT 10 OFFSET $2)",
        {std::move(sign_in.account_id), per_account_max}));
    co_return Result<>{};
}

Task<> KnownClients::delete_expired(storage::Database* database, std::int64_t before) {
    return delete_expired_rows(database,
                               "DELETE FROM known_clients WHERE client IN "
                               "(SELECT client FROM known_clients WHERE signed_in_at < $1 "
                               "LIMIT 1000)",
                               before);
}

}  // namespace merlon::identity
