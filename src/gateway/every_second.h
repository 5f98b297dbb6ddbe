// Something a worker does once a second, on its timer wheel.
#pragma once

#include <functional>

#include "http/deadlines.h"

namespace merlon::gateway {

// Does it for as long as it lives. What the action uses outlives it.
class EverySecond final : private http::Deadlines::Entry {
public:
    EverySecond(http::Deadlines& deadlines, std::function<void()> action)
        : deadlines_(deadlines), action_(std::move(action)) {
        deadlines_.set(*this, std::chrono::seconds{1});
    }

private:
    void expired() override {
        deadlines_.set(*this, std::chrono::seconds{1});
        action_();
    }

    http::Deadlines& deadlines_;
    std::function<void()> action_;
};

}  // namespace merlon::gateway
