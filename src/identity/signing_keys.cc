// Signing keys in their table.
#include "identity/signing_keys.h"

namespace merlon::identity {
namespace {

using storage::Blob;
using storage::Row;
using storage::Rows;
using storage::Transaction;
using tokens::RingKey;

std::int64_t milliseconds(WallTime time) { return time.time_since_epoch().count(); }
WallTime time_of(std::int64_t count) { return WallTime{std::chrono::milliseconds{count}}; }

std::string purpose(const std::string& kid) { return "signing key:" + kid; }

constexpr storage::Sql select_keys =
    "SELECT kid, wrapped, created_at, signs_from, retires_at FROM signing_keys "
    "WHERE algorithm = $1 ORDER BY signs_from DESC";

// Of two first starts at once on one database, one key wins.
Task<Rows> insert_first(Transaction& transaction, std::string algorithm, std::string kid,
                        std::string wrapped, std::int64_t now) {
    MERLON_CO_TRY(co_await transaction.query(
        "INSERT INTO signing_keys (kid, algorithm, wrapped, created_at, signs_from) "
        "SELECT $1, $2, $3, $4, $4 "
        "WHERE NOT EXISTS (SELECT 1 FROM signing_keys WHERE algorithm = $2)",
        {kid, algorithm, Blob{std::move(wrapped)}, now}));
    co_return co_await transaction.query(select_keys, {algorithm});
}

Result<RingKey> to_ring_key(const Row& row, const sealing::KeyStore& keys) {
    auto der = keys.root().open_secret(row.blob(1), purpose(row.text(0)));
    if (!der) {
        return fail(Kind::Corrupt, "keys.master",
                    "signing key " + row.text(0) + " does not open with this master key");
    }
    std::optional<WallTime> retires_at;
    if (!row.is_null(4)) retires_at = time_of(row.integer(4));
    return RingKey::make(MERLON_TRY(crypto::SigningKey::from_pkcs8(*der)), time_of(row.integer(2)),
                         time_of(row.integer(3)), retires_at);
}

}  // namespace

Task<tokens::Rings> load_signing_keys(storage::Database& database, const sealing::KeyStore& keys,
                                      const tokens::TokenSettings& settings, const Clock& clock,
                                      Entropy& entropy) {
    if (settings.algorithm == tokens::Algorithm::HS256)
        co_return tokens::Rings::of_secrets(settings);
    const std::string algorithm(name(settings.algorithm));
    Rows rows = MERLON_CO_TRY(co_await database.query(select_keys, {algorithm}));
    if (rows.empty()) {
        const WallTime now = clock.wall();
        const RingKey fresh = RingKey::make(
            MERLON_CO_TRY(crypto::SigningKey::generate(settings.algorithm)), now, now);
        const Secret der = MERLON_CO_TRY(fresh.key->to_pkcs8());
        std::string wrapped = keys.root().seal(der.reveal(), purpose(fresh.kid), entropy);
        rows = MERLON_CO_TRY(co_await database.transact<Rows>(
            [algorithm, kid = fresh.kid, wrapped, now](Transaction& transaction) {
                return insert_first(transaction, algorithm, kid, wrapped, milliseconds(now));
            }));
    }
    std::vector<RingKey> ring;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        ring.push_back(MERLON_CO_TRY(to_ring_key(rows[i], keys)));
    }
    const auto shared = std::make_shared<const tokens::Keyring>(
        MERLON_CO_TRY(tokens::Keyring::make(std::move(ring))));
    co_return tokens::Rings{shared, shared};
}

}  // namespace merlon::identity
