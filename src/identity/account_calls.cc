// What a signed-in user does with the own account: sessions, password, me. Every path that ends a
// session writes its revocation and its event in one transaction; only then is 204 said.
#include <algorithm>

#include "base/uuid.h"
#include "identity/answers.h"
#include "identity/identity.h"
#include "identity/schema.h"
#include "sealing/sealed_text.h"
#include "storage/outbox.h"
#include "wire/json_text.h"

namespace merlon::identity {
namespace {

using storage::Blob;
using storage::Transaction;
using Ended = std::vector<std::string>;

Task<> end_one(Transaction& transaction, std::string session_id, std::string user_id,
               std::int64_t until, events::Event event, std::optional<Blob> sealed_ip) {
    MERLON_CO_TRY(co_await sessions::end(transaction, session_id, user_id, until));
    co_return co_await storage::append_event(transaction, std::string(auth_role), std::move(event),
                                             std::move(sealed_ip));
}

Task<std::int64_t> end_all(Transaction& transaction, std::string user_id, std::int64_t until,
                           events::Event event, std::optional<Blob> sealed_ip) {
    const std::int64_t version =
        MERLON_CO_TRY(co_await Accounts::raise_version(transaction, user_id));
    MERLON_CO_TRY(co_await sessions::end_others(transaction, user_id, {}, until));
    MERLON_CO_TRY(co_await sessions::revoke_user(transaction, user_id, version, until));
    MERLON_CO_TRY(co_await storage::append_event(transaction, std::string(auth_role),
                                                 std::move(event), std::move(sealed_ip)));
    co_return version;
}

Task<Ended> store_password(Transaction& transaction, std::string user_id, std::string kept,
                           std::string hash, std::int64_t until, events::Event event,
                           std::optional<Blob> sealed_ip) {
    MERLON_CO_TRY(co_await Accounts::set_password(transaction, user_id, std::move(hash)));
    Ended ended =
        MERLON_CO_TRY(co_await sessions::end_others(transaction, user_id, std::move(kept), until));
    MERLON_CO_TRY(co_await storage::append_event(transaction, std::string(auth_role),
                                                 std::move(event), std::move(sealed_ip)));
    co_return ended;
}

}  // namespace

Task<http::Response> Identity::logout(http::LocalCall call) {
    const events::Event ended = event(events::Type::Logout, call.user_id, call.client);
    const auto sealed_ip = MERLON_CO_TRY(co_await seal_client(call.user_id, call.client));
    const WallTime until = last_expiry();
    const auto done = co_await parts_.database.transact_work(
        [session_id = call.session_id, user_id = call.user_id, ended, sealed_ip,
         until = until.time_since_epoch().count()](Transaction& transaction) {
            return end_one(transaction, session_id, user_id, until, ended, sealed_ip);
        });
    // A session that ran out meanwhile is as over as it was asked to be.
    if (!done && done.error().rule != "session.absent") co_return std::unexpected(done.error());
    parts_.revocations.end_session(call.session_id, until);
    parts_.events.write(ended);
    co_return empty_answer();
}

Task<http::Response> Identity::logout_all(http::LocalCall call) {
    const events::Event ended = event(events::Type::SessionRevoked, call.user_id, call.client);
    const auto sealed_ip = MERLON_CO_TRY(co_await seal_client(call.user_id, call.client));
    const WallTime until = last_expiry();
    const std::int64_t version = MERLON_CO_TRY(co_await parts_.database.transact<std::int64_t>(
        [user_id = call.user_id, ended, sealed_ip,
         until = until.time_since_epoch().count()](Transaction& transaction) {
            return end_all(transaction, user_id, until, ended, sealed_ip);
        }));
    parts_.revocations.raise_version(call.user_id, version, until);
    parts_.events.write(ended);
    co_return empty_answer();
}

Task<http::Response> Identity::list_sessions(http::LocalCall call) {
    const auto rows = MERLON_CO_TRY(co_await sessions::list(parts_.database, call.user_id, now()));
    const sealing::PersonKey key =
        MERLON_CO_TRY(co_await parts_.keys.find(call.user_id, std::string(auth_role)));
    std::string json = "[";
    for (const SessionRow& row : rows) {
        const auto time = [](std::int64_t count) {
            return json_time(WallTime{std::chrono::milliseconds{count}});
        };
        json += json.back() == '[' ? R"({"id":")" : R"(,{"id":")";
        json += row.id + R"(","createdAt":)" + time(row.created_at) + R"(,"lastSeenAt":)" +
                time(row.last_seen_at) + R"(,"ip":)";
        wire::append_json_string(
            json, MERLON_CO_TRY(sealing::open(*key, {"sessions.ip", row.id}, row.ip)));
        json += R"(,"userAgent":)";
        wire::append_json_string(
            json, MERLON_CO_TRY(sealing::open(*key, {"sessions.agent", row.id}, row.agent)));
        json += row.id == call.session_id ? R"(,"current":true})" : R"(,"current":false})";
    }
    co_return data_answer(200, json + "]");
}

Task<http::Response> Identity::end_session(http::LocalCall call) {
    const auto id = Uuid::parse(std::string_view(call.path).substr(call.path.rfind('/') + 1));
    if (!id) co_return fail(Kind::Absent, "session.absent");
    const events::Event ended = event(events::Type::SessionRevoked, call.user_id, call.client);
    const auto sealed_ip = MERLON_CO_TRY(co_await seal_client(call.user_id, call.client));
    const WallTime until = last_expiry();
    MERLON_CO_TRY(co_await parts_.database.transact_work(
        [session_id = id->str(), user_id = call.user_id, ended, sealed_ip,
         until = until.time_since_epoch().count()](Transaction& transaction) {
            return end_one(transaction, session_id, user_id, until, ended, sealed_ip);
        }));
    parts_.revocations.end_session(id->text(), until);
    parts_.events.write(ended);
    co_return empty_answer();
}

Task<http::Response> Identity::change_password(http::LocalCall call) {
    const PasswordForm form = MERLON_CO_TRY(PasswordForm::parse(call.body));
    const Account account = MERLON_CO_TRY(co_await accounts_.find(call.user_id));
    // A stolen token must not be a way to guess the password without end.
    const auto verdict = MERLON_CO_TRY(co_await judge_password(
        "password:" + account.id, form.current_password, account.password, call.client));
    if (!verdict.matches) co_return fail(Kind::Unknown, "credentials.wrong");
    const std::string hash = MERLON_CO_TRY(co_await passwords_.hash(form.new_password));
    const events::Event changed = event(events::Type::PasswordChanged, account.id, call.client);
    const auto sealed_ip = MERLON_CO_TRY(co_await seal_client(account.id, call.client));
    const Ended ended = MERLON_CO_TRY(co_await parts_.database.transact<Ended>(
        [user_id = account.id, kept = call.session_id, hash, changed, sealed_ip,
         until = last_expiry().time_since_epoch().count()](Transaction& transaction) {
            return store_password(transaction, user_id, kept, hash, until, changed, sealed_ip);
        }));
    revoke(ended);
    parts_.events.write(changed);
    co_return empty_answer();
}

Task<http::Response> Identity::me(http::LocalCall call) {
    const auto account = co_await accounts_.find(call.user_id);
    if (!account && account.error().rule == "account.absent") {
        co_return fail(Kind::Unknown, "token.revoked", "the account is gone");
    }
    if (!account) co_return std::unexpected(account.error());
    co_return data_answer(200, user_json(*account));
}

}  // namespace merlon::identity
