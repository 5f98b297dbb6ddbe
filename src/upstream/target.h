// One address of a service as a worker sees it: its kept connections, its load, its health.
#pragma once

#include <memory>
#include <vector>

#include "http/client.h"

namespace merlon::upstream {

struct Target {
    struct Kept {
        std::unique_ptr<http::ClientConnection> connection;
        std::uint64_t until_tick;
        std::uint64_t made_at_tick;
    };

    std::size_t origin = 0;  // the configured address that it is one of
    std::shared_ptr<const http::UpstreamAddress> address;
    http::Endpoint endpoint;
    std::uint64_t number = 0;     // its own, of all that there ever were
    std::vector<Kept> kept = {};  // the last one used last
    std::size_t open = 0;
    int failures = 0;              // in a row
    int server_errors = 0;         // responses of 500 and above, in a row
    int rests = 0;                 // in a row
    std::uint64_t rest_until = 0;  // tick
    int failed_checks = 0;         // in a row
    bool is_alive = true;          // as active checks say
    bool is_gone = false;          // its name has lost it: it ends with its last request

    bool is_healthy_at(std::uint64_t tick) const { return is_alive && rest_until <= tick; }
};

// Counts a request among those of its target.
class TargetUse {
public:
    explicit TargetUse(Target& target) : target_(&target) { ++target.open; }
    TargetUse(TargetUse&& other) noexcept : target_(std::exchange(other.target_, nullptr)) {}
    TargetUse& operator=(TargetUse&&) = delete;
    ~TargetUse() {
        if (target_ != nullptr) --target_->open;
    }
    Target& target() const { return *target_; }

private:
    Target* target_;
};

}  // namespace merlon::upstream
