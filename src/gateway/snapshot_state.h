// One worker's state of one snapshot: its upstreams, health checks, token cache and metrics. A
// reload makes a new one.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "gateway/access_log/request_durations.h"
#include "gateway/request_buffers.h"
#include "gateway/snapshot/snapshot.h"
#include "tokens/assertion.h"
#include "tokens/token_cache.h"
#include "upstream/health_checker.h"

namespace merlon::gateway {

// Shared by the requests that began with it, since a reload may come while they wait.
struct SnapshotState {
    explicit SnapshotState(metrics::Registry& metrics) : durations(metrics) {}

    std::shared_ptr<const Snapshot> snapshot;
    std::vector<std::unique_ptr<upstream::Upstream>> upstreams;  // by service
    std::vector<std::unique_ptr<upstream::HealthChecker>> checkers;
    RequestDurations durations;
    // Tokens that the snapshot's verifier has accepted, and its generation then.
    tokens::TokenCache cache;
    std::uint64_t keys_seen = 0;
    std::optional<tokens::AssertionIssuer> assertions;  // where the gateway has an identity
    std::vector<std::unique_ptr<RequestBuffers>> spare_buffers;  // between requests
};

}  // namespace merlon::gateway
