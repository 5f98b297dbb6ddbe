// Sessions and users whose tokens are refused before they expire: an exact set in memory, shared by
// all workers and asked at every request. Entries leave when the tokens they are about have expired
// anyway, so the set is bounded by the sign-outs of one access token's life. Expired is what the
// wall clock and a clock that does not jump both call so: else a wall clock that is ahead for a
// while would drop what is needed when it is right again.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "tokens/access_token.h"

namespace merlon::tokens {

// Safe from every thread.
class Revocations final {
public:
    explicit Revocations(const Clock& clock) : clock_(clock) {}

    // Each refuses from when it returns, on every thread, and at least until `until`: the latest
    // `exp` that a token it is about may have.
    void end_session(std::string_view session_id, WallTime until);
    // Tokens of this user with a version below `least` are refused. Never lowers it.
    void raise_version(std::string_view user_id, std::int64_t least, WallTime until);

    // Our own tokens only: a foreign issuer's sessions and users are not ours.
    bool is_revoked(const AccessToken& token) const;

    // Changes with every addition. A token found good at a generation stays good while the
    // generation stands, so most requests ask no more than this. Read it before is_revoked().
    std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

    // Forgets what has expired. Call it now and then.
    void sweep();
    std::size_t size() const;

private:
    static constexpr std::size_t shards = 16;

    struct Entry {
        std::int64_t least_version;  // sessions: greater than any
        WallTime until;
        SteadyTime least_until;  // as far away as `until` was when it came
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>()(text);
        }
    };
    // A user's and a session's identifiers are UUIDs: they share one table without meeting.
    struct Shard {
        mutable std::mutex mutex;
        std::unordered_map<std::string, Entry, Hash, std::equal_to<>> entries;
    };

    const Shard& shard_of(std::string_view id) const { return shards_[Hash()(id) % shards]; }
    void add(std::string_view id, std::int64_t least_version, WallTime until);
    bool refuses(std::string_view id, std::int64_t version) const;

    const Clock& clock_;
    std::array<Shard, shards> shards_;
    std::atomic<std::uint64_t> generation_{1};
};

}  // namespace merlon::tokens
