// Wiping of secret bytes.
#include "base/secret.h"

#include <cstring>

namespace merlon {

void wipe(std::span<std::byte> bytes) { ::explicit_bzero(bytes.data(), bytes.size()); }

void wipe(std::string& text) {
    // The whole capacity: a shrunk string keeps its old bytes behind its end.
    ::explicit_bzero(text.data(), text.capacity());
    text.clear();
}

Secret& Secret::operator=(Secret&& other) noexcept {
    if (this != &other) {
        wipe(bytes_);
        bytes_ = std::move(other.bytes_);
        wipe(other.bytes_);
    }
    return *this;
}

}  // namespace merlon
