// The key hierarchy in its database. Read open() first.
#include "sealing/key_store.h"

#include "sealing/master_key.h"
#include "sealing/sealed_text.h"

namespace merlon::sealing {
namespace {

using storage::Blob;
using storage::Rows;
using storage::Transaction;

constexpr storage::Migration migrations[] = {
    {1, "keys", R"(
        CREATE TABLE root_keys (
            name TEXT PRIMARY KEY,
            wrapped BLOB NOT NULL,
            created_at INTEGER NOT NULL  -- milliseconds since 1970
        ) STRICT;
        CREATE TABLE person_keys (
            person TEXT NOT NULL,
            role TEXT NOT NULL,
            wrapped BLOB NOT NULL,
            created_at INTEGER NOT NULL,
            PRIMARY KEY (person, role)
        ) STRICT, WITHOUT ROWID)"},
    {2, "people whose account may not be stored", R"(
        CREATE TABLE pending_people (
            person TEXT PRIMARY KEY,
            created_at INTEGER NOT NULL
        ) STRICT)"},
};

std::int64_t milliseconds(WallTime time) { return time.time_since_epoch().count(); }

// The stored root key of this name, or the proposed one, whichever was there first.
Task<std::string> settle_root(Transaction& transaction, std::string name, std::string proposed,
                              std::int64_t now) {
    MERLON_CO_TRY(co_await transaction.query(
        "INSERT INTO root_keys (name, wrapped, created_at) VALUES ($1, $2, $3) "
        "ON CONFLICT (name) DO NOTHING",
        {name, Blob{std::move(proposed)}, now}));
    const Rows rows = MERLON_CO_TRY(
        co_await transaction.query("SELECT wrapped FROM root_keys WHERE name = $1", {name}));
    co_return rows[0].blob(0);
}

Task<std::string> settle_person(Transaction& transaction, std::string person, std::string role,
                                std::string proposed, std::int64_t now) {
    const Rows made = MERLON_CO_TRY(co_await transaction.query(
        "INSERT INTO person_keys (person, role, wrapped, created_at) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (person, role) DO NOTHING RETURNING person",
        {person, role, Blob{proposed}, now}));
    if (!made.empty()) co_return proposed;
    const Rows rows = MERLON_CO_TRY(co_await transaction.query(
        "SELECT wrapped FROM person_keys WHERE person = $1 AND role = $2", {person, role}));
    co_return rows[0].blob(0);
}

Task<std::string> settle_pending(Transaction& transaction, std::string person, std::string role,
                                 std::string proposed, std::int64_t now) {
    MERLON_CO_TRY(co_await pending_people::insert(&transaction, person, now));
    co_return co_await settle_person(transaction, std::move(person), std::move(role),
                                     std::move(proposed), now);
}

struct ProposedKey {
    std::string person;
    std::string wrapped;
};

Task<std::vector<std::string>> settle_many_pending(Transaction& transaction,
                                                   std::vector<ProposedKey> proposed,
                                                   std::string role, std::int64_t now) {
    std::vector<std::string> wrapped;
    for (ProposedKey& one : proposed) {
        wrapped.push_back(MERLON_CO_TRY(co_await settle_pending(
            transaction, std::move(one.person), role, std::move(one.wrapped), now)));
    }
    co_return wrapped;
}

Task<> delete_person(Transaction& transaction, std::string person) {
    MERLON_CO_TRY(
        co_await transaction.query("DELETE FROM person_keys WHERE person = $1", {person}));
    co_return co_await pending_people::forget(&transaction, std::move(person));
}

Task<> delete_pending(Transaction& transaction, pending_people::Pending pending) {
    if (!MERLON_CO_TRY(co_await pending_people::take(&transaction, pending))) co_return Result<>{};
    co_return co_await delete_person(transaction, std::move(pending.person));
}

std::string name_of(const std::string& person, const std::string& role) {
    return "person:" + role + ":" + person;
}

Task<Secret> root_key(storage::Database& database, const Clock& clock, Entropy& entropy,
                      std::shared_ptr<const crypto::AeadKey> master, std::string name) {
    std::string proposed = master->seal(entropy.bytes(crypto::aead_key_bytes), name, entropy);
    const std::string wrapped = MERLON_CO_TRY(co_await database.transact<std::string>(
        [name, proposed, now = milliseconds(clock.wall())](Transaction& transaction) {
            return settle_root(transaction, name, proposed, now);
        }));
    auto key = master->open_secret(wrapped, name);
    if (!key) {
        co_return fail(Kind::Invalid, master_key_rule,
                       "this master key is not the one that the key store was made with");
    }
    co_return *std::move(key);
}

}  // namespace

std::span<const storage::Migration> keys_migrations() { return migrations; }

Task<std::unique_ptr<KeyStore>> KeyStore::open(storage::Database& database, const Clock& clock,
                                               Entropy& entropy, Secret master) {
    MERLON_CO_TRY(co_await storage::migrate(database, clock, keys_role, keys_migrations()));
    const auto key =
        std::make_shared<const crypto::AeadKey>(MERLON_CO_TRY(crypto::AeadKey::make(master)));
    const Secret root = MERLON_CO_TRY(co_await root_key(database, clock, entropy, key, "root"));
    const Secret index =
        MERLON_CO_TRY(co_await root_key(database, clock, entropy, key, "blind index"));
    co_return std::unique_ptr<KeyStore>(new KeyStore(database, clock, entropy,
                                                     MERLON_CO_TRY(crypto::AeadKey::make(root)),
                                                     crypto::HmacSha256(index)));
}

bool is_unreadable(const Error& error) {
    return error.rule == key_destroyed_rule || error.rule == sealed_corrupt_rule ||
           error.rule == crypto::aead_corrupt_rule;
}

Task<PersonKey> KeyStore::obtain(std::string person, std::string role) {
    return obtain_for(std::move(person), std::move(role), Account::Stored);
}

Task<PersonKey> KeyStore::obtain_pending(std::string person, std::string role) {
    return obtain_for(std::move(person), std::move(role), Account::Pending);
}

Task<std::vector<PersonKey>> KeyStore::obtain_many_pending(std::vector<std::string> people,
                                                           std::string role) {
    std::vector<ProposedKey> proposed;
    for (const std::string& person : people) {
        proposed.push_back({person, root_.seal(entropy_.bytes(crypto::aead_key_bytes),
                                               name_of(person, role), entropy_)});
    }
    const auto wrapped = MERLON_CO_TRY(co_await database_.transact<std::vector<std::string>>(
        [proposed, role, now = milliseconds(clock_.wall())](Transaction& transaction) {
            return settle_many_pending(transaction, proposed, role, now);
        }));
    std::vector<PersonKey> keys;
    for (std::size_t i = 0; i < people.size(); ++i) {
        const Secret key = MERLON_CO_TRY(unwrap(name_of(people[i], role), wrapped[i]));
        keys.push_back(
            std::make_shared<const crypto::AeadKey>(MERLON_CO_TRY(crypto::AeadKey::make(key))));
    }
    co_return keys;
}

Task<PersonKey> KeyStore::obtain_for(std::string person, std::string role, Account account) {
    const std::string name = name_of(person, role);
    if (PersonKey key = cached(name)) co_return key;
    std::string proposed = root_.seal(entropy_.bytes(crypto::aead_key_bytes), name, entropy_);
    const std::string wrapped = MERLON_CO_TRY(co_await database_.transact<std::string>(
        [person, role, proposed, now = milliseconds(clock_.wall()),
         settle = account == Account::Pending ? settle_pending
                                              : settle_person](Transaction& transaction) {
            return settle(transaction, person, role, proposed, now);
        }));
    const Secret key = MERLON_CO_TRY(unwrap(name, wrapped));
    co_return keep(name, key);
}

Task<PersonKey> KeyStore::find(std::string person, std::string role) {
    const std::string name = name_of(person, role);
    if (PersonKey key = cached(name)) co_return key;
    const Rows rows = MERLON_CO_TRY(co_await database_.query(
        "SELECT wrapped FROM person_keys WHERE person = $1 AND role = $2", {person, role}));
    if (rows.empty()) co_return fail(Kind::Absent, key_destroyed_rule);
    const Secret key = MERLON_CO_TRY(unwrap(name, rows[0].blob(0)));
    co_return keep(name, key);
}

Task<bool> KeyStore::has_people() {
    const Rows rows = MERLON_CO_TRY(co_await database_.query("SELECT 1 FROM person_keys LIMIT 1"));
    co_return !rows.empty();
}

Task<> KeyStore::destroy(std::string person) {
    MERLON_CO_TRY(co_await database_.transact_work(
        [person](Transaction& transaction) { return delete_person(transaction, person); }));
    drop_cached(person);
    co_return Result<>{};
}

Task<> KeyStore::destroy_pending(pending_people::Pending pending) {
    MERLON_CO_TRY(co_await database_.transact_work(
        [pending](Transaction& transaction) { return delete_pending(transaction, pending); }));
    drop_cached(pending.person);
    co_return Result<>{};
}

void KeyStore::drop_cached(const std::string& person) {
    const Lock lock(mutex_);
    std::erase_if(order_, [&](const Cached& entry) MERLON_REQUIRES(mutex_) {
        const bool is_theirs = entry.name.ends_with(":" + person);
        if (is_theirs) cache_.erase(entry.name);
        return is_theirs;
    });
}

std::string KeyStore::blind_index(std::string_view column, std::string_view text) const {
    std::string message(column);
    message.append(1, '\0').append(text);
    return std::string(crypto::as_text(index_.mac(message)));
}

Result<Secret> KeyStore::unwrap(const std::string& name, std::string_view wrapped) const {
    return root_.open_secret(wrapped, name);
}

PersonKey KeyStore::cached(const std::string& name) {
    const Lock lock(mutex_);
    const auto found = cache_.find(name);
    if (found == cache_.end()) return nullptr;
    order_.splice(order_.begin(), order_, found->second);
    return found->second->key;
}

PersonKey KeyStore::keep(std::string name, const Secret& key) {
    auto made = std::make_shared<const crypto::AeadKey>(crypto::AeadKey::make(key).value());
    const Lock lock(mutex_);
    if (const auto found = cache_.find(name); found != cache_.end()) return found->second->key;
    if (order_.size() >= cached_max) {
        cache_.erase(order_.back().name);
        order_.pop_back();
    }
    order_.push_front({name, made});
    cache_.emplace(std::move(name), order_.begin());
    return made;
}

}  // namespace merlon::sealing
