// Counts what is open.
#include "upstream/places.h"

#include <algorithm>

#include "base/result.h"

namespace merlon::upstream {
namespace {

// A slot's count goes no further.
constexpr std::size_t share_max = 60'000;

std::size_t share_of(std::size_t said, std::size_t all) {
    return std::clamp<std::size_t>(said != 0 ? said : all / 2, 1, share_max);
}

}  // namespace

Places::Places(const std::string& service, const PoolSettings& settings, Entropy& entropy,
               metrics::Registry& metrics)
    : hash_(entropy), counts_([&] {
          const auto count = [&](const std::string& kind, std::size_t most, std::size_t share) {
              const auto refused = [&](const std::string& reason) -> metrics::Counter& {
                  return metrics.counter(
                      "merlon_upstream_refused",
                      "requests refused because as many were open, of all or of the client",
                      {{"service", service}, {"kind", kind}, {"reason", reason}});
              };
              return Count{most,
                           share_of(share, most),
                           metrics.gauge("merlon_upstream_open",
                                         "requests and streams open towards a service",
                                         {{"service", service}, {"kind", kind}}),
                           metrics.gauge("merlon_upstream_open_max",
                                         "how many of them may be, in all workers",
                                         {{"service", service}, {"kind", kind}}),
                           refused("full"),
                           refused("client_share")};
          };
          return std::array{count("request", settings.requests, settings.client_requests),
                            count("stream", settings.streams, settings.client_streams)};
      }()) {
    for (Count& count : counts_) count.gauge_max.add(static_cast<std::int64_t>(count.open_max));
}

Places::~Places() {
    for (Count& count : counts_) {
        count.gauge.add(-static_cast<std::int64_t>(count.published));
        count.gauge_max.add(-static_cast<std::int64_t>(count.open_max));
    }
}

void Places::publish() {
    for (Count& count : counts_) {
        count.gauge.add(static_cast<std::int64_t>(count.open) -
                        static_cast<std::int64_t>(std::exchange(count.published, count.open)));
    }
}

Result<> Places::take(Work work, std::size_t client) {
    Count& count = counts_[index(work)];
    // The share first: it tells the client that it is not the service that is busy.
    if (count.clients[client] >= count.client_max) {
        count.refused_share.add();
        return fail(Kind::Exhausted, share_rule, {}, RetryAfter{std::chrono::seconds{1}});
    }
    if (count.open >= count.open_max) {
        count.refused.add();
        return fail(Kind::Exhausted, full_rule, "too many are open");
    }
    ++count.open;
    ++count.clients[client];
    return {};
}

void Places::leave(Work work, std::size_t client) {
    Count& count = counts_[index(work)];
    --count.open;
    --count.clients[client];
}

Result<Places::Place> Places::enter(std::string_view client) {
    const std::size_t slot = hash_(client) % client_slots;
    MERLON_TRY(take(Work::Request, slot));
    return Place(*this, slot, Work::Request);
}

Result<> Places::Place::becomes_stream() {
    if (work_ == Work::Stream) return {};
    MERLON_TRY(places_->take(Work::Stream, client_));
    places_->leave(Work::Request, client_);
    work_ = Work::Stream;
    return {};
}

}  // namespace merlon::upstream
