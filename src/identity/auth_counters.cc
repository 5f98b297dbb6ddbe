// Three counters an event.
#include "identity/auth_counters.h"

#include "http/problem.h"

namespace merlon::identity {

void AuthCounters::add(std::string_view event) {
    const auto counter = [&](std::string outcome) {
        return &registry_.counter("merlon_auth", "sign-ins, refreshes, sign-outs and such",
                                  {{"event", std::string(event)}, {"outcome", std::move(outcome)}});
    };
    events_[event] = {counter("success"), counter("refused"), counter("failed")};
}

void AuthCounters::count(std::string_view event, const Result<http::Response>& response) {
    const Outcomes& outcomes = events_.at(event);
    if (response) {
        outcomes.success->add();
    } else if (http::problem_of(response.error()).status < 500) {
        outcomes.refused->add();
    } else {
        outcomes.failed->add();
    }
}

}  // namespace merlon::identity
