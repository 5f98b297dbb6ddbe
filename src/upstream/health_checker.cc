// The loop that checks one target.
#include "upstream/health_checker.h"

#include <boost/asio/steady_timer.hpp>

#include "base/spawn.h"

namespace merlon::upstream {
namespace {

using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;

}  // namespace

struct HealthChecker::Check {
    Upstream* upstream;  // null: stopped
    const Clock& clock;
    std::size_t target;
    std::shared_ptr<const http::UpstreamAddress> address;
    HealthSettings settings;
    net::Deadlines& deadlines;
    std::chrono::milliseconds phase;  // of the interval, this target's own
    Timer timer;
};

HealthChecker::HealthChecker(Upstream& upstream, const HealthSettings& settings, Executor executor,
                             const Clock& clock, net::Deadlines& deadlines, Entropy& entropy) {
    if (settings.path.empty()) return;
    for (std::size_t target = 0; target < upstream.target_count(); ++target) {
        std::uint16_t random = 0;
        entropy.fill(std::as_writable_bytes(std::span(&random, 1)));
        const auto phase = settings.interval * random / 0x10000;
        auto check =
            std::make_shared<Check>(Check{&upstream, clock, target, upstream.address(target),
                                          settings, deadlines, phase, Timer(executor)});
        checks_.push_back(check);
        spawn(executor, run(std::move(check)));
    }
}

HealthChecker::~HealthChecker() {
    for (const auto& check : checks_) {
        check->upstream = nullptr;
        check->timer.cancel();
    }
}

Task<> HealthChecker::run(std::shared_ptr<Check> check) {
    int failures = 0;
    check->timer.expires_after(check->phase);
    while (true) {
        co_await check->timer.async_wait(as_result);
        if (check->upstream == nullptr) co_return Result<>{};
        const SteadyTime next = check->clock.steady() + check->settings.interval;
        const Result<> answered = co_await ask(check);
        if (check->upstream == nullptr) co_return Result<>{};
        failures = answered ? 0 : failures + 1;
        if (answered || failures >= failures_max) {
            check->upstream->note_check(check->target, answered.has_value());
        }
        check->timer.expires_after(next - check->clock.steady());
    }
}

// Errors: those of ClientConnection; "upstream.unwell" for a status that is none of success.
Task<> HealthChecker::ask(std::shared_ptr<Check> check) {
    const auto connection = MERLON_CO_TRY(co_await http::ClientConnection::connect(
        check->address, check->deadlines, check->settings.timeout));
    connection->stream().set_deadline(check->settings.timeout);
    const std::string head = "GET " + check->settings.path +
                             " HTTP/1.1\r\nHost: " + check->address->authority +
                             "\r\nUser-Agent: merlon\r\nConnection: close\r\n\r\n";
    net::Gather request;
    request.add(head);
    MERLON_CO_TRY(co_await connection->stream().write(request));
    const wire::ResponseHead* answer =
        MERLON_CO_TRY(co_await connection->read_head(wire::Method::Get));
    if (answer->status >= 400) co_return fail(Kind::Unavailable, "upstream.unwell");
    co_return Result<>{};
}

}  // namespace merlon::upstream
