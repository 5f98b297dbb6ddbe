// What a service was told of a token (tokens/assertion.h), kept for the next call of that service.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/clock.h"

namespace merlon::tokens {

// A value that shares its texts with who sends them: the token's may be replaced meanwhile. The
// texts lie in one block, the receiver first. With ten thousand tokens in use no cache of the
// processor has them, and each pointer that is followed costs a trip to memory.
class KeptAssertion final {
public:
    KeptAssertion() = default;  // nothing was told: text() is empty

    KeptAssertion(std::string_view receiver, std::string_view text, WallTime from, WallTime until)
        : receiver_bytes_(static_cast<std::uint32_t>(receiver.size())),
          text_bytes_(static_cast<std::uint32_t>(text.size())),
          from_(from),
          until_(until) {
        auto both = std::make_shared_for_overwrite<char[]>(receiver.size() + text.size());
        std::ranges::copy(text, std::ranges::copy(receiver, both.get()).out);
        both_ = std::move(both);
    }

    // By its text: another receiver may have come to have an address of this one's.
    std::string_view receiver() const { return {both_.get(), receiver_bytes_}; }
    std::string_view text() const { return {both_.get() + receiver_bytes_, text_bytes_}; }
    // It will be read soon: its memory is on its way meanwhile.
    void expect_receiver() const { __builtin_prefetch(both_.get()); }
    void expect_text() const {
        constexpr std::size_t line_bytes = 64;
        for (std::size_t i = 0; i < text_bytes_; i += line_bytes) {
            __builtin_prefetch(text().data() + i);
        }
    }
    bool is_good_at(WallTime now) const { return from_ <= now && now < until_; }

private:
    std::shared_ptr<const char[]> both_;
    std::uint32_t receiver_bytes_ = 0;
    std::uint32_t text_bytes_ = 0;
    WallTime from_;
    WallTime until_;
};

}  // namespace merlon::tokens
