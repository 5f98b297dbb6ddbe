// What a signed-in user does with the own account: sessions, password, me. Every path that ends a
// session writes its revocation and its event in one transaction; only then is 204 said.
#include <algorithm>

#include "api/answers.h"
#include "base/uuid.h"
#include "identity/identity.h"
#include "identity/store/schema.h"
#include "sealing/sealed_text.h"
#include "storage/outbox.h"
#include "wire/json_text.h"

namespace merlon::identity {
namespace {

using storage::Blob;
using storage::Transaction;
Task<std::int64_t> store_end(Transaction& transaction, std::string session_id, std::string user_id,
                             session_store::Tokens tokens, std::int64_t until, events::Event event,
                             std::optional<Blob> sealed_ip) {
    const std::int64_t version =
        MERLON_CO_TRY(co_await session_store::end(transaction, session_id, user_id, tokens, until));
    MERLON_CO_TRY(co_await storage::append_event(transaction, std::string(auth_role),
                                                 std::move(event), std::move(sealed_ip)));
    co_return version;
}

Task<std::int64_t> store_end_of_all(Transaction& transaction, std::string user_id,
                                    std::int64_t until, events::Event event,
                                    std::optional<Blob> sealed_ip) {
    const std::int64_t version =
        MERLON_CO_TRY(co_await session_store::end_all(transaction, std::move(user_id), until));
    MERLON_CO_TRY(co_await storage::append_event(transaction, std::string(auth_role),
                                                 std::move(event), std::move(sealed_ip)));
    co_return version;
}

Task<session_store::Others> store_password(Transaction& transaction, AccountState judged,
                                           std::string kept, std::string hash, std::int64_t until,
                                           events::Event event, std::optional<Blob> sealed_ip) {
    MERLON_CO_TRY(co_await Accounts::replace_password(transaction, judged, std::move(hash)));
    session_store::Others others = MERLON_CO_TRY(
        co_await session_store::end_others(transaction, judged.id, std::move(kept), until));
    MERLON_CO_TRY(co_await storage::append_event(transaction, std::string(auth_role),
                                                 std::move(event), std::move(sealed_ip)));
    co_return others;
}

}  // namespace

Task<http::Response> Identity::logout(api::LocalCall call) {
    const events::Event ended = event(events::Type::Logout, call.user_id, call.client);
    const auto sealed_ip = MERLON_CO_TRY(co_await seal_client(call.user_id, call.client));
    const auto done = co_await end_one(call.session_id, call.user_id, session_store::Tokens::AtHand,
                                       ended, sealed_ip);
    if (!done && done.error().rule != "session.absent") co_return std::unexpected(done.error());
    // A session that ran out meanwhile is as over as it was asked to be.
    if (!done) revoke({call.session_id});
    MERLON_CO_TRY(co_await tell_of_token(call.user_id, call.access_token));
    co_return api::empty_answer();
}

// The row, its revocation and its event, then the set that every request asks.
Task<> Identity::end_one(std::string session_id, std::string user_id, session_store::Tokens tokens,
                         events::Event ended, std::optional<Blob> sealed_ip) {
    const WallTime until = last_expiry();
    const std::int64_t version = MERLON_CO_TRY(co_await parts_.database.transact<std::int64_t>(
        [session_id, user_id, tokens, ended, sealed_ip,
         until = until.time_since_epoch().count()](Transaction& transaction) {
            return store_end(transaction, session_id, user_id, tokens, until, ended, sealed_ip);
        }));
    parts_.revocations.end_session(session_id, until);
    parts_.events.write(ended);
    co_return co_await tell_of_version(user_id, version, until);
}

Task<http::Response> Identity::logout_all(api::LocalCall call) {
    const events::Event ended = event(events::Type::SessionRevoked, call.user_id, call.client);
    const auto sealed_ip = MERLON_CO_TRY(co_await seal_client(call.user_id, call.client));
    const WallTime until = last_expiry();
    const std::int64_t version = MERLON_CO_TRY(co_await parts_.database.transact<std::int64_t>(
        [user_id = call.user_id, ended, sealed_ip,
         until = until.time_since_epoch().count()](Transaction& transaction) {
            return store_end_of_all(transaction, user_id, until, ended, sealed_ip);
        }));
    parts_.events.write(ended);
    MERLON_CO_TRY(co_await revoke_below(call.user_id, version, until));
    co_return api::empty_answer();
}

Task<http::Response> Identity::list_sessions(api::LocalCall call) {
    co_return api::data_answer(
        200, MERLON_CO_TRY(co_await sessions_json(call.user_id, std::move(call.session_id))));
}

Task<std::string> Identity::sessions_json(std::string user_id, std::optional<std::string> current) {
    const auto rows = MERLON_CO_TRY(co_await session_store::list(parts_.database, user_id, now()));
    const sealing::PersonKey key =
        MERLON_CO_TRY(co_await parts_.keys.find(user_id, std::string(auth_role)));
    std::string json = "[";
    for (const SessionRow& row : rows) {
        const auto time = [](std::int64_t count) {
            return api::json_time(WallTime{std::chrono::milliseconds{count}});
        };
        json += json.back() == '[' ? R"({"id":")" : R"(,{"id":")";
        json += row.id + R"(","createdAt":)" + time(row.created_at) + R"(,"lastSeenAt":)" +
                time(row.last_seen_at) + R"(,"ip":)";
        wire::append_json_string(
            json, MERLON_CO_TRY(sealing::open(*key, {"sessions.ip", row.id}, row.ip)));
        json += R"(,"userAgent":)";
        wire::append_json_string(
            json, MERLON_CO_TRY(sealing::open(*key, {"sessions.agent", row.id}, row.agent)));
        if (current) json += row.id == *current ? R"(,"current":true)" : R"(,"current":false)";
        json += '}';
    }
    co_return json + "]";
}

Task<http::Response> Identity::end_session(api::LocalCall call) {
    const auto id = Uuid::parse(std::string_view(call.path).substr(call.path.rfind('/') + 1));
    if (!id) co_return fail(Kind::Absent, "session.absent");
    const events::Event ended = event(events::Type::SessionRevoked, call.user_id, call.client);
    const auto sealed_ip = MERLON_CO_TRY(co_await seal_client(call.user_id, call.client));
    MERLON_CO_TRY(co_await end_one(id->str(), call.user_id, session_store::Tokens::Elsewhere, ended,
                                   sealed_ip));
    co_return api::empty_answer();
}

Task<http::Response> Identity::change_password(api::LocalCall call) {
    const PasswordForm form = MERLON_CO_TRY(PasswordForm::parse(call.body));
    const Account account = MERLON_CO_TRY(co_await accounts_.find(call.user_id));
    const wire::Email email = MERLON_CO_TRY(wire::Email::parse(account.email));
    // A stolen token must not be a way to guess the password without end.
    const auto verdict = MERLON_CO_TRY(co_await judge_password(
        email.canonical(), form.current_password, account.password, call.client));
    if (!verdict.matches) co_return fail(Kind::Unknown, "credentials.wrong");
    const std::string hash = MERLON_CO_TRY(co_await passwords_.hash(form.new_password));
    const events::Event changed = event(events::Type::PasswordChanged, account.id, call.client);
    const auto sealed_ip = MERLON_CO_TRY(co_await seal_client(account.id, call.client));
    const WallTime until = last_expiry();
    using session_store::Others;
    const Others others = MERLON_CO_TRY(co_await parts_.database.transact<Others>(
        [judged = AccountState::of(account), kept = call.session_id, hash, changed, sealed_ip,
         until = until.time_since_epoch().count()](Transaction& transaction) {
            return store_password(transaction, judged, kept, hash, until, changed, sealed_ip);
        }));
    revoke(others.ended);
    parts_.events.write(changed);
    MERLON_CO_TRY(co_await tell_of_version(account.id, others.version, until));
    co_return api::empty_answer();
}

Task<http::Response> Identity::me(api::LocalCall call) {
    const auto account = co_await accounts_.find(call.user_id);
    if (!account && account.error().rule == "account.absent") {
        co_return fail(Kind::Unknown, "token.revoked", "the account is gone");
    }
    if (!account) co_return std::unexpected(account.error());
    co_return api::data_answer(200, user_json(*account));
}

}  // namespace merlon::identity
