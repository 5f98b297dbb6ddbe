// How many requests and streams one worker has open towards a service, and how many of them are one
// client's.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "base/siphash.h"
#include "upstream/settings.h"

namespace merlon::upstream {

// The service has as many open as it may (Exhausted).
inline constexpr std::string_view full_rule = "service.full";
// The client has its share of them (Exhausted, RetryAfter).
inline constexpr std::string_view share_rule = "limit.client_share";

// A request that is waited for, or a stream or tunnel, which is open as long as both sides like.
enum class Work : std::uint8_t { Request, Stream };

// Resource of a worker; it outlives its places. One thread.
//
// A client's count is found by a keyed hash of its name in a table of fixed size: nothing is
// allocated, and clients that fall together, which nobody can arrange, share a share.
class Places final {
public:
    Places(const std::string& service, const PoolSettings& settings, Entropy& entropy,
           metrics::Registry& metrics);
    ~Places();
    Places(const Places&) = delete;
    Places& operator=(const Places&) = delete;

    // One request's, from before its connection is looked for until it ends.
    class Place {
    public:
        Place(Place&& other) noexcept
            : places_(std::exchange(other.places_, nullptr)),
              client_(other.client_),
              work_(other.work_) {}
        Place& operator=(Place&&) = delete;
        ~Place() {
            if (places_ != nullptr) places_->leave(work_, client_);
        }
        // From now on it counts among the streams. Errors: as of enter(); it then stays a request.
        Result<> becomes_stream();

    private:
        friend class Places;
        Place(Places& places, std::size_t client, Work work)
            : places_(&places), client_(client), work_(work) {}
        Places* places_;
        std::size_t client_;
        Work work_;
    };

    // `client`: as counted_client() names it. Errors: full_rule, share_rule.
    Result<Place> enter(std::string_view client);

    std::size_t open(Work work) const { return counts_[index(work)].open; }
    // Once a second.
    void publish();

private:
    static constexpr std::size_t client_slots = 4'096;
    static std::size_t index(Work work) { return static_cast<std::size_t>(work); }
    struct Count {
        std::size_t open_max;
        std::size_t client_max;
        metrics::Gauge& gauge;
        metrics::Gauge& gauge_max;
        metrics::Counter& refused;
        metrics::Counter& refused_share;
        std::size_t open = 0;
        std::size_t published = 0;
        std::vector<std::uint16_t> clients = std::vector<std::uint16_t>(client_slots);
    };
    Result<> take(Work work, std::size_t client);
    void leave(Work work, std::size_t client);

    SipHash hash_;
    std::array<Count, 2> counts_;
};

}  // namespace merlon::upstream
