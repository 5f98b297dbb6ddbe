// The access log of one worker: lines are formatted into a buffer of its own and handed to
// the writer in batches, so that a request pays for no allocation, lock or system call.
#pragma once

#include <string>

#include "base/line_writer.h"
#include "gateway/access_log/access_line.h"
#include "gateway/snapshot/settings.h"
#include "net/deadlines.h"

namespace merlon::gateway {

constexpr bool is_logged(LoggedRequests which, int status) {
    return which == LoggedRequests::All || (which == LoggedRequests::Errors && status >= 400);
}

// One thread. A batch goes when it is full, or at the next tick of the wheel: a line is a quarter
// of a second late at most, which is also what a crash loses. Its end hands over what is left.
class AccessLog final : private net::Deadlines::Entry {
public:
    // Some two hundred lines.
    static constexpr std::size_t batch_bytes = 64 << 10;

    // Borrows both for life.
    AccessLog(net::Deadlines& deadlines, LineSink& lines) : deadlines_(deadlines), lines_(lines) {}
    ~AccessLog() override { flush(); }

    void add(const AccessLine& line);
    void flush();

private:
    void expired() override { flush(); }

    net::Deadlines& deadlines_;
    LineSink& lines_;
    std::string batch_;
};

}  // namespace merlon::gateway
