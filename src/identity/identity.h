// The auth role: accounts, sessions, tokens. Read endpoints.cc first: it names them all; the use
// cases are in sign_in.cc (register, login, refresh) and account_calls.cc (the signed-in user's).
#pragma once

#include <atomic>
#include <memory>

#include "access/actor.h"
#include "api/local_service.h"
#include "base/current.h"
#include "base/uuid.h"
#include "identity/accounts/account_admin.h"
#include "identity/accounts/accounts.h"
#include "identity/accounts/forms.h"
#include "identity/auth_counters.h"
#include "identity/keys/key_change.h"
#include "identity/parts.h"
#include "identity/passwords/login_attempts.h"
#include "identity/passwords/password_pool.h"
#include "identity/revocation/change_signal.h"
#include "identity/revocation/recent_revocations.h"
#include "identity/revocation/told.h"
#include "identity/sessions/session_store.h"
#include "identity/sessions/terms.h"
#include "tokens/current_keys.h"

namespace merlon::identity {

// Resource; safe from every thread.
class Identity final : public api::LocalService {
public:
    // Brings the tables up to date, loads the signing keys and every revocation still in force.
    // Borrows the settings for the task. Errors: those of Database, migrate(), SigningKeys::load()
    // and tokens::Rings::of_secrets().
    static Task<std::unique_ptr<Identity>> open(Parts parts, const tokens::TokenSettings& tokens,
                                                const PasswordSettings& passwords,
                                                access::Roles roles);

    static const api::RoleTable& role_table();
    const api::RoleTable& table() const override { return role_table(); }
    Task<http::Response> call(api::LocalCall request) override;

    // Our keys, for the verifiers.
    const tokens::CurrentKeys& keys() const { return keys_; }
    // A reload, of which all or nothing is done. Another algorithm is a rotation; another shared
    // secret ends the tokens of the one before. Borrows the settings for the task. Errors:
    // "key.changing" (Conflict), and those of open().
    Task<> reload(const tokens::TokenSettings& tokens, access::Roles roles);

    // Takes over what other processes of this role have changed (follow.cc). One at a time, every
    // second and at every notice of `listen`. When it succeeds, the set of revocations is whole as
    // of its beginning. Errors: those of Database.
    Task<> follow();
    static constexpr storage::Sql listen = "LISTEN merlon_revocations";
    // Deletes revocations and sessions that have run out, and adds up counts. Now and then; errors:
    // those of Database.
    Task<> clean_up();

    // What gateways in other processes follow (tell.cc). Errors: those of Database.
    // A page of all that is revoked, after a subject (empty: from the first).
    Task<Told> tell_all(std::string after);
    // What was revoked since a horizon, as soon as there is more than `mark` tells of, else after a
    // beat. Both are those of what was told last.
    Task<Told> tell_since(std::int64_t horizon, std::string mark);
    // Wakes those who wait. After every follow(), else every second: it is how they know that they
    // hear.
    void beat() { changed_.raise(); }

    // Makes an admin with a random password when there is none: "e-mail password", else empty.
    Task<std::string> make_first_admin();

    // What is done with other people's accounts (admin_calls.cc); each gives the account as JSON:
    // the contract's user and `locked`. Errors: "schema.violation" (Invalid: no such role),
    // "access.denied" (Denied: the role may do more than the actor), "account.absent" (Absent),
    // "account.email_taken", "account.own", "account.changed" (Conflict), and those of Database.
    Task<std::string> create_account(RegisterForm form, std::string role, access::Actor actor);
    // Another role, or a lock, ends all of the account's sessions.
    Task<std::string> change_account(std::string id, AccountChange change, access::Actor actor);
    Task<std::string> find_account(std::string id);
    Task<std::string> id_of(wire::Email email);
    // At most `limit` after an identifier (empty: from the first), the oldest account first.
    Task<AccountList> list_accounts(std::string after, std::int64_t limit);
    Task<Names> names_of(std::string id);
    Task<> rename(std::string id, NewNames names);

    // An operator's calls (session_calls.cc, key_calls.cc). Errors: "account.absent" (Absent), and
    // those of Database.
    // Ends the user's sessions.
    Task<> reset_password(ResetForm form);
    // As a JSON array, the last seen first.
    Task<std::string> list_sessions_of(std::string user_id);
    Task<std::string> list_sessions_of(wire::Email email);
    // Error: "session.absent" (Absent).
    Task<> revoke_session(std::string session_id);
    // Keys that still verify something, newest first. Each gives them as a JSON array. Errors:
    // "key.shared" (Conflict: HS256), "key.changing" (Conflict), and those of SigningKeys.
    Task<std::string> list_keys();
    Task<std::string> rotate_keys(KeyStart start);
    Task<std::string> retire_key(std::string kid);

private:
    Identity(Parts parts, const PasswordSettings& passwords, Terms terms);
    static Task<tokens::Rings> load_rings(Parts parts, const tokens::TokenSettings& tokens);
    Task<> load_revocations();
    Task<> follow_keys();
    Task<std::string> describe_keys();
    void take_over(const ToldRevocation& revoked);
    Task<News> news_since(std::int64_t horizon);
    void adopt(Terms terms);

    struct Endpoint;
    static std::span<const Endpoint> endpoints();
    void announce_counters();
    Task<http::Response> register_account(api::LocalCall call);
    Task<http::Response> login(api::LocalCall call);
    Task<http::Response> refresh(api::LocalCall call);
    Task<http::Response> logout(api::LocalCall call);
    Task<http::Response> logout_all(api::LocalCall call);
    Task<http::Response> list_sessions(api::LocalCall call);
    Task<http::Response> end_session(api::LocalCall call);
    Task<http::Response> change_password(api::LocalCall call);
    Task<http::Response> me(api::LocalCall call);
    Task<http::Response> published_keys(api::LocalCall call);

    // Steps they share.
    struct SignIn {
        SealedSession session;
        std::string refresh_token;
    };
    Task<SignIn> begin_session(std::string user_id, std::string client, std::string agent);
    http::Response answer_sign_in(int status, const Account& account, const SignIn& made);
    Task<crypto::PasswordVerdict> judge_password(std::string guarded, std::string password,
                                                 std::string encoded, std::string client);
    std::string access_token(const Account& account, const std::string& session_id);
    std::string user_json(const Account& account) const;
    std::string account_json(const Account& account) const;
    // In the order of their making, which lists are in.
    std::string make_account_id() {
        return Uuid::make_v7(parts_.clock.wall(), parts_.entropy).str();
    }
    using Details = decltype(events::Event::details);
    events::Event event_by(const access::Actor& actor, events::Type type, std::string user_id,
                           Details details) const;
    events::Event event(events::Type type, std::string user_id, std::string client) const;
    // Seals the client's address for the outbox.
    Task<std::optional<storage::Blob>> seal_client(std::string user_id, std::string client);
    // `current` is marked when there is one.
    Task<std::string> sessions_json(std::string user_id, std::optional<std::string> current);
    // Fails with "session.absent" (Absent).
    Task<> end_one(std::string session_id, std::string user_id, session_store::Tokens tokens,
                   events::Event ended, std::optional<storage::Blob> sealed_ip);
    void revoke(const std::vector<std::string>& session_ids);
    // Every token of the user below `version` is refused, here and elsewhere.
    Task<> revoke_below(std::string user_id, std::int64_t version, WallTime until);
    // Tells services that look in Redis. Both come after the commit, and never fail.
    Task<> tell_of_token(std::string user_id, std::string access_token);
    Task<> tell_of_version(std::string user_id, std::int64_t version, WallTime until);
    std::int64_t now() const { return parts_.clock.wall().time_since_epoch().count(); }
    // When the last access token that exists now, or that a request under way is about to make, has
    // expired: also one of before the clock was put back.
    WallTime last_expiry() const {
        constexpr std::chrono::minutes under_way{1};
        const WallTime latest = std::max(parts_.clock.wall(), latest_issue_.load());
        return latest + terms_.load()->longest_access_ttl + under_way;
    }
    void note_issue(WallTime now);

    Parts parts_;
    AuthCounters counters_;
    PasswordPool passwords_;
    Accounts accounts_;
    std::unique_ptr<LoginAttempts> attempts_;
    SigningKeys signing_keys_;
    std::atomic<bool> changing_keys_{false};
    ChangeSignal changed_;
    // What follow() has taken over: keys as describe_keys() tells them, revocations of every
    // transaction before this one.
    std::string known_keys_;
    std::int64_t horizon_ = 0;
    RecentRevocations recent_;
    tokens::CurrentKeys keys_;
    Current<Terms> terms_;
    std::atomic<WallTime> latest_issue_;  // of an access token, by the wall clock of then
};

}  // namespace merlon::identity
