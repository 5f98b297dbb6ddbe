// Cuts what is read into lines, and joins lines to batches.
#include "operations/line_batches.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace merlon::operations {
namespace {

constexpr std::size_t read_bytes = 64 << 10;
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

}  // namespace

Result<std::optional<LineBatches::Batch>> LineBatches::next() {
    Batch batch{.first_line = lines_read_ + 1};
    const std::size_t bytes_before = bytes_read_;
    while (batch.count < limits_.lines && batch.lines.size() < limits_.bytes) {
        auto line = MERLON_TRY(next_line());
        if (!line) break;
        if (batch.count++ > 0) batch.lines += '\n';
        batch.lines += *line;
    }
    batch.bytes_read = bytes_read_ - bytes_before;
    if (batch.count == 0) return std::optional<Batch>();
    return batch;
}

Result<std::optional<std::string>> LineBatches::next_line() {
    std::string line;
    bool is_begun = false;
    for (bool is_whole = false; !is_whole;) {
        if (used_ == buffer_.size() && !MERLON_TRY(fill())) break;
        is_begun = true;
        const std::string_view rest = std::string_view(buffer_).substr(used_);
        const std::size_t end = rest.find('\n');
        is_whole = end != std::string_view::npos;
        const std::string_view piece = rest.substr(0, end);
        const std::size_t room = limits_.line_bytes + 1 - line.size();
        line.append(piece.substr(0, std::min(piece.size(), room)));
        const std::size_t taken = piece.size() + (is_whole ? 1 : 0);
        used_ += taken;
        bytes_read_ += taken;
    }
    if (!is_begun) return std::optional<std::string>();
    if (lines_read_++ == 0 && line.starts_with(byte_order_mark)) {
        line.erase(0, byte_order_mark.size());
    }
    return line;
}

// False: the file is at its end.
Result<bool> LineBatches::fill() {
    buffer_.resize(read_bytes);
    used_ = 0;
    ssize_t bytes = 0;
    do {
        bytes = ::read(file_, buffer_.data(), buffer_.size());
    } while (bytes < 0 && errno == EINTR);
    if (bytes < 0) {
        buffer_.clear();
        return fail(Kind::Unavailable, "import.read", std::strerror(errno));
    }
    buffer_.resize(static_cast<std::size_t>(bytes));
    return bytes > 0;
}

}  // namespace merlon::operations
