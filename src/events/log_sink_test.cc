// The log of security events: a line each, counted by type and severity.
#include "events/log_sink.h"

#include <gtest/gtest.h>

#include <string>

namespace merlon::events {
namespace {

class KeptLines final : public LineSink {
public:
    void write(std::string_view lines) override { text += lines; }
    std::string text;
};

TEST(LogSink, WritesALineForEachEvent) {
    const Event event{.type = Type::Login, .severity = Severity::Info, .user_id = "u"};
    metrics::Registry metrics;
    KeptLines lines;
    LogSink sink(lines, metrics);
    sink.write(event);
    sink.write(event);
    const std::string line = to_json(event) + '\n';
    EXPECT_EQ(lines.text, line + line);
    EXPECT_NE(
        metrics.render().find(R"(merlon_security_events_total{type="LOGIN",severity="info"} 2)"),
        std::string::npos);
}

TEST(LogSink, CountsWhatACoalescedEventStandsFor) {
    metrics::Registry metrics;
    KeptLines lines;
    LogSink sink(lines, metrics);
    sink.write({.type = Type::RateLimited, .severity = Severity::Warning, .count = 41});
    EXPECT_NE(metrics.render().find(
                  R"(merlon_security_events_total{type="RATE_LIMITED",severity="warning"} 41)"),
              std::string::npos);
}

}  // namespace
}  // namespace merlon::events
