// The auth role: accounts, sessions, tokens. Here its objects are made and joined; endpoints.cc
// says which of them serves which route. Read endpoints.cc first.
#pragma once

#include <memory>

#include "api/local_service.h"
#include "events/refusals.h"
#include "identity/accounts/abandoned_keys.h"
#include "identity/accounts/account_administration.h"
#include "identity/accounts/account_import.h"
#include "identity/accounts/account_lookup.h"
#include "identity/accounts/own_account.h"
#include "identity/auth_counters.h"
#include "identity/keys/key_administration.h"
#include "identity/redis_state.h"
#include "identity/revocation/revocation_follower.h"
#include "identity/sessions/sessions.h"
#include "identity/sign_in/login.h"
#include "identity/sign_in/logout.h"
#include "identity/sign_in/registration.h"
#include "identity/sign_in/token_refresh.h"

namespace merlon::identity {

// Resource; safe from every thread.
class Identity final : public api::LocalService {
public:
    // What the role works with. Borrowed for the role's life; all safe from every thread.
    struct Environment {
        storage::Database& database;
        sealing::KeyStore& keys;
        tokens::Revocations& revocations;
        events::Refusals& refusals;
        events::EventSink& events;
        metrics::Registry& metrics;
        const Clock& clock;
        Entropy& entropy;
        RedisState* redis;     // null: there is no Redis
        int ipv6_prefix = 56;  // of the network that is one client, as the limits count it
        api::NameSettings names = {};
    };

    // Brings the tables up to date, loads the signing keys and every revocation still in force.
    // Borrows the token settings for the task. Errors: those of require_whole_store(), Database,
    // migrate() and TokenPolicySource::load().
    static Task<std::unique_ptr<Identity>> open(Environment environment,
                                                const tokens::TokenSettings& tokens,
                                                PasswordSettings passwords, access::Roles roles);

    static const api::RoleTable& role_table();
    const api::RoleTable& table() const override { return role_table(); }
    Task<http::Response> call(api::LocalCall request) override;

    // The settings by which forms are validated that came another way than through the gateway.
    const api::NameSettings& names() const { return names_; }
    AccountAdministration& accounts() { return accounts_; }
    AccountImport& account_import() { return account_import_; }
    AccountLookup& account_lookup() { return account_lookup_; }
    Sessions& sessions() { return sessions_; }
    KeyAdministration& key_administration() { return key_administration_; }
    RevocationFeed& feed() { return feed_; }
    // Our public keys, for the verifiers.
    const tokens::CurrentKeys& keys() const { return policy_.verifier_keys(); }

    // See KeyAdministration::reload().
    Task<> reload(const tokens::TokenSettings& tokens, access::Roles roles) {
        return key_administration_.reload(tokens, std::move(roles));
    }
    // Takes over what other processes of this role have changed. One at a time, every second and at
    // every notice of `listen`. When it succeeds, the set of revocations is complete as of its
    // beginning. Errors: those of Database.
    Task<> follow();
    static constexpr storage::Sql listen = "LISTEN merlon_revocations";
    // Responds to the gateways that wait for the feed. After every follow(), else every second: it
    // tells them that the feed is alive.
    void heartbeat() { feed_.notify(); }
    // Deletes expired revocations and sessions, and adds up counts. Now and then; errors: those of
    // Database.
    Task<> clean_up();
    // See AbandonedKeys. One at a time.
    Task<> sweep_keys() { return abandoned_keys_.sweep(); }

private:
    Identity(const Environment& environment, const PasswordSettings& passwords, TokenPolicy policy);
    static Task<> migrate(storage::Database* database, const Clock* clock);

    struct Endpoint;
    static std::span<const Endpoint> endpoints();
    void register_counters();

    // In the order in which they use each other.
    storage::Database& database_;
    const Clock& clock_;
    const api::NameSettings names_;
    AuthCounters counters_;
    AccountEvents events_;
    SigningKeys signing_keys_;
    TokenPolicySource policy_source_;
    CurrentTokenPolicy policy_;
    AccessTokens access_tokens_;
    KeyAdministration key_administration_;
    RevocationFeed feed_;
    RevocationFollower follower_;
    RevocationPublisher publisher_;
    PasswordPool passwords_;
    std::unique_ptr<LoginAttempts> attempts_;
    PasswordCheck password_check_;
    KnownClients known_clients_;
    SessionStarter session_starter_;
    Sessions sessions_;
    Accounts account_table_;
    AbandonedKeys abandoned_keys_;
    AccountLookup account_lookup_;
    AccountAdministration accounts_;
    AccountImport account_import_;
    OwnAccount own_account_;
    Registration registration_;
    Login login_;
    Logout logout_;
    TokenRefresh token_refresh_;
};

}  // namespace merlon::identity
