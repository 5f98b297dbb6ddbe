// Opening, reloading, and the steps that use cases share.
#include "identity/identity.h"

#include <fmt/format.h>

#include "api/answers.h"
#include "identity/passwords/redis_login_attempts.h"
#include "identity/sessions/token_lives.h"
#include "identity/store/schema.h"
#include "identity/store/whole_store.h"
#include "sealing/sealed_text.h"
#include "storage/outbox.h"
#include "wire/json_text.h"

namespace merlon::identity {
namespace {

std::unique_ptr<LoginAttempts> make_login_attempts(const Parts& parts) {
    if (parts.shared == nullptr) return std::make_unique<LocalLoginAttempts>(parts.clock);
    return std::make_unique<RedisLoginAttempts>(parts.shared->guesses, parts.keys, parts.clock,
                                                parts.entropy);
}

}  // namespace

Identity::Identity(Parts parts, const PasswordSettings& passwords, Terms terms)
    : parts_(parts),
      counters_(parts.metrics),
      passwords_(passwords, parts.entropy, parts.metrics),
      accounts_(parts.database, parts.keys, parts.entropy),
      attempts_(make_login_attempts(parts)),
      signing_keys_(parts),
      keys_(terms.issuer.rings().access),
      terms_(std::make_shared<const Terms>(std::move(terms))) {
    announce_counters();
}

Task<tokens::Rings> Identity::load_rings(Parts parts, const tokens::TokenSettings& tokens) {
    if (tokens.algorithm == tokens::Algorithm::HS256) co_return tokens::Rings::of_secrets(tokens);
    co_return co_await SigningKeys(parts).load(
        {tokens.algorithm, tokens.access_ttl, tokens.refresh_ttl});
}

Task<std::unique_ptr<Identity>> Identity::open(Parts parts, const tokens::TokenSettings& tokens,
                                               const PasswordSettings& passwords,
                                               access::Roles roles) {
    MERLON_CO_TRY(co_await require_whole_store(parts));
    MERLON_CO_TRY(co_await storage::migrate(parts.database, parts.clock, storage::outbox_role,
                                            storage::outbox_migrations()));
    MERLON_CO_TRY(
        co_await storage::migrate(parts.database, parts.clock, auth_role, auth_migrations()));
    const tokens::Rings rings = MERLON_CO_TRY(co_await load_rings(parts, tokens));
    const std::chrono::seconds longest_ttl = MERLON_CO_TRY(
        co_await remember_access_ttl(parts.database, parts.clock.wall(), tokens.access_ttl));
    std::unique_ptr<Identity> identity(new Identity(
        parts, passwords,
        {tokens::Issuer(tokens, rings, parts.entropy), tokens.algorithm, tokens.reuse_grace,
         longest_ttl, std::make_shared<const access::Roles>(std::move(roles))}));
    MERLON_CO_TRY(co_await identity->load_revocations());
    identity->known_keys_ = MERLON_CO_TRY(co_await identity->describe_keys());
    // Of a shared database our own revocations come by follow(), as everybody else's.
    if (!parts.database.is_shared()) {
        parts.revocations.on_addition([changed = &identity->changed_] { changed->raise(); });
    }
    co_return identity;
}

Task<> Identity::reload(const tokens::TokenSettings& tokens, access::Roles roles) {
    const KeyChange change = MERLON_CO_TRY(KeyChange::begin(changing_keys_));
    const tokens::Rings rings = MERLON_CO_TRY(co_await load_rings(parts_, tokens));
    const std::chrono::seconds longest_ttl = MERLON_CO_TRY(
        co_await remember_access_ttl(parts_.database, parts_.clock.wall(), tokens.access_ttl));
    adopt({tokens::Issuer(tokens, rings, parts_.entropy), tokens.algorithm, tokens.reuse_grace,
           longest_ttl, std::make_shared<const access::Roles>(std::move(roles))});
    co_return Result<>{};
}

// The verifiers first: they know a key before a token names it.
void Identity::adopt(Terms terms) {
    keys_.replace(terms.issuer.rings().access);
    terms_.store(std::make_shared<const Terms>(std::move(terms)));
    changed_.raise();
}

Task<Identity::SignIn> Identity::begin_session(std::string user_id, std::string client,
                                               std::string agent) {
    constexpr std::size_t agent_bytes_max = 256;
    const sealing::PersonKey key =
        MERLON_CO_TRY(co_await parts_.keys.obtain(user_id, std::string(auth_role)));
    SignIn made;
    SealedSession& session = made.session;
    session.id = Uuid::make_v7(parts_.clock.wall(), parts_.entropy).str();
    session.token_id =
        session_store::make_token_id(session.id, Uuid::make_v4(parts_.entropy).text());
    session.ip = sealing::seal(*key, {"sessions.ip", session.id}, client, parts_.entropy);
    session.agent = sealing::seal(*key, {"sessions.agent", session.id},
                                  agent.substr(0, agent_bytes_max), parts_.entropy);
    session.now = now();
    const auto terms = terms_.load();
    const std::chrono::milliseconds life = terms->issuer.refresh_ttl();
    session.expires_at = session.now + life.count();
    made.refresh_token =
        terms->issuer.issue_refresh({user_id, session.token_id}, parts_.clock.wall());
    session.user_id = std::move(user_id);
    co_return made;
}

void Identity::note_issue(WallTime now) {
    WallTime latest = latest_issue_.load();
    while (latest < now && !latest_issue_.compare_exchange_weak(latest, now)) {
    }
}

std::string Identity::access_token(const Account& account, const std::string& session_id) {
    const auto terms = terms_.load();
    const WallTime now = parts_.clock.wall();
    note_issue(now);
    return terms->issuer.issue_access(
        {account.id, account.email, account.role, terms->roles->permissions_of(account.role),
         session_id, account.version},
        now);
}

std::string Identity::user_json(const Account& account) const {
    std::string json = R"({"id":")" + account.id + R"(","email":)";
    wire::append_json_string(json, account.email);
    json += R"(,"firstName":)";
    wire::append_json_string(json, account.first_name);
    json += R"(,"lastName":)";
    wire::append_json_string(json, account.last_name);
    json += R"(,"role":)";
    wire::append_json_string(json, account.role);
    json += R"(,"permissions":[)";
    const auto terms = terms_.load();
    for (const std::string& permission : terms->roles->permissions_of(account.role)) {
        if (json.back() != '[') json += ',';
        wire::append_json_string(json, permission);
    }
    return json + R"(],"createdAt":)" + api::json_time(account.created_at) + "}";
}

http::Response Identity::answer_sign_in(int status, const Account& account, const SignIn& made) {
    return api::data_answer(
        status, fmt::format(R"({{"user":{},"accessToken":"{}","refreshToken":"{}",)"
                            R"("tokenType":"Bearer","expiresIn":{}}})",
                            user_json(account), access_token(account, made.session.id),
                            made.refresh_token, terms_.load()->issuer.access_ttl().count()));
}

events::Event Identity::event(events::Type type, std::string user_id, std::string client) const {
    return {type,
            events::default_severity(type),
            parts_.clock.wall(),
            std::move(user_id),
            std::move(client),
            {}};
}

Task<std::optional<storage::Blob>> Identity::seal_client(std::string user_id, std::string client) {
    const sealing::PersonKey key =
        MERLON_CO_TRY(co_await parts_.keys.obtain(user_id, std::string(auth_role)));
    co_return storage::Blob{
        sealing::seal(*key, {"event_outbox.sealed_ip", user_id}, client, parts_.entropy)};
}

void Identity::revoke(const std::vector<std::string>& session_ids) {
    for (const std::string& id : session_ids) parts_.revocations.end_session(id, last_expiry());
}

Task<> Identity::revoke_below(std::string user_id, std::int64_t version, WallTime until) {
    parts_.revocations.raise_version(user_id, version, until);
    return tell_of_version(std::move(user_id), version, until);
}

Task<> Identity::tell_of_token(std::string user_id, std::string access_token) {
    if (parts_.shared == nullptr) return Result<>{};
    auto key = SessionKey::of_token(user_id, access_token, last_expiry());
    if (!key)
        return Result<>{};  // a gateway that says what it cannot know: nobody has such a token
    return parts_.shared->session_keys.write(*std::move(key));
}

Task<> Identity::tell_of_version(std::string user_id, std::int64_t version, WallTime until) {
    if (parts_.shared == nullptr || version == 0) return Result<>{};
    return parts_.shared->session_keys.write(
        MERLON_TRY(SessionKey::of_version(user_id, version, until)));
}

}  // namespace merlon::identity
