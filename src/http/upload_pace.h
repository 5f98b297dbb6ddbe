// How long a client may still keep us waiting for a request's body: a byte now and then does not
// buy time for ever.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace merlon::http {

// A least rate with credit. The client begins with the patience of one pause; waiting uses it up,
// and bytes earn it again, at the least rate, never more than one pause's. So a client that keeps
// the rate may pause, and one that does not ends after about one pause. A total time bounds it all.
class UploadPace {
public:
    using Milliseconds = std::chrono::milliseconds;
    struct Limits {
        Milliseconds pause;
        Milliseconds total;
        std::uint64_t bytes_per_second;  // 0: no least rate
    };

    explicit UploadPace(const Limits& limits) : limits_(limits), credit_(limits.pause) {}

    // From now on the whole body may take so long, where that is longer.
    void allow(Milliseconds total) { limits_.total = std::max(limits_.total, total); }

    // The longest that the next bytes may take, after `elapsed` since the body's begin. None: 0.
    Milliseconds patience(Milliseconds elapsed) const {
        return std::max(std::min(credit_, limits_.total - elapsed), Milliseconds{0});
    }
    // So many bytes came, after so long a wait.
    void note(Milliseconds waited, std::uint64_t bytes) {
        if (limits_.bytes_per_second == 0) return;
        const auto earned_max = static_cast<std::uint64_t>(limits_.pause.count());
        const std::uint64_t earned = std::min(bytes * 1'000 / limits_.bytes_per_second, earned_max);
        credit_ = std::min(credit_ - waited + Milliseconds{earned}, limits_.pause);
    }

private:
    Limits limits_;
    Milliseconds credit_;
};

}  // namespace merlon::http
