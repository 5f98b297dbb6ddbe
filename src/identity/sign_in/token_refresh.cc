// Rotates a refresh token. Read refresh() first: the outcome of the rotation decides what is
// returned, revoked and reported.
#include "identity/sign_in/token_refresh.h"

#include <fmt/format.h>

#include "api/responses.h"
#include "base/uuid.h"
#include "crypto/aead.h"
#include "crypto/mac.h"
#include "identity/accounts/forms.h"
#include "identity/sign_in/sign_in_response.h"

namespace merlon::identity {
namespace {

using storage::Transaction;

constexpr std::string_view successor_place = "sessions.successor";

// The reuse of a stolen token is recorded in the transaction that ends its session.
Task<Rotated> rotate_and_record(Transaction& transaction, Rotation rotation, AccountEvent reuse) {
    Rotated rotated =
        MERLON_CO_TRY(co_await session_store::rotate(transaction, std::move(rotation)));
    if (rotated.outcome == RotationOutcome::Reused) {
        MERLON_CO_TRY(co_await AccountEvents::store(transaction, std::move(reuse)));
    }
    co_return rotated;
}

// Only the holder of the presented token can read its successor: no clear copy lies anywhere.
crypto::AeadKey successor_key(std::string_view presented) {
    const Secret material(std::string{presented});
    return crypto::AeadKey::make(
               crypto::hkdf_sha256(material, "", "merlon refresh successor", 32).value())
        .value();
}

}  // namespace

// A presented token and the one to return for it.
struct TokenRefresh::Exchange {
    Rotation rotation;
    std::string next;
    crypto::AeadKey key;  // of the successor
    std::chrono::seconds access_ttl;
};

Result<TokenRefresh::Exchange> TokenRefresh::prepare(const std::string& presented_text,
                                                     WallTime now) {
    const auto policy = policy_.load();
    const tokens::RefreshToken presented =
        MERLON_TRY(policy->issuer.verify_refresh(presented_text, now));
    const std::string session_id = session_store::session_of(presented.token_id);
    if (session_id.empty()) return fail(Kind::Unknown, tokens::invalid_refresh_rule);
    const std::string next_id =
        session_store::make_token_id(session_id, Uuid::make_v4(entropy_).text());
    std::string next = policy->issuer.issue_refresh({presented.user_id, next_id}, now);
    crypto::AeadKey key = successor_key(presented_text);
    const std::int64_t now_ms = clock_.wall().time_since_epoch().count();
    Rotation rotation{
        .session_id = session_id,
        .user_id = presented.user_id,
        .presented_id = presented.token_id,
        .next_id = next_id,
        .successor = key.seal(next, successor_place, entropy_),
        .now = now_ms,
        .grace = policy->reuse_grace.count(),
        .expires_at = now_ms + std::chrono::milliseconds(policy->issuer.refresh_ttl()).count(),
        .revoked_until = access_tokens_.last_expiry().time_since_epoch().count()};
    return Exchange{std::move(rotation), std::move(next), std::move(key),
                    policy->issuer.access_ttl()};
}

Task<http::Response> TokenRefresh::refresh(api::LocalCall call) {
    const RefreshForm form = MERLON_CO_TRY(RefreshForm::parse(call.body.reveal()));
    const Exchange exchange = MERLON_CO_TRY(prepare(form.refresh_token, clock_.wall()));
    const Rotation& rotation = exchange.rotation;
    const auto account = MERLON_CO_TRY(co_await accounts_.find(rotation.user_id));
    if (!account) co_return fail(Kind::Unknown, tokens::invalid_refresh_rule);
    const AccountEvent reuse =
        MERLON_CO_TRY(co_await events_.make(events::Type::RefreshReuse, account->id, call.client));
    const Rotated rotated = MERLON_CO_TRY(
        co_await database_.transact<Rotated>([rotation, reuse](Transaction& transaction) {
            return rotate_and_record(transaction, rotation, reuse);
        }));

    std::string successor = exchange.next;
    switch (rotated.outcome) {
        case RotationOutcome::Rotated:
            break;
        case RotationOutcome::ReplayedLate:
            late_repeats_.add();
            [[fallthrough]];
        case RotationOutcome::Replayed:
            successor = MERLON_CO_TRY(exchange.key.open(rotated.successor, successor_place));
            break;
        case RotationOutcome::Reused: {
            const WallTime until{std::chrono::milliseconds{rotation.revoked_until}};
            revocations_.end_sessions({rotation.session_id});
            events_.log(reuse);
            MERLON_CO_TRY(co_await revocations_.write_version(account->id, rotated.version, until));
            co_return fail(Kind::Unknown, tokens::invalid_refresh_rule);
        }
        case RotationOutcome::Unknown:
            co_return fail(Kind::Unknown, tokens::invalid_refresh_rule);
    }
    // Not before the rotation: what is used, ended or stolen proves nobody. The client keeps the
    // presented token, which is good for the same successor when the key is back.
    if (!account->is_readable) {
        refusals_.report({.type = events::Type::FailedLoginAttempt,
                          .ip = call.client,
                          .route = call.route,
                          .user_id = account->id,
                          .reason = sealing::key_destroyed_rule});
        co_return fail(Kind::Unknown, tokens::invalid_refresh_rule);
    }
    co_return api::data_response(
        200, fmt::format(R"({{"accessToken":"{}","refreshToken":"{}",)"
                         R"("tokenType":"Bearer","expiresIn":{}}})",
                         access_tokens_.issue(grant_of(*account, rotation.session_id)), successor,
                         exchange.access_ttl.count()));
}

}  // namespace merlon::identity
