// What a line of the access log costs the request it is about: formatting, and its part of a batch.
#include <benchmark/benchmark.h>

#include "gateway/access_log/access_log.h"

namespace merlon::gateway {
namespace {

class Nowhere final : public LineSink {
public:
    void write(std::string_view lines) override { benchmark::DoNotOptimize(lines.data()); }
};

void add_line(benchmark::State& state) {
    Nowhere nowhere;
    asio::io_context loop;
    net::Deadlines deadlines(loop.get_executor());
    AccessLog log(deadlines, nowhere);
    const AccessLine line{.received_at = WallTime{std::chrono::milliseconds{1'767'225'600'007}},
                          .request_id = "01a2119d-9374-7622-b7c7-6f05c6a7a0db",
                          .trace_id = "4bf92f3577b34da6a3ce929d0e0e4736",
                          .method = wire::Method::Get,
                          .route = "/catalog/**",
                          .status = 200,
                          .duration = std::chrono::nanoseconds{1'234'567},
                          .bytes_in = 0,
                          .bytes_out = 473,
                          .ip = "127.0.0.1",
                          .user_id = "01a2119d-9374-7622-b7c7-6f05c6a7a0dc",
                          .upstream = "catalog"};
    for (auto _ : state) log.add(line);
}
BENCHMARK(add_line);

}  // namespace
}  // namespace merlon::gateway
