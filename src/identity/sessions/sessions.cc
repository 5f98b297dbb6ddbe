// Ends sessions: the row, its revocation and its event; then the set that every request consults.
#include "identity/sessions/sessions.h"

#include "api/responses.h"
#include "base/uuid.h"
#include "identity/sessions/session_json.h"
#include "identity/store/schema.h"

namespace merlon::identity {
namespace {

using session_store::EndedAll;
using storage::Transaction;

Task<std::optional<std::int64_t>> store_end(Transaction& transaction, std::string session_id,
                                            session_store::Tokens tokens, std::int64_t until,
                                            AccountEvent event) {
    const auto version = MERLON_CO_TRY(co_await session_store::end(
        transaction, std::move(session_id), event.event.user_id, tokens, until));
    if (version) MERLON_CO_TRY(co_await AccountEvents::store(transaction, std::move(event)));
    co_return version;
}

Task<EndedAll> store_end_of_all(Transaction& transaction, std::int64_t until, AccountEvent event) {
    EndedAll ended =
        MERLON_CO_TRY(co_await session_store::end_all(transaction, event.event.user_id, until));
    MERLON_CO_TRY(co_await AccountEvents::store(transaction, std::move(event)));
    co_return ended;
}

}  // namespace

Task<Sessions::Ending> Sessions::end_one(std::string session_id, session_store::Tokens tokens,
                                         AccountEvent event) {
    const WallTime until = access_tokens_.last_expiry();
    const auto version = MERLON_CO_TRY(co_await database_.transact<std::optional<std::int64_t>>(
        [session_id, tokens, event,
         until = until.time_since_epoch().count()](Transaction& transaction) {
            return store_end(transaction, session_id, tokens, until, event);
        }));
    if (!version) co_return Ending::Absent;
    revocations_.end_session(session_id, until);
    events_.log(event);
    MERLON_CO_TRY(co_await revocations_.write_version(event.event.user_id, *version, until));
    co_return Ending::Ended;
}

Task<http::Response> Sessions::logout(api::LocalCall call) {
    const AccountEvent event =
        MERLON_CO_TRY(co_await events_.make(events::Type::Logout, call.user_id, call.client));
    const Ending ending =
        MERLON_CO_TRY(co_await end_one(call.session_id, session_store::Tokens::AtHand, event));
    // A session that expired meanwhile is over, as the user wishes: its tokens are refused.
    if (ending == Ending::Absent) revocations_.end_sessions({call.session_id});
    MERLON_CO_TRY(co_await revocations_.write_token(call.user_id, call.access_token));
    co_return api::empty_response();
}

Task<http::Response> Sessions::logout_all(api::LocalCall call) {
    const AccountEvent event = MERLON_CO_TRY(
        co_await events_.make(events::Type::SessionRevoked, call.user_id, call.client));
    const WallTime until = access_tokens_.last_expiry();
    const EndedAll ended = MERLON_CO_TRY(co_await database_.transact<EndedAll>(
        [event, until = until.time_since_epoch().count()](Transaction& transaction) {
            return store_end_of_all(transaction, until, event);
        }));
    events_.log(event);
    revocations_.end_sessions(ended.session_ids);
    MERLON_CO_TRY(co_await revocations_.raise_version(call.user_id, ended.version, until));
    co_return api::empty_response();
}

Task<http::Response> Sessions::end(api::LocalCall call) {
    const auto id = Uuid::parse(std::string_view(call.path).substr(call.path.rfind('/') + 1));
    if (!id) co_return fail(Kind::Absent, "session.absent");
    const AccountEvent event = MERLON_CO_TRY(
        co_await events_.make(events::Type::SessionRevoked, call.user_id, call.client));
    const Ending ending =
        MERLON_CO_TRY(co_await end_one(id->str(), session_store::Tokens::Elsewhere, event));
    if (ending == Ending::Absent) co_return fail(Kind::Absent, "session.absent");
    co_return api::empty_response();
}

Task<> Sessions::revoke(std::string session_id) {
    const auto id = Uuid::parse(session_id);
    if (!id) co_return fail(Kind::Absent, "session.absent", std::move(session_id));
    const auto owner = MERLON_CO_TRY(co_await session_store::find_owner(database_, id->str()));
    if (!owner) co_return fail(Kind::Absent, "session.absent", id->str());
    const Ending ending = MERLON_CO_TRY(
        co_await end_one(id->str(), session_store::Tokens::Elsewhere,
                         events_.make_without_client(events::Type::SessionRevoked, *owner)));
    if (ending == Ending::Absent) co_return fail(Kind::Absent, "session.absent");
    co_return Result<>{};
}

Task<http::Response> Sessions::list(api::LocalCall call) {
    co_return api::data_response(
        200, MERLON_CO_TRY(co_await list_json(call.user_id, std::move(call.session_id))));
}

Task<std::string> Sessions::list_of(std::string user_id) {
    return list_json(std::move(user_id), {});
}

Task<std::string> Sessions::list_json(std::string user_id, std::optional<std::string> current) {
    const std::int64_t now = clock_.wall().time_since_epoch().count();
    const auto rows = MERLON_CO_TRY(co_await session_store::list(database_, user_id, now));
    const auto key = co_await keys_.find(user_id, std::string(auth_role));
    if (!key && !sealing::is_unreadable(key.error())) co_return std::unexpected(key.error());
    co_return sessions_json(rows, key ? key->get() : nullptr, current);
}

}  // namespace merlon::identity
