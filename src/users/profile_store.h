// The table of profiles. Every field is personal: sealed under the person's key of this role.
#pragma once

#include <span>

#include "sealing/key_store.h"
#include "storage/database.h"
#include "storage/migrations.h"
#include "users/profile.h"

namespace merlon::users {

inline constexpr std::string_view users_role = "users";
std::span<const storage::Migration> users_migrations();

// Borrows all for its life; safe from every thread. Errors of both: those of Database and KeyStore.
class ProfileStore final {
public:
    ProfileStore(storage::Database& database, sealing::KeyStore& keys, Entropy& entropy)
        : database_(database), keys_(keys), entropy_(entropy) {}

    // Without a row: an empty one.
    Task<Profile> find(std::string user_id);
    Task<> change(std::string user_id, ProfilePatch patch, std::int64_t now_ms);

private:
    Task<sealing::PersonKey> key_for_change(std::string user_id);

    storage::Database& database_;
    sealing::KeyStore& keys_;
    Entropy& entropy_;
};

}  // namespace merlon::users
