// Counters, gauges and histograms, and the registry that writes them as OpenMetrics text.
//
// A metric is made once at start and lives as long as the registry; updating one is a relaxed
// atomic add. Labels are part of the metric's identity, fixed when it is made, so a client can
// never add a label value of its own (cardinality is bounded by the configuration).
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.h"

namespace merlon::metrics {

// {name, value} pairs in the order they are written.
using Labels = std::vector<std::pair<std::string, std::string>>;

class Counter {
public:
    void add(std::uint64_t count = 1) { value_.fetch_add(count, std::memory_order_relaxed); }
    std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

class Gauge {
public:
    void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
    void add(std::int64_t step) { value_.fetch_add(step, std::memory_order_relaxed); }
    std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::int64_t> value_{0};
};

// Durations in the buckets that OpenTelemetry's HTTP conventions advise.
class Histogram {
public:
    static constexpr std::array<double, 14> bounds_seconds = {
        0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10};

    void observe(std::chrono::nanoseconds duration);

private:
    friend class Registry;
    std::array<std::atomic<std::uint64_t>, bounds_seconds.size() + 1> buckets_{};
    std::atomic<std::uint64_t> sum_ns_{0};
};

// Owns all metrics of the process. Making one takes a lock; asking for the same name and labels
// again gives the same metric.
class Registry {
public:
    Counter& counter(std::string_view name, std::string_view help, Labels labels = {});
    Gauge& gauge(std::string_view name, std::string_view help, Labels labels = {});
    Histogram& histogram(std::string_view name, std::string_view help, Labels labels = {});
    // A value read when the metrics are asked for. `read` is called on the thread that asks.
    void observe_gauge(std::string_view name, std::string_view help, std::function<double()> read);
    // The same of several labels' values, those that there are at the time: for what comes and goes
    // with the configuration.
    using Readings = std::vector<std::pair<Labels, double>>;
    void observe_gauges(std::string_view name, std::string_view help,
                        std::function<Readings()> read);
    // One value again, which only grows.
    void observe_counter(std::string_view name, std::string_view help,
                         std::function<double()> read);

    // OpenMetrics 1.0, ending in "# EOF"; or Prometheus's text format 0.0.4.
    enum class Format : std::uint8_t { OpenMetrics, Text };
    std::string render(Format format = Format::OpenMetrics) const;

private:
    struct Series {
        Labels labels;
        std::unique_ptr<Counter> counter;
        std::unique_ptr<Gauge> gauge;
        std::unique_ptr<Histogram> histogram;
        std::function<double()> read;
    };
    struct Family {
        std::string name;
        std::string help;
        std::string_view type;
        std::vector<Series> series;
        std::function<Readings()> read = {};
    };
    Family& family(std::string_view name, std::string_view help, std::string_view type)
        MERLON_REQUIRES(mutex_);
    Series& series(std::string_view name, std::string_view help, std::string_view type,
                   Labels labels) MERLON_REQUIRES(mutex_);
    static void render_series(std::string& out, const Family& family, const Series& series);

    mutable Mutex mutex_;
    std::vector<std::unique_ptr<Family>> families_ MERLON_GUARDED_BY(mutex_);
};

}  // namespace merlon::metrics
