// Something a worker does once a second, on its timer wheel.
#pragma once

#include <functional>

#include "net/deadlines.h"

namespace merlon::net {

// Does it for as long as it lives. What the action uses outlives it.
class EverySecond final : private Deadlines::Entry {
public:
    EverySecond(Deadlines& deadlines, std::function<void()> action)
        : deadlines_(deadlines), action_(std::move(action)) {
        deadlines_.set(*this, std::chrono::seconds{1});
    }

private:
    void expired() override {
        deadlines_.set(*this, std::chrono::seconds{1});
        action_();
    }

    Deadlines& deadlines_;
    std::function<void()> action_;
};

}  // namespace merlon::net
