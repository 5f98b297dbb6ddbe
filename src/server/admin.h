// Serves health and metrics to probes and scrapers, on the admin listener only.
#pragma once

#include <atomic>

#include "base/metrics.h"
#include "http/exchange.h"

namespace merlon::server {

// Serves GET and HEAD of /livez, /readyz and /metrics. Thread: that of the admin loop; the flag is
// set from others.
class AdminHandler final : public http::Handler {
public:
    AdminHandler(const metrics::Registry& metrics, const std::atomic<bool>& ready)
        : metrics_(metrics), ready_(ready) {}

    Task<> serve(http::Exchange& exchange) override;
    http::Response refuse(const http::Peer& peer, const Error& error) override;

private:
    const metrics::Registry& metrics_;
    const std::atomic<bool>& ready_;
};

}  // namespace merlon::server
