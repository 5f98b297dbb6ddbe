// Renders events, and creates their counters.
#include "events/log_sink.h"

#include <string>

namespace merlon::events {

LogSink::LogSink(LineSink& lines, metrics::Registry& metrics) : lines_(lines), written_{} {
    for (std::size_t type = 0; type < types; ++type) {
        for (std::size_t severity = 0; severity < severities; ++severity) {
            written_[type][severity] = &metrics.counter(
                "merlon_security_events", "Security events by type and severity",
                {{"type", std::string(name(static_cast<Type>(type)))},
                 {"severity", std::string(name(static_cast<Severity>(severity)))}});
        }
    }
}

void LogSink::write(const Event& event) {
    written_[static_cast<std::size_t>(event.type)][static_cast<std::size_t>(event.severity)]->add(
        event.count);
    lines_.write(to_json(event) + '\n');
}

}  // namespace merlon::events
