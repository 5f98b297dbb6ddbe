// Reads and changes the signing keys in their table.
#include "identity/keys/signing_keys.h"

#include "identity/store/schema.h"
#include "sealing/master_key.h"
#include "storage/outbox.h"

namespace merlon::identity {
namespace {

using storage::Blob;
using storage::Row;
using storage::Rows;
using storage::Transaction;
using tokens::Keyring;
using tokens::RingKey;

// By then every other process has read the table, which each does once a second.
constexpr std::chrono::seconds known_everywhere_after{5};

std::int64_t milliseconds(WallTime time) { return time.time_since_epoch().count(); }

std::optional<WallTime> time_of(const Row& row, std::size_t column) {
    if (row.is_null(column)) return std::nullopt;
    return WallTime{std::chrono::milliseconds{row.integer(column)}};
}

std::string purpose(const std::string& kid) { return "signing key:" + kid; }

constexpr storage::Sql select_keys =
    "SELECT kid, wrapped, created_at, signs_from, retires_at, refresh_until, algorithm "
    "FROM signing_keys ORDER BY created_at DESC";

// Of two first starts at once on one database, one key wins.
Task<Rows> insert_first(Transaction& transaction, std::string kid, std::string algorithm,
                        std::string wrapped, std::int64_t now) {
    MERLON_CO_TRY(co_await transaction.query(
        "INSERT INTO signing_keys (kid, algorithm, wrapped, created_at, signs_from) "
        "SELECT $1, $2, $3, $4, $4 WHERE NOT EXISTS (SELECT 1 FROM signing_keys)",
        {kid, algorithm, Blob{std::move(wrapped)}, now}));
    co_return co_await transaction.query(select_keys);
}

// A new key, and when the last tokens of those before it have expired.
struct Successor {
    std::string kid;
    std::string algorithm;
    std::string wrapped;
    std::int64_t created_at;
    std::int64_t signs_from;
    std::int64_t others_retire_at;
    std::int64_t others_refresh_until;
};

Task<Rows> insert_successor(Transaction& transaction, Successor key, events::Event event) {
    MERLON_CO_TRY(co_await transaction.query("DELETE FROM signing_keys WHERE refresh_until <= $1",
                                             {key.created_at}));
    const Rows kept = MERLON_CO_TRY(co_await transaction.query(select_keys));
    if (kept.size() >= SigningKeys::keys_max) {
        co_return fail(Kind::Exhausted, "key.many", "retire a key that is not needed any more");
    }
    // The newest by the order of making, whatever a clock did meanwhile.
    if (!kept.empty()) key.created_at = std::max(key.created_at, kept[0].integer(2) + 1);
    // Refresh tokens of before a shorter refresh_ttl live as long as their sessions.
    const Rows last = MERLON_CO_TRY(co_await transaction.query(
        "SELECT expires_at FROM sessions ORDER BY expires_at DESC LIMIT 1"));
    if (!last.empty()) {
        key.others_refresh_until = std::max(key.others_refresh_until, last[0].integer(0));
    }
    MERLON_CO_TRY(co_await transaction.query(
        "UPDATE signing_keys SET retires_at = $1, refresh_until = $2 WHERE retires_at IS NULL",
        {key.others_retire_at, key.others_refresh_until}));
    MERLON_CO_TRY(co_await transaction.query(
        "INSERT INTO signing_keys (kid, algorithm, wrapped, created_at, signs_from) "
        "VALUES ($1, $2, $3, $4, $5)",
        {key.kid, key.algorithm, Blob{key.wrapped}, key.created_at, key.signs_from}));
    MERLON_CO_TRY(co_await storage::append_event(transaction, std::string(auth_role),
                                                 std::move(event), std::nullopt));
    co_return co_await transaction.query(select_keys);
}

// The newest has no end; until its time comes the one before it signs.
Task<Rows> delete_key(Transaction& transaction, std::string kid, std::int64_t now,
                      events::Event event) {
    const Rows rows = MERLON_CO_TRY(co_await transaction.query(
        "SELECT retires_at, (SELECT kid FROM signing_keys WHERE signs_from <= $2 "
        "ORDER BY created_at DESC LIMIT 1) FROM signing_keys WHERE kid = $1",
        {kid, now}));
    if (rows.empty()) co_return fail(Kind::Absent, "key.absent", kid);
    if (rows[0].is_null(0) || rows[0].is_null(1) || rows[0].text(1) == kid) {
        co_return fail(Kind::Conflict, "key.signs",
                       kid +
                           " signs or is about to: rotate first, then retire it when its "
                           "successor signs");
    }
    MERLON_CO_TRY(co_await transaction.query("DELETE FROM signing_keys WHERE kid = $1", {kid}));
    MERLON_CO_TRY(co_await storage::append_event(transaction, std::string(auth_role),
                                                 std::move(event), std::nullopt));
    co_return co_await transaction.query(select_keys);
}

}  // namespace

// A key and its encrypted form.
struct SigningKeys::Fresh {
    std::string kid;
    std::string algorithm;
    std::string wrapped;
};

Result<SigningKeys::Fresh> SigningKeys::make(tokens::Algorithm algorithm) const {
    while (true) {
        const RingKey key =
            RingKey::make(MERLON_TRY(crypto::SigningKey::generate(algorithm)), {}, {});
        // One thumbprint in 64: on a command line it would read as an option.
        if (key.kid.starts_with('-')) continue;
        const Secret der = MERLON_TRY(key.key->to_pkcs8());
        return Fresh{key.kid, std::string(name(algorithm)),
                     keys_.root().seal(der.reveal(), purpose(key.kid), entropy_)};
    }
}

events::Event SigningKeys::event(std::string kid, std::string change) const {
    return {events::Type::KeyRotated,
            events::default_severity(events::Type::KeyRotated),
            clock_.wall(),
            {},
            {},
            {{"kid", std::move(kid)}, {"change", std::move(change)}}};
}

Result<tokens::Rings> SigningKeys::open(const Rows& rows) const {
    std::vector<RingKey> access;
    std::vector<RingKey> refresh;
    std::vector<RingKey> former_refresh;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const Row row = rows[i];
        const auto der = keys_.root().open_secret(row.blob(1), purpose(row.text(0)));
        if (!der) {
            return fail(Kind::Corrupt, sealing::master_key_rule,
                        "signing key " + row.text(0) + " does not open with this master key");
        }
        RingKey key = RingKey::make(MERLON_TRY(crypto::SigningKey::from_pkcs8(*der)),
                                    *time_of(row, 2), *time_of(row, 3), time_of(row, 4));
        access.push_back(key);
        key.retires_at = time_of(row, 5);
        refresh.push_back(RingKey::make(MERLON_TRY(tokens::refresh_key_of(*der)), key.created_at,
                                        key.signs_from, key.retires_at));
        former_refresh.push_back(std::move(key));
    }
    const auto ring = [](std::vector<RingKey> keys) -> Result<std::shared_ptr<const Keyring>> {
        return std::make_shared<const Keyring>(MERLON_TRY(Keyring::make(std::move(keys))));
    };
    return tokens::Rings{MERLON_TRY(ring(std::move(access))), MERLON_TRY(ring(std::move(refresh))),
                         MERLON_TRY(ring(std::move(former_refresh)))};
}

Task<tokens::Rings> SigningKeys::load(KeyPolicy policy) {
    Rows rows = MERLON_CO_TRY(co_await database_.query(select_keys));
    if (rows.empty()) {
        const Fresh fresh = MERLON_CO_TRY(make(policy.algorithm));
        rows = MERLON_CO_TRY(co_await database_.transact<Rows>(
            [fresh, now = milliseconds(clock_.wall())](Transaction& transaction) {
                return insert_first(transaction, fresh.kid, fresh.algorithm, fresh.wrapped, now);
            }));
    }
    if (rows[0].text(6) != name(policy.algorithm)) {
        co_return co_await rotate(policy, KeyStart::Published);
    }
    co_return open(rows);
}

Task<tokens::Rings> SigningKeys::read() {
    const Rows rows = MERLON_CO_TRY(co_await database_.query(select_keys));
    co_return open(rows);
}

Task<tokens::Rings> SigningKeys::rotate(KeyPolicy policy, KeyStart start) {
    const Fresh fresh = MERLON_CO_TRY(make(policy.algorithm));
    const WallTime now = clock_.wall();
    const std::chrono::seconds at_once{database_.is_shared() ? known_everywhere_after.count() : 0};
    const WallTime signs_from = now + (start == KeyStart::AtOnce ? at_once : tokens::jwks_max_age);
    // An old key verifies for as long as its tokens live and other verifiers keep our JWKS.
    const WallTime handover = now + tokens::jwks_max_age;
    const Successor successor{fresh.kid,
                              fresh.algorithm,
                              fresh.wrapped,
                              milliseconds(now),
                              milliseconds(signs_from),
                              milliseconds(handover + policy.access_ttl),
                              milliseconds(handover + policy.refresh_ttl)};
    const events::Event rotated = event(fresh.kid, "added");
    const Rows rows = MERLON_CO_TRY(
        co_await database_.transact<Rows>([successor, rotated](Transaction& transaction) {
            return insert_successor(transaction, successor, rotated);
        }));
    events_.write(rotated);
    co_return open(rows);
}

Task<tokens::Rings> SigningKeys::retire(std::string kid) {
    const events::Event retired = event(kid, "retired");
    const Rows rows = MERLON_CO_TRY(co_await database_.transact<Rows>(
        [kid, retired, now = milliseconds(clock_.wall())](Transaction& transaction) {
            return delete_key(transaction, kid, now, retired);
        }));
    events_.write(retired);
    co_return open(rows);
}

}  // namespace merlon::identity
