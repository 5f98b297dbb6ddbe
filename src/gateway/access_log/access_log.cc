// Batches access lines.
#include "gateway/access_log/access_log.h"

namespace merlon::gateway {

void AccessLog::add(const AccessLine& line) {
    // Made with the first line: most installations may have none.
    constexpr std::size_t line_bytes = 4 << 10;  // hardly any is longer
    if (batch_.empty()) {
        batch_.reserve(batch_bytes + line_bytes);
        deadlines_.set(*this, {});
    }
    append_access_line(batch_, line);
    if (batch_.size() >= batch_bytes) flush();
}

void AccessLog::flush() {
    deadlines_.clear(*this);
    if (batch_.empty()) return;
    lines_.write(batch_);
    batch_.clear();
}

}  // namespace merlon::gateway
