// Counts log-in attempts in Redis, for all auth processes together. While Redis is down, each
// process counts by itself.
#pragma once

#include <atomic>
#include <optional>

#include "base/entropy.h"
#include "identity/passwords/local_login_attempts.h"
#include "redis/shared_redis.h"
#include "sealing/key_store.h"

namespace merlon::identity {

class RedisLoginAttempts final : public LoginAttempts {
public:
    // Borrows `redis`, which has login_attempt_scripts, and `keys` for life.
    RedisLoginAttempts(redis::SharedRedis& redis, const sealing::KeyStore& keys, const Clock& clock,
                       Entropy& entropy);

    Task<LoginAttempt> begin(LoginOrigin origin) override;
    Task<bool> end(LoginAttempt attempt, Verdict verdict) override;

private:
    // One of the two limits of an attempt: its key in Redis, and how many failures it allows.
    struct Limit {
        std::string key;
        int failures_max;
    };
    // Redis holds neither an e-mail address nor a client's: keyed indexes stand for them, others
    // than those in the database.
    Limit client_limit(const LoginOrigin& origin) const;
    Limit account_limit(const LoginOrigin& origin) const;

    // Of the two scripts, which are those of one limit. Empty: Redis did not answer.
    struct Begun {
        bool is_begun;
        std::chrono::seconds wait;
    };
    Task<std::optional<Begun>> begin_at(Limit limit, std::uint64_t reservation);
    Task<std::optional<bool>> end_at(Limit limit, std::uint64_t reservation, Verdict verdict);
    Task<std::optional<bool>> end_shared(LoginAttempt attempt, Verdict verdict);

    LocalLoginAttempts local_;
    redis::SharedRedis& redis_;
    const sealing::KeyStore& keys_;
    // The first is random: no two processes have one in common.
    std::atomic<std::uint64_t> last_reservation_;
};

}  // namespace merlon::identity
