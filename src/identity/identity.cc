// Opens the auth role: migrates its tables, makes its objects, loads what they hold in memory.
#include "identity/identity.h"

#include "identity/accounts/account_counts.h"
#include "identity/passwords/redis_login_attempts.h"
#include "identity/revocation/revocation_table.h"
#include "identity/store/schema.h"
#include "identity/store/whole_store.h"
#include "storage/outbox.h"

namespace merlon::identity {
namespace {

std::unique_ptr<LoginAttempts> make_login_attempts(const Identity::Environment& of) {
    if (of.redis == nullptr) return std::make_unique<LocalLoginAttempts>(of.clock);
    return std::make_unique<RedisLoginAttempts>(of.redis->login_attempts, of.keys, of.clock,
                                                of.entropy);
}

SessionKeys* session_keys_of(const Identity::Environment& of) {
    return of.redis != nullptr ? &of.redis->session_keys : nullptr;
}

}  // namespace

Identity::Identity(const Environment& of, const PasswordSettings& passwords, TokenPolicy policy)
    : database_(of.database),
      clock_(of.clock),
      names_(of.names),
      counters_(of.metrics),
      events_(of.events, of.keys, of.clock, of.entropy),
      signing_keys_(of.database, of.keys, of.events, of.clock, of.entropy),
      policy_source_(signing_keys_, of.database, of.clock, of.entropy),
      policy_(std::move(policy), [this] { feed_.notify(); }),
      access_tokens_(policy_, of.clock),
      key_administration_(signing_keys_, policy_source_, policy_, of.clock),
      feed_(of.database, policy_, of.clock),
      follower_(of.database, of.revocations, session_keys_of(of), access_tokens_, feed_, of.clock),
      publisher_(of.revocations, session_keys_of(of), access_tokens_),
      passwords_(passwords, of.clock, of.entropy, of.metrics),
      attempts_(make_login_attempts(of)),
      password_check_(passwords_, *attempts_, of.refusals),
      known_clients_(of.database, of.keys, of.clock, of.ipv6_prefix),
      session_starter_(of.keys, policy_, of.clock, of.entropy),
      sessions_(of.database, of.keys, events_, access_tokens_, publisher_, of.clock),
      account_table_(of.database, of.keys, of.entropy),
      abandoned_keys_(of.database, of.keys, of.clock),
      account_lookup_(of.database, account_table_, policy_),
      accounts_(of.database, account_table_, passwords_, events_, access_tokens_, policy_,
                publisher_, of.clock, of.entropy),
      account_import_(of.database, of.keys, account_table_, events_, policy_, of.names, of.clock),
      own_account_(of.database, account_table_, passwords_, password_check_, known_clients_,
                   events_, access_tokens_, policy_, publisher_),
      registration_(of.database, account_table_, passwords_, known_clients_, session_starter_,
                    events_, access_tokens_, policy_, of.clock, of.entropy),
      login_(of.database, account_table_, passwords_, password_check_, known_clients_,
             session_starter_, events_, access_tokens_, policy_, publisher_, of.refusals),
      logout_(of.database, sessions_, events_, access_tokens_, policy_, publisher_, of.clock),
      token_refresh_(of.database, account_table_, events_, access_tokens_, policy_, publisher_,
                     of.refusals, of.clock, of.entropy, of.metrics) {
    register_counters();
}

Task<> Identity::migrate(storage::Database* database, const Clock* clock) {
    MERLON_CO_TRY(co_await storage::migrate(*database, *clock, storage::outbox_role,
                                            storage::outbox_migrations()));
    MERLON_CO_TRY(co_await storage::migrate(*database, *clock, auth_role, auth_migrations()));
    co_return Result<>{};
}

Task<std::unique_ptr<Identity>> Identity::open(Environment of, const tokens::TokenSettings& tokens,
                                               PasswordSettings passwords, access::Roles roles) {
    MERLON_CO_TRY(co_await require_whole_store(&of.database, &of.keys));
    MERLON_CO_TRY(co_await migrate(&of.database, &of.clock));
    SigningKeys signing_keys(of.database, of.keys, of.events, of.clock, of.entropy);
    TokenPolicySource source(signing_keys, of.database, of.clock, of.entropy);
    TokenPolicy policy = MERLON_CO_TRY(co_await source.load(tokens, std::move(roles)));
    std::unique_ptr<Identity> identity(new Identity(of, passwords, std::move(policy)));
    MERLON_CO_TRY(co_await identity->follower_.load());
    MERLON_CO_TRY(co_await identity->key_administration_.begin_following());
    // On a shared database our own revocations come by follow(), as everybody else's do.
    if (!of.database.is_shared()) {
        of.revocations.on_addition([feed = &identity->feed_] { feed->notify(); });
    }
    co_return identity;
}

Task<> Identity::follow() {
    MERLON_CO_TRY(co_await follower_.follow());
    co_return co_await key_administration_.follow();
}

// As late as rows are kept in memory: a clock that is ahead for a while costs nobody a session.
Task<> Identity::clean_up() {
    const std::int64_t before =
        revocation_table::oldest_kept(clock_.wall().time_since_epoch().count());
    MERLON_CO_TRY(co_await revocation_table::delete_expired(&database_, before));
    MERLON_CO_TRY(co_await session_store::delete_expired(&database_, before));
    MERLON_CO_TRY(co_await KnownClients::delete_expired(&database_,
                                                        before - KnownClients::remembered.count()));
    co_return co_await account_counts::fold(&database_);
}

}  // namespace merlon::identity
