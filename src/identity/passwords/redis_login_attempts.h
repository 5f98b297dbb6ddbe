// Counts log-in attempts in Redis, for all auth processes together. While Redis is down, each
// process counts by itself.
#pragma once

#include <atomic>

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

    Task<LoginAttempt> begin(std::string account) override;
    Task<bool> end(LoginAttempt attempt, LoginProtection::Verdict verdict) override;

private:
    // Redis holds no address: a keyed index stands for it, another than the one in the accounts
    // table.
    std::string key_of(const std::string& account) const;

    LocalLoginAttempts local_;
    redis::SharedRedis& redis_;
    const sealing::KeyStore& keys_;
    // The first is random: no two processes have one in common.
    std::atomic<std::uint64_t> last_reservation_;
};

}  // namespace merlon::identity
