// Creates a histogram for each method, route and status that occurs.
#include "gateway/access_log/request_durations.h"

#include <string>

namespace merlon::gateway {

metrics::Histogram& RequestDurations::of(wire::Method method, std::string_view route, int status) {
    const auto number = route_numbers_.try_emplace(route, route_numbers_.size()).first->second;
    const std::uint64_t key = std::uint64_t{number} << 32 |
                              static_cast<std::uint64_t>(method) << 16 |
                              static_cast<std::uint64_t>(status);
    metrics::Histogram*& histogram = histograms_[key];
    if (histogram == nullptr) {
        histogram = &metrics_.histogram("http_server_request_duration_seconds",
                                        "from the head to the end of the response",
                                        {{"method", std::string(wire::name(method))},
                                         {"route", std::string(route)},
                                         {"status", std::to_string(status)}});
    }
    return *histogram;
}

}  // namespace merlon::gateway
