// UUIDs (RFC 9562) in their canonical lower-case text form.
#pragma once

#include <array>
#include <compare>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/entropy.h"
#include "base/result.h"

namespace merlon {

class Uuid {
public:
    // Version 7: milliseconds first, so that rows and logs sort by the time they were made.
    static Uuid make_v7(WallTime now, Entropy& entropy);
    // Version 4: nothing but randomness, for identifiers that must not tell when they were made.
    static Uuid make_v4(Entropy& entropy);
    // Fails with "uuid.malformed" unless `text` is 8-4-4-4-12 hexadecimal digits; case is folded.
    static Result<Uuid> parse(std::string_view text);

    std::string_view text() const { return {text_.data(), text_.size()}; }
    std::string str() const { return std::string(text()); }

    friend auto operator<=>(const Uuid&, const Uuid&) = default;

private:
    Uuid() = default;
    static Uuid format(std::array<std::byte, 16> bytes);
    std::array<char, 36> text_;
};

}  // namespace merlon
