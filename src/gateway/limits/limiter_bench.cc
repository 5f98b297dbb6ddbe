// What a hit costs with a million clients in the table, and what the table weighs.
#include <benchmark/benchmark.h>

#include "gateway/limits/limit_table.h"

namespace {

void hit_with_a_million_clients(benchmark::State& state) {
    using namespace merlon;
    constexpr std::uint32_t clients = 1'000'000;
    SeededEntropy entropy(1);
    gateway::LimitTable table(clients, entropy);
    const gateway::LimitRule rule{100, 900};
    std::vector<std::string> names;
    for (std::uint32_t i = 0; i < clients; ++i) {
        names.push_back(std::to_string(i % 223 + 1) + "." + std::to_string(i / 223 % 256) + "." +
                        std::to_string(i / 57'088) + ".7");
        table.count(table.key_of(0, names.back()), rule, 0);
    }
    std::uint32_t at = 0;
    for (auto _ : state) {
        at = (at * 1'664'525 + 1'013'904'223) % clients;
        benchmark::DoNotOptimize(table.count(table.key_of(0, names[at]), rule, 1));
    }
    state.counters["bytes"] = static_cast<double>(table.bytes());
}
BENCHMARK(hit_with_a_million_clients);

}  // namespace
