// Reserve an attempt, verify, settle the attempt, report.
#include "identity/passwords/password_check.h"

#include "wire/unicode.h"

namespace merlon::identity {

Task<crypto::PasswordVerdict> PasswordCheck::verify(LoginOrigin origin, Secret password,
                                                    std::string encoded, std::string client) {
    const LoginAttempt attempt = MERLON_CO_TRY(co_await attempts_.begin(std::move(origin)));
    const auto verdict = co_await verify_each_form(std::move(password), std::move(encoded));
    if (!verdict) {
        MERLON_CO_TRY(co_await attempts_.end(attempt, Verdict::Unknown));
        co_return std::unexpected(verdict.error());
    }
    const bool is_locked = MERLON_CO_TRY(
        co_await attempts_.end(attempt, verdict->matches ? Verdict::Right : Verdict::Wrong));
    if (!verdict->matches) {
        refusals_.report({events::Type::FailedLoginAttempt, client, "/api/auth/login", {}});
    }
    if (is_locked) {
        refusals_.report({events::Type::AccountLocked, client, "/api/auth/login", {}});
    }
    co_return *verdict;
}

// The pool hashes in Normalization Form C. A hash of an earlier release may be of the password as
// it was typed. Both are tried whether there is an account or not, so their time tells nothing.
Task<crypto::PasswordVerdict> PasswordCheck::verify_each_form(Secret password,
                                                              std::string encoded) {
    Secret normal = wire::to_nfc(password);
    const bool has_two = normal.reveal() != password.reveal();
    auto verdict = co_await passwords_.verify(std::move(normal), encoded);
    if (!has_two || !verdict || verdict->matches) co_return verdict;
    verdict = co_await passwords_.verify(std::move(password), std::move(encoded));
    if (verdict && verdict->matches) verdict->needs_rehash = true;
    co_return verdict;
}

}  // namespace merlon::identity
