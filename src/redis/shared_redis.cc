// Carries a call to the client's loop and its result back.
#include "redis/shared_redis.h"

#include "base/answer.h"
#include "base/spawn.h"

namespace merlon::redis {

Task<SharedRedis::Numbers> SharedRedis::ask(std::size_t script, std::vector<std::string> words) {
    const auto submit = [this, script, &words](std::shared_ptr<Answer<Numbers>> answer) {
        spawn(client_.executor(), ask_here(script, std::move(words)),
              [answer](Result<Numbers> numbers) { answer->set(std::move(numbers)); });
        return Result<>{};
    };
    co_return co_await Answer<Numbers>::wait_for(submit, clock_.steady() + patience_);
}

Task<SharedRedis::Numbers> SharedRedis::ask_here(std::size_t script,
                                                 std::vector<std::string> words) {
    const std::vector<std::string_view> views(words.begin(), words.end());
    RedisCall call;
    // A server that has forgotten its scripts has them again the second time.
    for (int attempt = 0; attempt < 2; ++attempt) {
        MERLON_CO_TRY(co_await client_.ready());
        call = {};
        if (!client_.ask(script, views, &call)) break;
        co_await RedisClient::answer_to(call);
        if (call.outcome != RedisCall::Outcome::Unknown) break;
    }
    if (call.outcome == RedisCall::Outcome::Answered) co_return call.numbers;
    const bool is_refused = call.outcome == RedisCall::Outcome::Refused;
    co_return fail(Kind::Unavailable, is_refused ? "state.refused" : "state.away");
}

}  // namespace merlon::redis
