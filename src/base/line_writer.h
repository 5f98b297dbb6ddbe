// Standard output as a place for log lines that never holds up who writes them.
//
// A pipe whose reader stopped, a disk that stalls, a terminal at Ctrl-S: write(2) waits for each of
// them, and O_NONBLOCK would change the descriptor for every process that shares it. So one thread
// writes, and it alone waits. It is also the only writer of this process, so lines never mix.
#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/mutex.h"

namespace merlon {

// Where finished lines go. Safe from every thread; never blocks.
class LineSink {
public:
    virtual ~LineSink() = default;
    // Whole lines, each with its line feed. What cannot be kept is dropped and counted.
    virtual void write(std::string_view lines) = 0;
};

// Resource; one per descriptor. Two lanes with a bound and a count each, so that what is written at
// every request cannot push out what an operator must see: the first lane goes before the second.
//
// Lines are lost, and counted, when their lane is full and when writing fails. A line that an error
// cut stays cut, on a line of its own. Other processes on the same pipe do not come into the middle
// of a line either, as long as it has at most PIPE_BUF bytes: a pipe gets whole lines, PIPE_BUF at
// a time.
class LineWriter final {
public:
    // Bytes of one lane that may wait: half a second of a busy access log.
    static constexpr std::size_t waiting_bytes_max = 1 << 20;
    // At the end of the process: how long a reader that does not read holds it up.
    static constexpr std::chrono::milliseconds farewell_max{1'000};

    // Borrows everything for life.
    LineWriter(int descriptor, const Clock& clock, metrics::Counter& first_lost,
               metrics::Counter& second_lost);
    // Writes what waits, for as long as farewell_max allows.
    ~LineWriter() = default;

    LineSink& first() { return first_; }
    LineSink& second() { return second_; }

private:
    class Lane final : public LineSink {
    public:
        Lane(LineWriter& writer, std::size_t index, metrics::Counter& lost)
            : writer_(writer), index_(index), lost_(lost) {}
        void write(std::string_view lines) override;

    private:
        friend class LineWriter;
        LineWriter& writer_;
        const std::size_t index_;  // in waiting_
        metrics::Counter& lost_;
    };

    void run(std::stop_token stop);
    // What waits, into `batch`, which is empty; null: nothing, and nothing will come.
    Lane* take(std::string& batch, const std::stop_token& stop);
    void write_batch(Lane& lane, std::string_view lines, const std::stop_token& stop);
    // Takes off `bytes` what was written; false when some is left and cannot be.
    bool put(std::string_view& bytes, const std::stop_token& stop);
    bool await_room(const std::stop_token& stop);

    const int descriptor_;
    const Clock& clock_;
    const std::size_t piece_bytes_max_;
    Mutex mutex_;
    std::condition_variable_any came_;
    std::array<std::string, 2> waiting_ MERLON_GUARDED_BY(mutex_);  // by lane
    Lane first_;
    Lane second_;
    // Of the thread.
    char last_ = '\n';  // byte written
    SteadyTime give_up_at_ = SteadyTime::max();
    std::jthread thread_;  // last: it uses all of the above
};

}  // namespace merlon
