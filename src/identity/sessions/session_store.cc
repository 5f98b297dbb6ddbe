// Statements on the sessions table. Read rotate() first.
#include "identity/sessions/session_store.h"

#include <cstdlib>

#include "base/uuid.h"
#include "identity/revocation/revocation_table.h"
#include "identity/store/expired_rows.h"

namespace merlon::identity::session_store {
namespace {

using storage::Blob;
using storage::Rows;
using storage::Transaction;

// A session ends also where its account is gone: then there is no version to raise.
Task<std::int64_t> raise_if_any(Transaction* transaction, std::string user_id) {
    const auto version = MERLON_CO_TRY(
        co_await revocation_table::raise_token_version(transaction, std::move(user_id)));
    co_return version.value_or(0);
}

// One by one; gives those that ended.
Task<SessionIds> end_each_but(Transaction& transaction, std::string user_id, std::string kept,
                              std::int64_t revoked_until) {
    const Rows rows = MERLON_CO_TRY(co_await transaction.query(
        "DELETE FROM sessions WHERE user_id = $1 AND id <> $2 RETURNING id", {user_id, kept}));
    SessionIds ended;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        ended.push_back(rows[i].text(0));
        MERLON_CO_TRY(co_await revocation_table::insert(&transaction, ended.back(), any_version,
                                                        revoked_until));
    }
    co_return ended;
}

}  // namespace

std::string make_token_id(const std::string& session_id, std::string_view random) {
    return session_id + "." + std::string(random);
}

std::string session_of(std::string_view token_id) {
    const auto id = Uuid::parse(token_id.substr(0, token_id.find('.')));
    return id ? id->str() : std::string();
}

Task<SessionIds> find_surplus(storage::Database& database, std::string user_id) {
    const Rows rows = MERLON_CO_TRY(co_await database.query(
        "SELECT id FROM sessions WHERE user_id = $1 ORDER BY last_seen_at DESC, id DESC "
        "LIMIT 10 OFFSET $2",
        {std::move(user_id), static_cast<std::int64_t>(per_user_max - 1)}));
    SessionIds ids;
    for (std::size_t i = 0; i < rows.size(); ++i) ids.push_back(rows[i].text(0));
    co_return ids;
}

Task<> insert(Transaction& transaction, SealedSession session) {
    MERLON_CO_TRY(co_await transaction.query(
        "INSERT INTO sessions (id, user_id, token_id, created_at, last_seen_at, expires_at, ip, "
        "agent) VALUES ($1, $2, $3, $4, $4, $5, $6, $7)",
        {session.id, session.user_id, session.token_id, session.now, session.expires_at,
         Blob{session.ip}, Blob{session.agent}}));
    co_return Result<>{};
}

Task<SessionIds> end_surplus(Transaction& transaction, std::string user_id, SessionIds surplus,
                             std::int64_t revoked_until) {
    SessionIds ended;
    for (const std::string& id : surplus) {
        if (MERLON_CO_TRY(co_await end(transaction, id, user_id, Tokens::AtHand, revoked_until))) {
            ended.push_back(id);
        }
    }
    co_return ended;
}

// last_seen_at never goes back: tokens of the session may be as young (AccessTokens::last_expiry).
Task<Rotated> rotate(Transaction& transaction, Rotation rotation) {
    const Rows rotated = MERLON_CO_TRY(co_await transaction.query(
        "UPDATE sessions SET previous_token_id = token_id, token_id = $4, rotated_at = $5, "
        "successor = $6, expires_at = $7, "
        "last_seen_at = CASE WHEN last_seen_at > $5 THEN last_seen_at ELSE $5 END "
        "WHERE id = $1 AND user_id = $2 AND token_id = $3 AND expires_at > $5 RETURNING id",
        {rotation.session_id, rotation.user_id, rotation.presented_id, rotation.next_id,
         rotation.now, Blob{rotation.successor}, rotation.expires_at}));
    if (!rotated.empty()) co_return Rotated{RotationOutcome::Rotated, {}};

    // It is the previous one as long as its successor was not used: then the response that brought
    // the successor may have been lost, however long ago.
    const Rows replayed = MERLON_CO_TRY(co_await transaction.query(
        "SELECT successor, rotated_at FROM sessions WHERE id = $1 AND user_id = $2 "
        "AND expires_at > $3 AND previous_token_id = $4",
        {rotation.session_id, rotation.user_id, rotation.now, rotation.presented_id}));
    if (!replayed.empty()) {
        const bool is_late = std::abs(rotation.now - replayed[0].integer(1)) >= rotation.grace;
        co_return Rotated{is_late ? RotationOutcome::ReplayedLate : RotationOutcome::Replayed,
                          replayed[0].blob(0)};
    }

    const auto version =
        MERLON_CO_TRY(co_await end(transaction, rotation.session_id, rotation.user_id,
                                   Tokens::Elsewhere, rotation.revoked_until));
    if (version) co_return Rotated{RotationOutcome::Reused, {}, *version};
    co_return Rotated{RotationOutcome::Unknown, {}};
}

Task<std::optional<std::int64_t>> end(Transaction& transaction, std::string session_id,
                                      std::string user_id, Tokens tokens,
                                      std::int64_t revoked_until) {
    const Rows rows = MERLON_CO_TRY(co_await transaction.query(
        "DELETE FROM sessions WHERE id = $1 AND user_id = $2 RETURNING id", {session_id, user_id}));
    if (rows.empty()) co_return std::optional<std::int64_t>();
    MERLON_CO_TRY(co_await revocation_table::insert(&transaction, std::move(session_id),
                                                    any_version, revoked_until));
    if (tokens == Tokens::AtHand) co_return 0;
    co_return co_await raise_if_any(&transaction, std::move(user_id));
}

Task<EndedByToken> end_by_token(Transaction& transaction, PresentedToken presented,
                                std::int64_t revoked_until) {
    const Rows rows = MERLON_CO_TRY(co_await transaction.query(
        "DELETE FROM sessions WHERE id = $1 AND user_id = $2 AND expires_at > $3 "
        "RETURNING token_id, COALESCE(previous_token_id, '')",
        {presented.session_id, presented.user_id, presented.now}));
    if (rows.empty()) co_return EndedByToken{};
    const bool is_good =
        presented.token_id == rows[0].text(0) || presented.token_id == rows[0].text(1);
    MERLON_CO_TRY(co_await revocation_table::insert(&transaction, std::move(presented.session_id),
                                                    any_version, revoked_until));
    co_return EndedByToken{
        is_good ? EndedBy::GoodToken : EndedBy::UsedToken,
        MERLON_CO_TRY(co_await raise_if_any(&transaction, std::move(presented.user_id)))};
}

Task<EndedOthers> end_others(Transaction& transaction, std::string user_id, std::string kept,
                             std::int64_t revoked_until) {
    EndedOthers others{
        MERLON_CO_TRY(co_await end_each_but(transaction, user_id, std::move(kept), revoked_until))};
    if (!others.session_ids.empty()) {
        others.version = MERLON_CO_TRY(co_await raise_if_any(&transaction, user_id));
    }
    co_return others;
}

Task<EndedAll> end_all(Transaction& transaction, std::string user_id, std::int64_t revoked_until) {
    const auto version =
        MERLON_CO_TRY(co_await revocation_table::raise_token_version(&transaction, user_id));
    if (!version) co_return fail(Kind::Absent, "account.absent");
    EndedAll ended{MERLON_CO_TRY(co_await end_each_but(transaction, user_id, {}, revoked_until)),
                   *version};
    MERLON_CO_TRY(co_await revocation_table::insert(&transaction, std::move(user_id), *version,
                                                    revoked_until));
    co_return ended;
}

Task<> delete_expired(storage::Database* database, std::int64_t before) {
    return delete_expired_rows(database,
                               "DELETE FROM sessions WHERE id IN "
                               "(SELECT id FROM sessions WHERE expires_at < $1 LIMIT 1000)",
                               before);
}

Task<std::optional<std::string>> find_owner(storage::Database& database, std::string session_id) {
    const Rows rows = MERLON_CO_TRY(
        co_await database.query("SELECT user_id FROM sessions WHERE id = $1", {session_id}));
    if (rows.empty()) co_return std::optional<std::string>();
    co_return rows[0].text(0);
}

Task<std::vector<SessionRow>> list(storage::Database& database, std::string user_id,
                                   std::int64_t now) {
    const Rows rows = MERLON_CO_TRY(co_await database.query(
        "SELECT id, created_at, last_seen_at, ip, agent FROM sessions "
        "WHERE user_id = $1 AND expires_at > $2 ORDER BY last_seen_at DESC, id",
        {std::move(user_id), now}));
    std::vector<SessionRow> listed;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const storage::Row row = rows[i];
        listed.push_back({row.text(0), row.integer(1), row.integer(2), row.blob(3), row.blob(4)});
    }
    co_return listed;
}

}  // namespace merlon::identity::session_store
