// The metric merlon_auth: how often people signed in, refreshed and so on, and with which outcome.
#pragma once

#include <map>
#include <string_view>

#include "base/metrics.h"
#include "base/result.h"
#include "http/response.h"

namespace merlon::identity {

// add() at start; count() from every thread. Borrows the registry for life.
class AuthCounters final {
public:
    explicit AuthCounters(metrics::Registry& registry) : registry_(registry) {}

    // `event` is a literal.
    void add(std::string_view event);
    // One use of an event that was added: a success, refused for what the client sent or may, or
    // failed for what is wrong here.
    void count(std::string_view event, const Result<http::Response>& response);

private:
    struct Outcomes {
        metrics::Counter* success;
        metrics::Counter* refused;
        metrics::Counter* failed;
    };
    metrics::Registry& registry_;
    std::map<std::string_view, Outcomes> events_;
};

}  // namespace merlon::identity
