// Bytes that must not leak: keys, passwords, tokens' secrets.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace merlon {

// Overwrites memory in a way the optimiser keeps.
void wipe(std::span<std::byte> bytes);
void wipe(std::string& text);

// Owns secret bytes: cannot be copied, printed or compared by accident, and is wiped when it goes.
// Comparing secrets is crypto::equal's work, in constant time.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::string bytes) : bytes_(std::move(bytes)) {}
    Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)) { wipe(other.bytes_); }
    Secret& operator=(Secret&& other) noexcept;
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    ~Secret() { wipe(bytes_); }

    // The bytes, for the one call that needs them. Never log, store or copy the result.
    std::string_view reveal() const { return bytes_; }
    bool empty() const { return bytes_.empty(); }
    std::size_t size() const { return bytes_.size(); }

    // A second owner, said out loud.
    Secret duplicate() const { return Secret(bytes_); }

private:
    std::string bytes_;
};

}  // namespace merlon
