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

// Both of a token's look-ups: the session is revoked for every other one, the user never. The token
// is at hand where a request asks, so here it is one that takes on the next identifiers, which lie
// in a row; where they lead to in the set is anywhere.
void check_among_a_million_revocations(benchmark::State& state) {
    constexpr std::size_t id_length = 36;
    SystemClock clock;
    tokens::Revocations revocations(clock);
    fill(revocations, clock);
    std::string sessions;
    std::string users;
    for (std::uint32_t i = 0; i < revoked; ++i) {
        sessions += ids()[i];
        if (i % 2 == 0) sessions[sessions.size() - id_length] = 'f';
        users += ids()[(i * 7) % revoked];
        users[users.size() - id_length] = 'f';
    }
    tokens::AccessToken token;
    token.origin = tokens::Origin::Own;
    std::size_t at = 0;
    for (auto _ : state) {
        at = (at + id_length) % sessions.size();
        token.session_id.assign(sessions, at, id_length);
        token.subject.user_id.assign(users, at, id_length);
        benchmark::DoNotOptimize(revocations.is_revoked(token));
    }
}
BENCHMARK(check_among_a_million_revocations);

}  // namespace
}  // namespace merlon
