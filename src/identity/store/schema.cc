// Migrations of the auth role. Times are milliseconds since 1970; columns marked sealed hold the
// bytes of sealing::seal().
#include "identity/store/schema.h"

namespace merlon::identity {
namespace {

constexpr storage::Migration migrations[] = {
    {1, "accounts and sessions", R"(
        CREATE TABLE accounts (
            id TEXT PRIMARY KEY,
            email_index BLOB NOT NULL UNIQUE,  -- blind: one canonical address, one account
            email BLOB NOT NULL,               -- sealed, as typed
            first_name BLOB NOT NULL,          -- sealed
            last_name BLOB NOT NULL,           -- sealed
            role TEXT NOT NULL,
            password TEXT NOT NULL,            -- bcrypt or argon2id
            version INTEGER NOT NULL,          -- tokens of a lower one are refused
            locked INTEGER NOT NULL,           -- by an operator
            created_at INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE sessions (
            id TEXT PRIMARY KEY,
            user_id TEXT NOT NULL,
            token_id TEXT NOT NULL,            -- of the refresh token that is good now
            previous_token_id TEXT,            -- of the one before
            rotated_at INTEGER,
            successor BLOB,                    -- the good one, under a key from the previous one
            created_at INTEGER NOT NULL,
            last_seen_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            ip BLOB NOT NULL,                  -- sealed
            agent BLOB NOT NULL                -- sealed
        ) STRICT;
        CREATE INDEX sessions_by_user ON sessions (user_id);
        CREATE INDEX sessions_by_end ON sessions (expires_at);
        CREATE TABLE revocations (
            subject TEXT PRIMARY KEY,          -- a session's or a user's identifier
            least_version INTEGER NOT NULL,    -- sessions: greater than any
            until INTEGER NOT NULL             -- then the last token it is about has expired
        ) STRICT;
        CREATE TABLE signing_keys (
            kid TEXT PRIMARY KEY,
            algorithm TEXT NOT NULL,
            wrapped BLOB NOT NULL,             -- PKCS #8 under the root key
            created_at INTEGER NOT NULL,
            signs_from INTEGER NOT NULL,
            retires_at INTEGER
        ) STRICT)"},
    {2, "signing keys verify refresh tokens longer", R"(
        ALTER TABLE signing_keys ADD COLUMN refresh_until INTEGER)"},
    {3, "how long access tokens may live", R"(
        CREATE TABLE token_lives (
            seconds INTEGER PRIMARY KEY,
            until INTEGER                      -- then the last of them has expired; null: given now
        ) STRICT)"},
    {4, "accounts of each role, counted", R"(
        CREATE TABLE account_totals (
            role TEXT PRIMARY KEY,
            accounts INTEGER NOT NULL
        ) STRICT;
        INSERT INTO account_totals (role, accounts)
            SELECT role, COUNT(*) FROM accounts GROUP BY role)"},
    {5, "revocations in the order of their transactions", R"(
        ALTER TABLE revocations ADD COLUMN position INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX revocations_by_position ON revocations (position);
        CREATE INDEX revocations_by_end ON revocations (until))"},
    {6, "changes of the counts of accounts", R"(
        CREATE TABLE account_changes (         -- that account_totals does not hold yet
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            role TEXT NOT NULL,
            difference INTEGER NOT NULL
        ) STRICT)"},
    {7, "clients that people have signed in from", R"(
        CREATE TABLE known_clients (
            client BLOB PRIMARY KEY,           -- blind: of an account's address and a client's
            account_id TEXT NOT NULL,
            signed_in_at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX known_clients_by_account ON known_clients (account_id);
        CREATE INDEX known_clients_by_time ON known_clients (signed_in_at))"},
    {8, "admins who can sign in, found at once", R"(
        CREATE INDEX accounts_admins ON accounts (id) WHERE role = 'admin' AND locked = 0)"},
};

}  // namespace

std::span<const storage::Migration> auth_migrations() { return migrations; }

}  // namespace merlon::identity
