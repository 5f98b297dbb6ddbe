// When a connection pool may connect, grow and probe.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "base/clock.h"

namespace merlon::storage {

// A value without a clock: each call says what time it is.
class PoolPace final {
public:
    // Back-off between attempts to connect: doubled after each failure. The longest pause is how
    // late we may notice that the database is back.
    static constexpr std::chrono::milliseconds pause_first{50};
    static constexpr std::chrono::milliseconds pause_max{500};
    // A new connection costs the server a process, a handshake and caches to fill: tens of
    // milliseconds of a core, in which the existing ones serve many statements. So the pool waits
    // ten times as long as the last connection took before it opens another. A slow server, such
    // as one that has just restarted and gets connections from every process, is asked for few.
    static constexpr int growth_pause_openings = 10;
    // A connection that takes longer than this may have been lost on the network: another may be
    // opened beside it.
    static constexpr std::chrono::milliseconds slow_opening{500};
    // A statement without an answer for this long is probed: another connection asks the server
    // whether it still works on it. The probe must have its answer within the same time.
    static constexpr std::chrono::milliseconds silent_max{1'000};
    // Between two probes. A probe begun just before the network is back may be lost as well, so
    // the next one does not wait for its end.
    static constexpr std::chrono::milliseconds probe_every{500};

    // No pause for growth is longer than `growth_pause_max`.
    explicit PoolPace(std::chrono::milliseconds growth_pause_max)
        : growth_pause_max_(growth_pause_max) {}

    // Whether to connect at all, or to fail at once because the last attempt has just failed.
    bool may_try(SteadyTime now) const { return now >= next_attempt_; }
    // Whether a pool that has connections may open one more.
    bool may_grow(SteadyTime now) const { return now >= next_growth_; }

    // While the database is away there is one attempt in each pause, however long each takes.
    void begin_attempt(SteadyTime now) {
        next_attempt_ = now + pause_;
        next_growth_ = now + slow_opening;
    }

    void attempt_succeeded(SteadyTime began, SteadyTime now) {
        last_success_ = std::max(last_success_, began);
        pause_ = std::chrono::milliseconds{0};
        next_attempt_ = now;
        next_growth_ = now + std::min<SteadyTime::duration>((now - began) * growth_pause_openings,
                                                            growth_pause_max_);
    }

    // A failure says nothing when a later attempt has succeeded meanwhile.
    void attempt_failed(SteadyTime began, SteadyTime now) {
        if (began < last_success_) return;
        pause_ = std::clamp(pause_ * 2, pause_first, pause_max);
        next_attempt_ = now + pause_;
    }

    bool may_probe(SteadyTime now) const { return now >= next_probe_; }
    void begin_probe(SteadyTime now) { next_probe_ = now + probe_every; }
    // When the server works on every statement, the next probe can wait.
    void probe_answered(SteadyTime now, std::size_t dead_count) {
        probed_at_ = now;
        if (dead_count == 0) next_probe_ = now + silent_max;
    }
    // When the server last answered a probe.
    SteadyTime probed_at() const { return probed_at_; }

private:
    std::chrono::milliseconds growth_pause_max_;
    SteadyTime next_attempt_ = SteadyTime::min();
    SteadyTime last_success_ = SteadyTime::min();  // when the last attempt began that succeeded
    std::chrono::milliseconds pause_{0};           // before the next attempt
    SteadyTime next_growth_ = SteadyTime::min();
    SteadyTime next_probe_ = SteadyTime::min();
    SteadyTime probed_at_ = SteadyTime::min();
};

}  // namespace merlon::storage
