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

// Overwrites what calls that have returned have left on the stack, as deep as a parser of JSON goes
// with its buffer. Called by the function that called them: what it wipes begins below its frame.
void wipe_stack();

// Owns secret bytes: cannot be copied, printed or compared by accident, and is wiped when it goes.
// Comparing secrets is crypto::equal's work, in constant time.
class Secret {
public:
    Secret() = default;
    // A short text lies in the string itself, and a move copies it: both are wiped.
    explicit Secret(std::string bytes) {
        bytes_.swap(bytes);
        wipe(bytes);
    }
    Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)) { wipe(other.bytes_); }
    Secret& operator=(Secret&& other) noexcept;
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    ~Secret() { wipe(bytes_); }

    // The bytes, for the one call that needs them. Never log, store or copy the result.
    std::string_view reveal() const { return bytes_; }
    bool empty() const { return bytes_.empty(); }
    std::size_t size() const { return bytes_.size(); }

    // Grows without leaving the bytes behind where they were.
    void append(std::string_view more);
    void reserve(std::size_t bytes);

    // A second owner, said out loud.
    Secret duplicate() const { return Secret(bytes_); }

private:
    std::string bytes_;
};

}  // namespace merlon
