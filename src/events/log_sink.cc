// Writing security events as lines.
#include "events/log_sink.h"

#include <unistd.h>

#include <cerrno>
#include <string>

namespace merlon::events {
namespace {

bool write_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

}  // namespace

LogSink::LogSink(int descriptor, metrics::Registry& metrics)
    : descriptor_(descriptor),
      written_{},
      lost_(metrics.counter("merlon_security_events_lost",
                            "Security events that could not be written to the log")) {
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
    const std::string line = to_json(event) + '\n';
    written_[static_cast<std::size_t>(event.type)][static_cast<std::size_t>(event.severity)]->add(
        event.count);
    // A partly written line stays partly written; the lock keeps other lines out of its middle.
    const std::lock_guard lock(mutex_);
    if (!write_all(descriptor_, line)) lost_.add();
}

}  // namespace merlon::events
