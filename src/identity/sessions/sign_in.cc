// Register, login and refresh: how a session begins and goes on.
#include <fmt/format.h>

#include <variant>

#include "api/answers.h"
#include "base/text.h"
#include "crypto/aead.h"
#include "crypto/mac.h"
#include "identity/identity.h"
#include "identity/store/schema.h"
#include "storage/outbox.h"

namespace merlon::identity {
namespace {

using storage::Blob;
using storage::Transaction;
using Ended = std::vector<std::string>;

// What opens a session: the account as it was judged, and the hash to keep.
struct JudgedPassword {
    AccountState judged;
    std::optional<std::string> next;  // hash, if the scheme of that one was outdated
};

// The session and its event; with an account when it is new, else while it still is as it was
// judged: whoever ended its sessions meanwhile (a lock, another role) ended this one, too.
Task<Ended> store_session(Transaction& transaction, SealedSession session, Ended surplus,
                          std::variant<SealedAccount, JudgedPassword> by, events::Event event,
                          std::optional<Blob> sealed_ip, std::int64_t revoked_until) {
    if (auto* account = std::get_if<SealedAccount>(&by)) {
        MERLON_CO_TRY(co_await Accounts::insert(transaction, std::move(*account)));
    } else if (auto* password = std::get_if<JudgedPassword>(&by)) {
        MERLON_CO_TRY(password->next
                          ? co_await Accounts::replace_password(transaction, password->judged,
                                                                *password->next)
                          : co_await Accounts::require_unchanged(transaction, password->judged));
    }
    Ended ended = MERLON_CO_TRY(co_await session_store::insert(transaction, std::move(session),
                                                               std::move(surplus), revoked_until));
    MERLON_CO_TRY(co_await storage::append_event(transaction, std::string(auth_role),
                                                 std::move(event), std::move(sealed_ip)));
    co_return ended;
}

// The reuse of a stolen token is written down in the transaction that ends its session.
Task<Rotated> rotate_and_report(Transaction& transaction, Rotation rotation, events::Event reuse,
                                std::optional<Blob> sealed_ip) {
    Rotated done = MERLON_CO_TRY(co_await session_store::rotate(transaction, std::move(rotation)));
    if (done.outcome == RotationOutcome::Reused) {
        MERLON_CO_TRY(co_await storage::append_event(transaction, std::string(auth_role),
                                                     std::move(reuse), std::move(sealed_ip)));
    }
    co_return done;
}

// Only who holds the presented token can read its successor: no clear copy lies anywhere.
crypto::AeadKey successor_key(std::string_view presented) {
    const Secret material(std::string{presented});
    return crypto::AeadKey::make(
               crypto::hkdf_sha256(material, "", "merlon refresh successor", 32).value())
        .value();
}

constexpr std::string_view successor_place = "sessions.successor";

}  // namespace

Task<http::Response> Identity::register_account(api::LocalCall call) {
    const RegisterForm form = MERLON_CO_TRY(RegisterForm::parse(call.body));
    // Before the hash: it is the dear part. The address is judged again inside the transaction.
    if (const auto known = co_await accounts_.find_by_email(form.email); known) {
        co_return fail(Kind::Conflict, "account.email_taken");
    } else if (known.error().rule != "account.absent") {
        co_return std::unexpected(known.error());
    }
    Account account;
    account.id = make_account_id();
    account.email = form.email.as_typed();
    account.first_name = form.first_name;
    account.last_name = form.last_name;
    account.role = "user";
    account.created_at = parts_.clock.wall();
    account.password = MERLON_CO_TRY(co_await passwords_.hash(form.password));

    const SealedAccount sealed = MERLON_CO_TRY(co_await accounts_.seal(account, form.email));
    const SignIn made =
        MERLON_CO_TRY(co_await begin_session(account.id, call.client, call.user_agent));
    const events::Event registered = event(events::Type::Registered, account.id, call.client);
    const auto sealed_ip = MERLON_CO_TRY(co_await seal_client(account.id, call.client));
    const auto stored = co_await parts_.database.transact<Ended>(
        [session = made.session, sealed, registered, sealed_ip,
         until = last_expiry().time_since_epoch().count()](Transaction& transaction) {
            return store_session(transaction, session, {}, sealed, registered, sealed_ip, until);
        });
    if (!stored) {
        // Somebody else took the address meanwhile: the key made for this one seals nothing.
        MERLON_CO_TRY(co_await parts_.keys.destroy(account.id));
        co_return std::unexpected(stored.error());
    }
    parts_.events.write(registered);
    co_return answer_sign_in(201, account, made);
}

// Whether the password is right, counted against guessing: one count for an address, in whatever
// use case it is guessed. `encoded` empty: there is no account.
Task<crypto::PasswordVerdict> Identity::judge_password(std::string guarded, std::string password,
                                                       std::string encoded, std::string client) {
    const LoginAttempt guess = MERLON_CO_TRY(co_await attempts_->begin(std::move(guarded)));
    const auto verdict = co_await passwords_.verify(std::move(password), std::move(encoded));
    using Verdict = LoginProtection::Verdict;
    if (!verdict) {
        MERLON_CO_TRY(co_await attempts_->end(guess, Verdict::Unknown));
        co_return std::unexpected(verdict.error());
    }
    const bool locked = MERLON_CO_TRY(
        co_await attempts_->end(guess, verdict->matches ? Verdict::Right : Verdict::Wrong));
    if (!verdict->matches) {
        parts_.refusals.report({events::Type::FailedLoginAttempt, client, "/api/auth/login", {}});
    }
    if (locked) {
        parts_.refusals.report({events::Type::AccountLocked, client, "/api/auth/login", {}});
    }
    co_return *verdict;
}

Task<http::Response> Identity::login(api::LocalCall call) {
    LoginForm form = MERLON_CO_TRY(LoginForm::parse(call.body));
    auto found = co_await accounts_.find_by_email(form.email);
    if (!found && found.error().rule != "account.absent") {
        co_return std::unexpected(std::move(found).error());
    }
    const std::string& guarded = form.email.canonical();
    const std::string encoded = found ? found->sealed.password : std::string();
    const auto verdict =
        MERLON_CO_TRY(co_await judge_password(guarded, form.password, encoded, call.client));
    if (found && found->sealed.is_locked) {
        co_return fail(Kind::Exhausted, "limit.auth", "locked by an operator",
                       RetryAfter{LoginProtection::first_lock});
    }
    if (!verdict.matches) co_return fail(Kind::Unknown, "credentials.wrong");

    // Opened for who knows the password, not for who asks.
    const Account account = MERLON_CO_TRY(co_await accounts_.open(found->sealed));
    JudgedPassword password{AccountState::of(account), {}};
    if (verdict.needs_rehash) {  // the only time the password is at hand
        password.next = MERLON_CO_TRY(co_await passwords_.hash(form.password));
    }
    const SignIn made =
        MERLON_CO_TRY(co_await begin_session(account.id, call.client, call.user_agent));
    const events::Event signed_in = event(events::Type::Login, account.id, call.client);
    const auto sealed_ip = MERLON_CO_TRY(co_await seal_client(account.id, call.client));
    const Ended surplus =
        MERLON_CO_TRY(co_await session_store::surplus(parts_.database, account.id));
    const Ended ended = MERLON_CO_TRY(co_await parts_.database.transact<Ended>(
        [session = made.session, surplus, password, signed_in, sealed_ip,
         until = last_expiry().time_since_epoch().count()](Transaction& transaction) {
            return store_session(transaction, session, surplus, password, signed_in, sealed_ip,
                                 until);
        }));
    revoke(ended);
    parts_.events.write(signed_in);
    co_return answer_sign_in(200, account, made);
}

Task<http::Response> Identity::refresh(api::LocalCall call) {
    const RefreshForm form = MERLON_CO_TRY(RefreshForm::parse(call.body));
    const WallTime wall = parts_.clock.wall();
    const auto terms = terms_.load();
    const tokens::Issuer& issuer = terms->issuer;
    const tokens::RefreshToken presented =
        MERLON_CO_TRY(issuer.verify_refresh(form.refresh_token, wall));
    const std::string session_id = session_store::session_of(presented.token_id);
    const auto account = co_await accounts_.find(presented.user_id);
    if (session_id.empty() || (!account && account.error().rule == "account.absent")) {
        co_return fail(Kind::Unknown, "refresh.invalid");
    }
    if (!account) co_return std::unexpected(account.error());

    const std::string next_id =
        session_store::make_token_id(session_id, Uuid::make_v4(parts_.entropy).text());
    const std::string next = issuer.issue_refresh({account->id, next_id}, wall);
    const crypto::AeadKey key = successor_key(form.refresh_token);
    const std::int64_t expires_at = now() + std::chrono::milliseconds(issuer.refresh_ttl()).count();
    const WallTime until = last_expiry();
    const Rotation rotation{session_id,
                            account->id,
                            presented.token_id,
                            next_id,
                            key.seal(next, successor_place, parts_.entropy),
                            now(),
                            terms->reuse_grace.count(),
                            expires_at,
                            until.time_since_epoch().count()};
    const events::Event reuse = event(events::Type::RefreshReuse, account->id, call.client);
    const auto sealed_ip = MERLON_CO_TRY(co_await seal_client(account->id, call.client));
    const Rotated done = MERLON_CO_TRY(co_await parts_.database.transact<Rotated>(
        [rotation, reuse, sealed_ip](Transaction& transaction) {
            return rotate_and_report(transaction, rotation, reuse, sealed_ip);
        }));

    std::string successor = next;
    if (done.outcome == RotationOutcome::Reused) {
        revoke({session_id});
        parts_.events.write(reuse);
        MERLON_CO_TRY(co_await tell_of_version(account->id, done.version, until));
    }
    if (done.outcome == RotationOutcome::Replayed) {
        successor = MERLON_CO_TRY(key.open(done.successor, successor_place));
    } else if (done.outcome != RotationOutcome::Rotated) {
        co_return fail(Kind::Unknown, "refresh.invalid");
    }
    co_return api::data_answer(200, fmt::format(R"({{"accessToken":"{}","refreshToken":"{}",)"
                                                R"("tokenType":"Bearer","expiresIn":{}}})",
                                                access_token(*account, session_id), successor,
                                                issuer.access_ttl().count()));
}

}  // namespace merlon::identity
