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

// The identifiers, each with another first digit: none of them is in the set.
std::vector<tokens::RevokedId> absent_ids(std::size_t step) {
    std::vector<tokens::RevokedId> absent;
    for (std::size_t i = 0; i < revoked; ++i) {
        std::string id = ids()[i * step % revoked];
        id.front() = 'f';
        absent.push_back(*tokens::RevokedId::parse(id));
    }
    return absent;
}

// Both of a token's look-ups: the session is revoked for every other one, the user never. The token
// is at hand where a request asks, so here it is one that takes on the next identifiers, which lie
// in a row; where they lead to in the set is anywhere.
void check_among_a_million_revocations(benchmark::State& state) {
    SystemClock clock;
    tokens::Revocations revocations(clock);
    fill(revocations, clock);
    std::vector<tokens::RevokedId> sessions = absent_ids(1);
    const std::vector<tokens::RevokedId> users = absent_ids(7);
    for (std::size_t i = 0; i < revoked; i += 2) sessions[i] = *tokens::RevokedId::parse(ids()[i]);
    tokens::AccessToken token;
    std::size_t at = 0;
    for (auto _ : state) {
        at = (at + 1) % revoked;
        token.revocable = {sessions[at], users[at]};
        benchmark::DoNotOptimize(revocations.is_revoked(token));
    }
}
BENCHMARK(check_among_a_million_revocations);

}  // namespace
}  // namespace merlon
