// The writing thread of the log. Read run() first.
#include "base/line_writer.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace merlon {
namespace {

std::uint64_t lines_in(std::string_view text) {
    return static_cast<std::uint64_t>(std::ranges::count(text, '\n'));
}

// A pipe that poll(2) calls writable takes PIPE_BUF bytes without waiting, and as one piece. A file
// takes all.
std::size_t piece_bytes(int descriptor) {
    struct stat status{};
    const bool is_file = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
    return is_file ? LineWriter::waiting_bytes_max : PIPE_BUF;
}

// The longest beginning of `lines` that has at most so many bytes and ends with a line; a longer
// line goes alone.
std::string_view first_piece(std::string_view lines, std::size_t bytes_max) {
    if (lines.size() <= bytes_max) return lines;
    std::size_t end = lines.rfind('\n', bytes_max - 1);
    if (end == std::string_view::npos) end = lines.find('\n');
    return lines.substr(0, end == std::string_view::npos ? end : end + 1);
}

}  // namespace

LineWriter::LineWriter(int descriptor, const Clock& clock, metrics::Counter& first_lost,
                       metrics::Counter& second_lost)
    : descriptor_(descriptor),
      clock_(clock),
      piece_bytes_max_(piece_bytes(descriptor)),
      first_(*this, 0, first_lost),
      second_(*this, 1, second_lost),
      thread_([this](std::stop_token stop) { run(std::move(stop)); }) {}

void LineWriter::Lane::write(std::string_view lines) {
    {
        const Lock lock(writer_.mutex_);
        std::string& waiting = writer_.waiting_[index_];
        if (waiting.size() + lines.size() > waiting_bytes_max) {
            lost_.add(lines_in(lines));
            return;
        }
        waiting.append(lines);
    }
    writer_.came_.notify_one();
}

void LineWriter::run(std::stop_token stop) {
    std::string batch;
    while (Lane* lane = take(batch, stop)) {
        write_batch(*lane, batch, stop);
        batch.clear();
    }
}

LineWriter::Lane* LineWriter::take(std::string& batch, const std::stop_token& stop) {
    Lock lock(mutex_);
    came_.wait(lock.native(), stop, [this]() MERLON_REQUIRES(mutex_) {
        return !waiting_[0].empty() || !waiting_[1].empty();
    });
    Lane& lane = waiting_[first_.index_].empty() ? second_ : first_;
    std::string& waiting = waiting_[lane.index_];
    if (waiting.empty()) return nullptr;
    waiting.swap(batch);
    return &lane;
}

void LineWriter::write_batch(Lane& lane, std::string_view lines, const std::stop_token& stop) {
    while (!lines.empty()) {
        std::string_view piece = first_piece(lines, piece_bytes_max_);
        lines.remove_prefix(piece.size());
        std::string_view line_end = last_ == '\n' ? "" : "\n";  // behind what an error cut
        if (!put(line_end, stop) || !put(piece, stop)) lane.lost_.add(lines_in(piece));
    }
}

bool LineWriter::put(std::string_view& bytes, const std::stop_token& stop) {
    while (!bytes.empty()) {
        if (!await_room(stop)) return false;
        // A longer line in several writes: only this much is known not to wait.
        const ssize_t count =
            ::write(descriptor_, bytes.data(), std::min(bytes.size(), piece_bytes_max_));
        if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (count <= 0) return false;
        last_ = bytes[static_cast<std::size_t>(count) - 1];
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

// Until the descriptor takes something, or an error that write(2) will tell of.
bool LineWriter::await_room(const std::stop_token& stop) {
    constexpr int look_around_ms = 100;  // at whether the process wants to end
    while (true) {
        const SteadyTime now = clock_.steady();
        if (stop.stop_requested()) give_up_at_ = std::min(give_up_at_, now + farewell_max);
        const bool is_late = now >= give_up_at_;
        pollfd descriptor{descriptor_, POLLOUT, 0};
        if (::poll(&descriptor, 1, is_late ? 0 : look_around_ms) > 0) return true;
        if (is_late) return false;
    }
}

}  // namespace merlon
