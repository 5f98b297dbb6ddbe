// Recording durations, and writing metrics as OpenMetrics text.
#include "base/metrics.h"

#include <fmt/format.h>

#include <algorithm>

namespace merlon::metrics {
namespace {

void append_escaped(std::string& out, std::string_view value) {
    for (const char c : value) {
        if (c == '\\' || c == '"') out += '\\';
        if (c == '\n') {
            out += "\\n";
        } else {
            out += c;
        }
    }
}

// {a="b",le="0.1"}, or nothing.
std::string label_text(const Labels& labels, std::string_view le = {}) {
    if (labels.empty() && le.empty()) return {};
    std::string out = "{";
    for (const auto& [name, value] : labels) {
        if (out.size() > 1) out += ',';
        out += name;
        out += "=\"";
        append_escaped(out, value);
        out += '"';
    }
    if (!le.empty()) {
        if (out.size() > 1) out += ',';
        out += fmt::format("le=\"{}\"", le);
    }
    return out + '}';
}

}  // namespace

void Histogram::observe(std::chrono::nanoseconds duration) {
    const double seconds = std::chrono::duration<double>(duration).count();
    const auto bucket = std::ranges::lower_bound(bounds_seconds, seconds) - bounds_seconds.begin();
    buckets_[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
    sum_ns_.fetch_add(static_cast<std::uint64_t>(duration.count()), std::memory_order_relaxed);
}

Registry::Family& Registry::family(std::string_view name, std::string_view help,
                                   std::string_view type) {
    const auto found =
        std::ranges::find_if(families_, [&](const auto& f) { return f->name == name; });
    if (found != families_.end()) return **found;
    families_.push_back(
        std::make_unique<Family>(Family{std::string(name), std::string(help), type, {}}));
    return *families_.back();
}

Registry::Series& Registry::series(std::string_view name, std::string_view help,
                                   std::string_view type, Labels labels) {
    auto& all = family(name, help, type).series;
    const auto found =
        std::ranges::find_if(all, [&](const Series& s) { return s.labels == labels; });
    if (found != all.end()) return *found;
    all.push_back(Series{std::move(labels), nullptr, nullptr, nullptr, nullptr});
    return all.back();
}

Counter& Registry::counter(std::string_view name, std::string_view help, Labels labels) {
    const Lock lock(mutex_);
    Series& found = series(name, help, "counter", std::move(labels));
    if (!found.counter) found.counter = std::make_unique<Counter>();
    return *found.counter;
}

Gauge& Registry::gauge(std::string_view name, std::string_view help, Labels labels) {
    const Lock lock(mutex_);
    Series& found = series(name, help, "gauge", std::move(labels));
    if (!found.gauge) found.gauge = std::make_unique<Gauge>();
    return *found.gauge;
}

Histogram& Registry::histogram(std::string_view name, std::string_view help, Labels labels) {
    const Lock lock(mutex_);
    Series& found = series(name, help, "histogram", std::move(labels));
    if (!found.histogram) found.histogram = std::make_unique<Histogram>();
    return *found.histogram;
}

void Registry::observe_gauge(std::string_view name, std::string_view help,
                             std::function<double()> read) {
    const Lock lock(mutex_);
    series(name, help, "gauge", {}).read = std::move(read);
}

void Registry::observe_gauges(std::string_view name, std::string_view help,
                              std::function<Readings()> read) {
    const Lock lock(mutex_);
    family(name, help, "gauge").read = std::move(read);
}

void Registry::observe_counter(std::string_view name, std::string_view help,
                               std::function<double()> read) {
    const Lock lock(mutex_);
    series(name, help, "counter", {}).read = std::move(read);
}

namespace {

// OpenMetrics: the samples of counter family `x` are named `x_total`.
std::string_view sample_suffix(std::string_view type) { return type == "counter" ? "_total" : ""; }

}  // namespace

void Registry::render_series(std::string& out, const Family& family, const Series& series) {
    const std::string labels = label_text(series.labels);
    const std::string_view suffix = sample_suffix(family.type);
    if (series.counter) {
        out += fmt::format("{}{}{} {}\n", family.name, suffix, labels, series.counter->value());
    } else if (series.gauge) {
        out += fmt::format("{}{} {}\n", family.name, labels, series.gauge->value());
    } else if (series.read) {
        out += fmt::format("{}{}{} {}\n", family.name, suffix, labels, series.read());
    } else if (series.histogram) {
        const Histogram& histogram = *series.histogram;
        std::uint64_t count = 0;
        for (std::size_t i = 0; i <= Histogram::bounds_seconds.size(); ++i) {
            count += histogram.buckets_[i].load(std::memory_order_relaxed);
            const std::string bound = i < Histogram::bounds_seconds.size()
                                          ? fmt::format("{}", Histogram::bounds_seconds[i])
                                          : "+Inf";
            out += fmt::format("{}_bucket{} {}\n", family.name, label_text(series.labels, bound),
                               count);
        }
        const double sum =
            static_cast<double>(histogram.sum_ns_.load(std::memory_order_relaxed)) / 1e9;
        out += fmt::format("{0}_count{1} {2}\n{0}_sum{1} {3}\n", family.name, labels, count, sum);
    }
}

// A family of which there is nothing to read now is left out.
std::string Registry::render(Format format) const {
    const bool is_text = format == Format::Text;
    const Lock lock(mutex_);
    std::string out;
    for (const auto& family : families_) {
        const Readings readings = family->read ? family->read() : Readings();
        if (family->series.empty() && readings.empty()) continue;
        // In the text format a family is named as its samples are.
        const std::string name =
            family->name + std::string(is_text ? sample_suffix(family->type) : "");
        out += fmt::format("# TYPE {0} {1}\n# HELP {0} {2}\n", name, family->type, family->help);
        for (const Series& series : family->series) render_series(out, *family, series);
        for (const auto& [labels, value] : readings) {
            out += fmt::format("{}{} {}\n", family->name, label_text(labels), value);
        }
    }
    return is_text ? out : out + "# EOF\n";
}

}  // namespace merlon::metrics
