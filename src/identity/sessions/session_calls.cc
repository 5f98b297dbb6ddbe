// What an operator does with people's sessions, and what ends all of them.
#include "api/answers.h"
#include "base/uuid.h"
#include "identity/identity.h"
#include "identity/store/schema.h"
#include "storage/outbox.h"

namespace merlon::identity {
namespace {

using storage::Transaction;

Task<std::int64_t> store_password(Transaction& transaction, std::string user_id, std::string hash,
                                  std::int64_t until, events::Event event) {
    MERLON_CO_TRY(co_await Accounts::set_password(transaction, user_id, std::move(hash)));
    const std::int64_t version =
        MERLON_CO_TRY(co_await session_store::end_all(transaction, std::move(user_id), until));
    MERLON_CO_TRY(co_await storage::append_event(transaction, std::string(auth_role),
                                                 std::move(event), std::nullopt));
    co_return version;
}

}  // namespace

Task<std::string> Identity::list_sessions_of(std::string user_id) {
    MERLON_CO_TRY(co_await accounts_.find(user_id));
    co_return co_await sessions_json(std::move(user_id), {});
}

Task<std::string> Identity::list_sessions_of(wire::Email email) {
    const std::string user_id = MERLON_CO_TRY(co_await id_of(std::move(email)));
    co_return co_await sessions_json(user_id, {});
}

Task<> Identity::revoke_session(std::string session_id) {
    const auto id = Uuid::parse(session_id);
    if (!id) co_return fail(Kind::Absent, "session.absent", std::move(session_id));
    const std::string user_id =
        MERLON_CO_TRY(co_await session_store::owner_of(parts_.database, id->str()));
    co_return co_await end_one(id->str(), user_id, session_store::Tokens::Elsewhere,
                               event(events::Type::SessionRevoked, user_id, {}), std::nullopt);
}

Task<> Identity::reset_password(ResetForm form) {
    const std::string user_id = MERLON_CO_TRY(co_await id_of(form.email));
    const std::string hash = MERLON_CO_TRY(co_await passwords_.hash(form.password));
    const events::Event changed = event(events::Type::PasswordChanged, user_id, {});
    const WallTime until = last_expiry();
    const std::int64_t version = MERLON_CO_TRY(co_await parts_.database.transact<std::int64_t>(
        [user_id, hash, changed,
         until = until.time_since_epoch().count()](Transaction& transaction) {
            return store_password(transaction, user_id, hash, until, changed);
        }));
    parts_.events.write(changed);
    co_return co_await revoke_below(user_id, version, until);
}

}  // namespace merlon::identity
