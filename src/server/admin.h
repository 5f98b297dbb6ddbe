// Serves health and metrics to probes and scrapers, on the admin listener only.
#pragma once

#include <atomic>
#include <functional>
#include <vector>

#include "base/metrics.h"
#include "http/exchange.h"
#include "installation/store_probe.h"

namespace merlon::server {

// Serves GET and HEAD of /livez, /readyz, /readyz?verbose and /metrics. Thread: that of the admin
// loop; the flag is set from others.
class AdminHandler final : public http::Handler {
public:
    using StoreStates = std::function<std::vector<installation::StoreProbe::State>()>;

    // `stores` is called on the admin loop's thread.
    AdminHandler(const metrics::Registry& metrics, const std::atomic<bool>& ready,
                 StoreStates stores)
        : metrics_(metrics), ready_(ready), stores_(std::move(stores)) {}

    Task<> serve(http::Exchange& exchange) override;
    http::Response refuse(const http::Peer& peer, const wire::RequestHead* head,
                          const Error& error) override;

private:
    http::Response readiness(bool is_verbose) const;

    const metrics::Registry& metrics_;
    const std::atomic<bool>& ready_;
    StoreStates stores_;
};

}  // namespace merlon::server
