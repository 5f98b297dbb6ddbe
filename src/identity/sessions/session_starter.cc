// Seals a new session's personal fields, and issues its refresh token.
#include "identity/sessions/session_starter.h"

#include "base/uuid.h"
#include "identity/store/schema.h"
#include "sealing/sealed_text.h"

namespace merlon::identity {

Task<StartedSession> SessionStarter::start(std::string user_id, std::string client,
                                           std::string agent) {
    constexpr std::size_t agent_bytes_max = 256;
    const sealing::PersonKey key =
        MERLON_CO_TRY(co_await keys_.find(user_id, std::string(auth_role)));
    StartedSession started;
    SealedSession& row = started.row;
    row.id = Uuid::make_v7(clock_.wall(), entropy_).str();
    row.token_id = session_store::make_token_id(row.id, Uuid::make_v4(entropy_).text());
    row.ip = sealing::seal(*key, {"sessions.ip", row.id}, client, entropy_);
    row.agent =
        sealing::seal(*key, {"sessions.agent", row.id}, agent.substr(0, agent_bytes_max), entropy_);
    row.now = clock_.wall().time_since_epoch().count();
    const auto policy = policy_.load();
    const std::chrono::milliseconds life = policy->issuer.refresh_ttl();
    row.expires_at = row.now + life.count();
    started.refresh_token = policy->issuer.issue_refresh({user_id, row.token_id}, clock_.wall());
    row.user_id = std::move(user_id);
    co_return started;
}

}  // namespace merlon::identity
