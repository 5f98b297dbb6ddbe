// Writes security events to the log as JSON lines, and counts them by type and severity.
#pragma once

#include <array>

#include "base/line_writer.h"
#include "base/metrics.h"
#include "events/event.h"

namespace merlon::events {

// A line that the log cannot take is lost and counted there: a full disk must not stop a gateway.
// The stored event is the exact one.
class LogSink final : public EventSink {
public:
    // Borrows both for life.
    LogSink(LineSink& lines, metrics::Registry& metrics);
    void write(const Event& event) override;

private:
    LineSink& lines_;
    std::array<std::array<metrics::Counter*, severities>, types> written_;
};

}  // namespace merlon::events
