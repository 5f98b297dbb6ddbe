// The log of security events: whole lines, counted by type and severity.
#include "events/log_sink.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

namespace merlon::events {
namespace {

TEST(LogSink, WritesWholeLinesFromManyThreads) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    metrics::Registry metrics;
    LogSink sink(ends[1], metrics);
    constexpr int threads = 4;
    constexpr int each = 500;

    std::string text;
    std::jthread reader([&] {
        char buffer[4'096];
        for (ssize_t n = 0; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;) {
            text.append(buffer, static_cast<std::size_t>(n));
        }
    });
    {
        std::vector<std::jthread> writers;
        for (int t = 0; t < threads; ++t) {
            writers.emplace_back([&] {
                for (int i = 0; i < each; ++i) {
                    sink.write({.type = Type::Login, .severity = Severity::Info, .user_id = "u"});
                }
            });
        }
    }
    ::close(ends[1]);
    reader.join();
    ::close(ends[0]);

    const std::string line =
        to_json({.type = Type::Login, .severity = Severity::Info, .user_id = "u"}) + '\n';
    ASSERT_EQ(text.size(), line.size() * threads * each);
    for (std::size_t at = 0; at < text.size(); at += line.size()) {
        ASSERT_EQ(text.compare(at, line.size(), line), 0);
    }
    const std::string wanted = R"(merlon_security_events_total{type="LOGIN",severity="info"} 2000)";
    EXPECT_NE(metrics.render().find(wanted), std::string::npos);
}

TEST(LogSink, CountsWhatACoalescedEventStandsFor) {
    const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    metrics::Registry metrics;
    LogSink sink(nowhere, metrics);
    sink.write({.type = Type::RateLimited, .severity = Severity::Warning, .count = 41});
    ::close(nowhere);
    EXPECT_NE(metrics.render().find(
                  R"(merlon_security_events_total{type="RATE_LIMITED",severity="warning"} 41)"),
              std::string::npos);
}

TEST(LogSink, LosesACountedLineWhenTheDiskIsFull) {
    const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
    if (full < 0) GTEST_SKIP() << "/dev/full is not there";
    metrics::Registry metrics;
    LogSink sink(full, metrics);
    sink.write({.type = Type::Login, .severity = Severity::Info});
    ::close(full);
    EXPECT_NE(metrics.render().find("merlon_security_events_lost_total 1\n"), std::string::npos);
}

}  // namespace
}  // namespace merlon::events
