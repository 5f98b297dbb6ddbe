// A million live revocations: what they weigh, how long a token's check and a load take.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <malloc.h>

#include "base/uuid.h"
#include "tokens/revocations.h"

namespace merlon {
namespace {

constexpr std::uint32_t revoked = 1'000'000;

std::vector<std::string> make_ids() {
    SystemClock clock;
    SeededEntropy entropy(1);
    std::vector<std::string> ids;
    for (std::uint32_t i = 0; i < revoked; ++i) {
        ids.push_back(Uuid::make_v7(clock.wall(), entropy).str());
    }
    return ids;
}

const std::vector<std::string>& ids() {
    static const std::vector<std::string> all = make_ids();
    return all;
}

void fill(tokens::Revocations& revocations, const Clock& clock) {
    const WallTime until = clock.wall() + std::chrono::hours{1};
    for (const std::string& id : ids()) revocations.end_session(id, until);
}

double heap_bytes() {
    const struct mallinfo2 now = ::mallinfo2();
    return static_cast<double>(now.uordblks + now.hblkhd);
}

void load_a_million_revocations(benchmark::State& state) {
    SystemClock clock;
    (void)ids();
    for (auto _ : state) {
        const double before = heap_bytes();
        tokens::Revocations revocations(clock);
        fill(revocations, clock);
        state.counters["bytes"] = heap_bytes() - before;
    }
}
BENCHMARK(load_a_million_revocations);

// Both of a token's look-ups: the session is revoked for every other one, the user never.
void check_among_a_million_revocations(benchmark::State& state) {
    SystemClock clock;
    tokens::Revocations revocations(clock);
    fill(revocations, clock);
    std::vector<tokens::AccessToken> asked(revoked);
    for (std::uint32_t i = 0; i < revoked; ++i) {
        asked[i].origin = tokens::Origin::Own;
        asked[i].session_id = ids()[i];
        asked[i].subject.user_id = ids()[(i * 7) % revoked];
        asked[i].subject.user_id[0] = 'f';
        if (i % 2 == 0) asked[i].session_id[0] = 'f';
    }
    std::uint32_t at = 0;
    for (auto _ : state) {
        at = (at + 1) % revoked;  // the token itself is at hand where a request asks
        benchmark::DoNotOptimize(revocations.is_revoked(asked[at]));
    }
}
BENCHMARK(check_among_a_million_revocations);

}  // namespace
}  // namespace merlon
