// Sealing and opening profiles.
#include "users/profile_store.h"

#include "sealing/sealed_text.h"

namespace merlon::users {
namespace {

using storage::Blob;
using storage::Rows;
using storage::Sql;
using storage::Transaction;
using storage::Value;

constexpr storage::Migration migrations[] = {
    {1, "profiles", R"(
        CREATE TABLE profiles (
            user_id TEXT PRIMARY KEY,
            phone BLOB,                        -- sealed, like the next two; null: none
            address BLOB,
            ssn BLOB,
            updated_at INTEGER NOT NULL        -- milliseconds since 1970
        ) STRICT)"},
};

// One column as it is read, sealed and written.
struct Column {
    std::string_view name;  // where a sealed text is bound to
    std::optional<std::string> Profile::* member;
    ProfilePatch::Field ProfilePatch::* change;
    Sql update;
};
constexpr Column columns[] = {
    {"profiles.phone", &Profile::phone, &ProfilePatch::phone,
     "UPDATE profiles SET phone = $2 WHERE user_id = $1"},
    {"profiles.address", &Profile::address, &ProfilePatch::address,
     "UPDATE profiles SET address = $2 WHERE user_id = $1"},
    {"profiles.ssn", &Profile::ssn, &ProfilePatch::ssn,
     "UPDATE profiles SET ssn = $2 WHERE user_id = $1"},
};

struct Update {
    Sql statement;
    Value sealed;
};

Task<> store(Transaction& transaction, std::string user_id, std::vector<Update> updates,
             std::int64_t now_ms) {
    MERLON_CO_TRY(
        co_await transaction.query("INSERT INTO profiles (user_id, updated_at) VALUES ($1, $2) "
                                   "ON CONFLICT (user_id) DO UPDATE SET updated_at = $2",
                                   {user_id, now_ms}));
    for (const Update& update : updates) {
        MERLON_CO_TRY(co_await transaction.query(update.statement, {user_id, update.sealed}));
    }
    co_return Result<>{};
}

}  // namespace

std::span<const storage::Migration> users_migrations() { return migrations; }

Task<Profile> ProfileStore::find(std::string user_id) {
    const Rows rows = MERLON_CO_TRY(co_await database_.query(
        "SELECT phone, address, ssn FROM profiles WHERE user_id = $1", {user_id}));
    Profile profile;
    if (rows.empty()) co_return profile;
    const sealing::PersonKey key =
        MERLON_CO_TRY(co_await keys_.find(user_id, std::string(users_role)));
    for (std::size_t i = 0; i < std::size(columns); ++i) {
        if (rows[0].is_null(i)) continue;
        profile.*columns[i].member =
            MERLON_CO_TRY(sealing::open(*key, {columns[i].name, user_id}, rows[0].blob(i)));
    }
    co_return profile;
}

// A new key beside fields that a lost one sealed would make them unreadable even when the lost one
// is found again.
Task<sealing::PersonKey> ProfileStore::key_for_change(std::string user_id) {
    auto key = co_await keys_.find(user_id, std::string(users_role));
    if (key || key.error().rule != sealing::key_destroyed_rule) co_return key;
    const Rows rows = MERLON_CO_TRY(
        co_await database_.query("SELECT 1 FROM profiles WHERE user_id = $1", {user_id}));
    if (!rows.empty()) co_return key;
    co_return co_await keys_.obtain(std::move(user_id), std::string(users_role));
}

Task<> ProfileStore::change(std::string user_id, ProfilePatch patch, std::int64_t now_ms) {
    const sealing::PersonKey key = MERLON_CO_TRY(co_await key_for_change(user_id));
    std::vector<Update> updates;
    for (const Column& column : columns) {
        const ProfilePatch::Field& field = patch.*column.change;
        if (!field) continue;
        Value sealed;
        if (*field) sealed = Blob{sealing::seal(*key, {column.name, user_id}, **field, entropy_)};
        updates.push_back({column.update, std::move(sealed)});
    }
    if (updates.empty()) co_return Result<>{};
    co_return co_await database_.transact_work(
        [user_id, updates, now_ms](Transaction& transaction) {
            return store(transaction, user_id, updates, now_ms);
        });
}

}  // namespace merlon::users
