// Wiping of secret bytes.
#include "base/secret.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace merlon {

void wipe(std::span<std::byte> bytes) {
    if (!bytes.empty()) ::explicit_bzero(bytes.data(), bytes.size());
}

void wipe(std::string& text) {
    // The whole capacity: a shrunk string keeps its old bytes behind its end.
    ::explicit_bzero(text.data(), text.capacity());
    text.clear();
}

[[gnu::noinline]] void wipe_stack() {
    [[clang::uninitialized]] std::array<std::byte, 16 << 10> below;
    wipe(below);
}

Secret& Secret::operator=(Secret&& other) noexcept {
    if (this != &other) {
        wipe(bytes_);
        bytes_ = std::move(other.bytes_);
        wipe(other.bytes_);
    }
    return *this;
}

void Secret::reserve(std::size_t bytes) {
    if (bytes <= bytes_.capacity()) return;
    std::string larger;
    larger.reserve(bytes);
    larger.append(bytes_);
    bytes_.swap(larger);
    wipe(larger);
}

void Secret::append(std::string_view more) {
    const std::size_t bytes = bytes_.size() + more.size();
    if (bytes > bytes_.capacity()) reserve(std::max(bytes, 2 * bytes_.capacity()));
    bytes_.append(more);
}

}  // namespace merlon
