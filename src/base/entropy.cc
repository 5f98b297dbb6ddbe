// Bytes from the kernel, or from a seed.
#include "base/entropy.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>

#include "base/result.h"

namespace merlon {

std::string Entropy::bytes(std::size_t count) {
    std::string out(count, '\0');
    fill(std::as_writable_bytes(std::span(out)));
    return out;
}

void SystemEntropy::fill(std::span<std::byte> bytes) {
    while (!bytes.empty()) {
        // A signal may cut a long request short (getrandom(2)): the rest is asked for again.
        const ssize_t got = ::getrandom(bytes.data(), bytes.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        MERLON_ASSERT(got > 0);
        bytes = bytes.subspan(static_cast<std::size_t>(got));
    }
}

void BufferedEntropy::fill(std::span<std::byte> bytes) {
    MERLON_ASSERT(bytes.size() <= buffer_.size());
    if (buffer_.size() - used_ < bytes.size()) {
        source_.fill(buffer_);
        used_ = 0;
    }
    std::copy_n(buffer_.begin() + static_cast<std::ptrdiff_t>(used_), bytes.size(), bytes.begin());
    used_ += bytes.size();
}

void SeededEntropy::fill(std::span<std::byte> bytes) {
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(engine_() & 0xff);
}

}  // namespace merlon
