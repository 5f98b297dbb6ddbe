// Security events as JSON lines on a file descriptor, and their count by type and severity.
#pragma once

#include <array>
#include <mutex>

#include "base/metrics.h"
#include "events/event.h"

namespace merlon::events {

// One write(2) a line, so that lines of several processes on one pipe do not mix (up to PIPE_BUF).
// A line that cannot be written is lost and counted: a full disk must not stop a gateway.
class LogSink final : public EventSink {
public:
    // Borrows the descriptor, which stays open, and the registry.
    LogSink(int descriptor, metrics::Registry& metrics);
    void write(const Event& event) override;

private:
    int descriptor_;
    std::mutex mutex_;
    std::array<std::array<metrics::Counter*, severities>, types> written_;
    metrics::Counter& lost_;
};

}  // namespace merlon::events
