// How long answers took, and what is said of it.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

namespace merlon::bench {

class Latencies {
public:
    // An answer that came `since_start` after the beginning and took `took`.
    void add(std::chrono::nanoseconds since_start, std::chrono::nanoseconds took) {
        const auto window = static_cast<std::size_t>(since_start / window_length);
        if (windows_.size() <= window) windows_.resize(window + 1);
        windows_[window].push_back(took.count());
        all_.push_back(took.count());
    }

    std::size_t size() const { return all_.size(); }
    double percentile_us(double share) { return percentile_us(all_, share); }

    // The p99 of each half second, of these the median. A stall of the machine's own that stops
    // client or server for 20 ms once a second or less often is in fewer than half of them; what a
    // server does to its clients again and again is in all.
    double steady_p99_us() {
        if (windows_.size() > 1) windows_.pop_back();  // not a whole one
        std::vector<double> p99s_us;
        for (auto& window : windows_) p99s_us.push_back(percentile_us(window, 0.99));
        std::ranges::sort(p99s_us);
        return p99s_us.empty() ? 0 : p99s_us[p99s_us.size() / 2];
    }

private:
    static constexpr std::chrono::milliseconds window_length{500};
    using Window = std::vector<std::int64_t>;  // ns

    static double percentile_us(Window& window, double share) {
        if (window.empty()) return 0;
        const auto place = window.begin() + static_cast<std::ptrdiff_t>(
                                                static_cast<double>(window.size() - 1) * share);
        std::ranges::nth_element(window, place);
        return static_cast<double>(*place) / 1e3;
    }

    std::vector<Window> windows_;
    Window all_;
};

}  // namespace merlon::bench
