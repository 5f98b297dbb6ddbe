// Which answers are kept, and how many.
#include "products/answer_cache.h"

#include <gtest/gtest.h>

namespace merlon::products {
namespace {

http::Response answer(std::string body) { return {200, {}, std::move(body)}; }

std::string body_of(AnswerCache& cache, std::string_view id) {
    const auto answer = cache.find(id).answer;
    return answer ? answer->body : "";
}

TEST(AnswerCache, GivesWhatWasKeptUntilItIsForgotten) {
    AnswerCache cache;
    EXPECT_EQ(cache.find("a").answer, nullptr);
    cache.keep("a", answer("one"), cache.find("a").changes);
    EXPECT_EQ(body_of(cache, "a"), "one");
    EXPECT_EQ(body_of(cache, "b"), "");
    cache.forget("a");
    EXPECT_EQ(body_of(cache, "a"), "");
}

TEST(AnswerCache, DropsWhatWasReadBeforeAChangeAndArrivesAfterIt) {
    AnswerCache cache;
    const std::uint64_t changes = cache.find("a").changes;
    cache.forget("a");
    cache.keep("a", answer("old"), changes);
    EXPECT_EQ(body_of(cache, "a"), "");
    cache.keep("a", answer("new"), cache.find("a").changes);
    EXPECT_EQ(body_of(cache, "a"), "new");
}

TEST(AnswerCache, HoldsNoMoreBytesThanItMay) {
    constexpr std::size_t bytes_max = 64 << 10;
    AnswerCache cache(bytes_max);
    constexpr int count = 1'000;
    const std::string body(1'000, 'x');
    for (int i = 0; i < count; ++i) {
        const std::string id = std::to_string(i);
        cache.keep(id, answer(body), cache.find(id).changes);
        EXPECT_EQ(body_of(cache, id), body);
    }
    std::size_t kept = 0;
    for (int i = 0; i < count; ++i) kept += body_of(cache, std::to_string(i)).size();
    EXPECT_GT(kept, bytes_max / 3);
    EXPECT_LT(kept, bytes_max);
}

TEST(AnswerCache, LetsTheOneGoThatWasAskedForLongestAgo) {
    AnswerCache cache(64 << 10);
    const std::string body(1'000, 'x');
    cache.keep("asked", answer(body), cache.find("asked").changes);
    cache.keep("not asked", answer(body), cache.find("not asked").changes);
    for (int i = 0; i < 1'000; ++i) {
        const std::string id = std::to_string(i);
        cache.keep(id, answer(body), cache.find(id).changes);
        EXPECT_EQ(body_of(cache, "asked"), body);
    }
    EXPECT_EQ(body_of(cache, "not asked"), "");
}

TEST(AnswerCache, KeepsNothingThatIsLargerThanItsPlace) {
    AnswerCache cache(64 << 10);
    cache.keep("a", answer(std::string(64 << 10, 'x')), cache.find("a").changes);
    EXPECT_EQ(body_of(cache, "a"), "");
}

}  // namespace
}  // namespace merlon::products
