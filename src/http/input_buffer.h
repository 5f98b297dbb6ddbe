// The received bytes of a connection that are not consumed yet, contiguous, so that a head is
// parsed in place.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

#include "base/secret.h"

namespace merlon::http {

class InputBuffer {
public:
    // Most requests fit; an idle connection holds this much and no more.
    static constexpr std::size_t bytes_first = 4 << 10;

    std::string_view view() const { return {bytes_.get() + begin_, end_ - begin_}; }
    bool empty() const { return begin_ == end_; }

    // Room for at least one byte more, behind view(). Moves what is there: views end here.
    std::span<char> space() {
        if (empty()) begin_ = end_ = 0;
        if (capacity_ == 0) resize(bytes_first);
        if (end_ == capacity_) {
            if (begin_ > 0) {
                std::memmove(bytes_.get(), bytes_.get() + begin_, end_ - begin_);
                end_ -= begin_;
                begin_ = 0;
            } else {
                resize(capacity_ * 2);
            }
        }
        return {bytes_.get() + end_, capacity_ - end_};
    }
    void received(std::size_t bytes) { end_ += bytes; }
    // The first `bytes` are used.
    void consume(std::size_t bytes) { begin_ += bytes; }
    // The same of a secret.
    void consume_wiped(std::size_t bytes) {
        wipe(std::as_writable_bytes(std::span(bytes_.get() + begin_, bytes)));
        consume(bytes);
    }
    // All that it has ever held. Views end here.
    void wipe_all() {
        wipe(std::as_writable_bytes(std::span(bytes_.get(), capacity_)));
        begin_ = end_ = 0;
    }

    // What came after the end of a body that was read elsewhere.
    void put(std::string_view text) {
        while (!text.empty()) {
            const std::span<char> room = space();
            const std::size_t bytes = std::min(room.size(), text.size());
            std::memcpy(room.data(), text.data(), bytes);
            received(bytes);
            text.remove_prefix(bytes);
        }
    }

    // Back to the size of an idle connection, when nothing is held.
    void shrink() {
        if (empty() && capacity_ > bytes_first) {
            capacity_ = begin_ = end_ = 0;
            bytes_.reset();
        }
    }

private:
    void resize(std::size_t capacity) {
        auto larger = std::make_unique_for_overwrite<char[]>(capacity);
        if (end_ > 0) {
            std::memcpy(larger.get(), bytes_.get(), end_);
            wipe(std::as_writable_bytes(std::span(bytes_.get(), end_)));
        }
        bytes_ = std::move(larger);
        capacity_ = capacity;
    }

    std::unique_ptr<char[]> bytes_;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace merlon::http
