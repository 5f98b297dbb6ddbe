// One key per person and role, in a database of its own, wrapped by a root key that the master key
// wraps. Destroying a person's key makes what it sealed unreadable, in every backup of the data.
#pragma once

#include <list>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "base/entropy.h"
#include "base/mutex.h"
#include "crypto/aead.h"
#include "crypto/mac.h"
#include "sealing/pending_people.h"
#include "storage/database.h"
#include "storage/migrations.h"

namespace merlon::sealing {

// The person has no key (Absent): it was destroyed, or this key store is older than the data.
inline constexpr std::string_view key_destroyed_rule = "keys.destroyed";
// Whether what a person's key sealed cannot be opened, now and at the next attempt: the key is
// gone, or it or the sealed bytes are damaged.
bool is_unreadable(const Error& error);

// The key store's tables.
inline constexpr std::string_view keys_role = "keys";
std::span<const storage::Migration> keys_migrations();

// Shared with the requests that use it: the cache may drop it meanwhile.
using PersonKey = std::shared_ptr<const crypto::AeadKey>;

// Resource; safe from every thread. Borrows its database, clock and entropy for its life.
class KeyStore final {
public:
    // Person keys held in memory; each costs a few kilobytes of cipher contexts.
    static constexpr std::size_t cached_max = 1'000;

    // Migrates the tables and unwraps the root keys, made at first start. Errors: master_key_rule
    // (nothing was changed), and those of Database.
    static Task<std::unique_ptr<KeyStore>> open(storage::Database& database, const Clock& clock,
                                                Entropy& entropy, Secret master);

    // A person's key for `role`, made when there is none yet.
    Task<PersonKey> obtain(std::string person, std::string role);
    // The same for somebody whose account is not stored yet: noted as pending in the same
    // transaction (pending_people.h), so that a key whose account never came is found again.
    Task<PersonKey> obtain_pending(std::string person, std::string role);
    // The same for many, in their order and in one transaction. Nobody's is cached: they are not
    // about to come.
    Task<std::vector<PersonKey>> obtain_many_pending(std::vector<std::string> people,
                                                     std::string role);
    // A key that was made before. Error: key_destroyed_rule.
    Task<PersonKey> find(std::string person, std::string role);
    // Whether anybody has a key.
    Task<bool> has_people();
    // Every role's key of this person is gone for good.
    Task<> destroy(std::string person);
    // The same, unless somebody has obtained the pending person's key again meanwhile, as an import
    // does that was killed and runs again: the account that it seals may be stored any moment.
    Task<> destroy_pending(pending_people::Pending pending);

    // What finds a sealed text again without opening it: equal text, equal index; keyed, so that
    // the indexes of guessed addresses cannot be computed without the key.
    std::string blind_index(std::string_view column, std::string_view canonical_text) const;

    // For keys of the installation itself, such as those that sign tokens.
    const crypto::AeadKey& root() const { return root_; }

    storage::Database& database() { return database_; }

private:
    KeyStore(storage::Database& database, const Clock& clock, Entropy& entropy,
             crypto::AeadKey root, crypto::HmacSha256 index)
        : database_(database),
          clock_(clock),
          entropy_(entropy),
          root_(std::move(root)),
          index_(std::move(index)) {}

    enum class Account : std::uint8_t { Stored, Pending };
    Task<PersonKey> obtain_for(std::string person, std::string role, Account account);
    PersonKey cached(const std::string& name);
    void drop_cached(const std::string& person);
    PersonKey keep(std::string name, const Secret& key);
    Result<Secret> unwrap(const std::string& name, std::string_view wrapped) const;

    storage::Database& database_;
    const Clock& clock_;
    Entropy& entropy_;
    crypto::AeadKey root_;
    crypto::HmacSha256 index_;

    struct Cached {
        std::string name;
        PersonKey key;
    };
    Mutex mutex_;
    // The most recently used first.
    std::list<Cached> order_ MERLON_GUARDED_BY(mutex_);
    std::unordered_map<std::string, std::list<Cached>::iterator> cache_ MERLON_GUARDED_BY(mutex_);
};

}  // namespace merlon::sealing
