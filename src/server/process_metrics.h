// Exports the process_* metrics, by the names that Prometheus clients use.
#pragma once

#include "base/clock.h"
#include "base/metrics.h"

namespace merlon::server {

// process_cpu_seconds, process_resident_memory_bytes, process_open_fds, process_max_fds,
// process_start_time_seconds.
void observe_process(metrics::Registry& metrics, WallTime began);

}  // namespace merlon::server
