// The identifier of a session or a user, as the set of what is revoked keeps it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace merlon::tokens {

// A UUID's 16 bytes. Of sessions and users in one table none meet.
class RevokedId {
public:
    // Nothing, when it is no UUID: then it is none that we gave, and nobody revokes it.
    static std::optional<RevokedId> parse(std::string_view text);

    // As it is parsed: 36 letters, lower case.
    std::string text() const;
    // Our UUIDs end in 62 random bits that nobody else chooses, so no secret is needed here.
    std::uint64_t hash() const;
    friend bool operator==(const RevokedId&, const RevokedId&) = default;

private:
    std::array<std::uint32_t, 4> words_{};
};

}  // namespace merlon::tokens
