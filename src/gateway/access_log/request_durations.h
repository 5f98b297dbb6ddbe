// Histograms of how long requests took, by method, route and status.
#pragma once

#include <string_view>
#include <unordered_map>

#include "base/metrics.h"
#include "wire/head.h"

namespace merlon::gateway {

// Keeps the registry's histograms, so that a request does not look names up. One thread.
class RequestDurations final {
public:
    explicit RequestDurations(metrics::Registry& metrics) : metrics_(metrics) {}

    // `route` is the pattern of a route of the snapshot, which outlives this.
    metrics::Histogram& of(wire::Method method, std::string_view route, int status);

private:
    metrics::Registry& metrics_;
    std::unordered_map<std::string_view, std::uint32_t> route_numbers_;
    std::unordered_map<std::uint64_t, metrics::Histogram*> histograms_;
};

}  // namespace merlon::gateway
