// Runs the rounds of checks.
#include "upstream/health_checker.h"

#include <boost/asio/steady_timer.hpp>
#include <set>

#include "base/spawn.h"

namespace merlon::upstream {
namespace {

using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;

// Errors: those of ClientConnection; "upstream.unwell" for a status that is none of success.
Task<> ask(std::shared_ptr<const http::UpstreamAddress> address, http::Endpoint endpoint,
           const HealthSettings* settings, net::Deadlines* deadlines) {
    http::ConnectAttempt attempt;
    const auto connection = MERLON_CO_TRY(co_await http::ClientConnection::connect_to(
        address, endpoint, attempt, *deadlines, settings->timeout));
    connection->stream().set_deadline(settings->timeout);
    const std::string head = "GET " + settings->path + " HTTP/1.1\r\nHost: " + address->authority +
                             "\r\nUser-Agent: merlon\r\nConnection: close\r\n\r\n";
    net::Gather request;
    request.add(head);
    MERLON_CO_TRY(co_await connection->stream().write(request));
    const wire::ResponseHead* answer =
        MERLON_CO_TRY(co_await connection->read_head(wire::Method::Get));
    if (answer->status >= 400) co_return fail(Kind::Unavailable, "upstream.unwell");
    co_return Result<>{};
}

}  // namespace

struct HealthChecker::Rounds {
    Upstream* upstream;  // null: stopped
    HealthSettings settings;
    net::Deadlines& deadlines;
    std::chrono::milliseconds phase;  // of the interval, this checker's own
    Timer timer;
    std::set<std::uint64_t> asked = {};  // numbers of the targets that have yet to answer
};

// One target's, in one round.
struct HealthChecker::Check {
    std::uint64_t target_number;
    std::shared_ptr<const http::UpstreamAddress> address;
    http::Endpoint endpoint;
};

HealthChecker::HealthChecker(Upstream& upstream, const HealthSettings& settings, Executor executor,
                             net::Deadlines& deadlines, Entropy& entropy) {
    if (settings.path.empty()) return;
    std::uint16_t random = 0;
    entropy.fill(std::as_writable_bytes(std::span(&random, 1)));
    const auto phase = settings.interval * random / 0x10000;
    rounds_ =
        std::make_shared<Rounds>(Rounds{&upstream, settings, deadlines, phase, Timer(executor)});
    spawn(executor, run(rounds_));
}

HealthChecker::~HealthChecker() {
    if (!rounds_) return;
    rounds_->upstream = nullptr;
    rounds_->timer.cancel();
}

Task<> HealthChecker::run(std::shared_ptr<Rounds> rounds) {
    rounds->timer.expires_after(rounds->phase);
    while (true) {
        co_await rounds->timer.async_wait(as_result);
        if (rounds->upstream == nullptr) co_return Result<>{};
        for (const auto& target : rounds->upstream->targets()) {
            if (!rounds->asked.insert(target->number).second) continue;
            spawn(rounds->timer.get_executor(),
                  check(rounds, {target->number, target->address, target->endpoint}));
        }
        rounds->timer.expires_after(rounds->settings.interval);
    }
}

Task<> HealthChecker::check(std::shared_ptr<Rounds> rounds, Check one) {
    const Result<> answered =
        co_await ask(one.address, one.endpoint, &rounds->settings, &rounds->deadlines);
    rounds->asked.erase(one.target_number);
    if (rounds->upstream == nullptr) co_return Result<>{};
    rounds->upstream->note_check(one.target_number, answered.has_value(), failures_max);
    co_return Result<>{};
}

}  // namespace merlon::upstream
