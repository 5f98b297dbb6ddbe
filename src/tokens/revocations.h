// Sessions and users whose tokens are refused before they expire: an exact set in memory, shared by
// all workers and asked at every request. Entries leave when the tokens they are about have expired
// anyway, so the set is bounded by the sign-outs of one access token's life. Expired is what the
// wall clock and a clock that does not jump both call so: else a wall clock that is ahead for a
// while would drop what is needed when it is right again.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/mutex.h"
#include "tokens/access_token.h"
#include "tokens/revocation_table.h"

namespace merlon::tokens {

// The response field in which the role that revokes names what it has revoked while it worked
// (Revocations::told_since). The gateway takes it out.
inline constexpr std::string_view revoked_field = "Merlon-Revoked";

// Safe from every thread.
class Revocations final {
public:
    explicit Revocations(const Clock& clock) : clock_(clock) {}

    // Each refuses from when it returns, on every thread, and at least until `until`: the latest
    // `exp` that a token it is about may have. Identifiers are UUIDs.
    void end_session(std::string_view session_id, WallTime until);
    // Tokens of this user with a version below `least` are refused. Never lowers it.
    void raise_version(std::string_view user_id, std::int64_t least, WallTime until);
    // The same, of either, from who says things again: what was known is no news to told_since(),
    // nor to who holds a token that was found good.
    void learn(std::string_view id, std::int64_t least_version, WallTime until);

    bool is_revoked(const AccessToken& token) const;
    // The same for a token that one thread keeps: asks only when something was added since the
    // token was last found good. Error: "token.revoked" (Unknown).
    Result<> require_live(const AccessToken& token) const;

    // Changes with every addition. A token found good at a generation stays good while the
    // generation stands, so most requests ask no more than this. Read it before is_revoked().
    std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

    // What was added since a generation, as text for a set in another process: empty when nothing
    // was, `untold` when it was more than is remembered.
    std::string told_since(std::uint64_t generation) const;
    // Adds what another set told. False: not all of it, since it was untold or is no such text.
    bool take_over(std::string_view told);
    static constexpr std::string_view untold = "*";
    static constexpr std::size_t remembered = 128;

    // Called after every addition, on its thread. Set once, before others use the set.
    void on_addition(std::function<void()> tell) { tell_ = std::move(tell); }

    // What others revoke comes by a feed, which says at which moment the set was whole. Without a
    // feed nobody else revokes, and it is whole at any time.
    void note_whole_at(SteadyTime time) { whole_at_.store(time, std::memory_order_release); }
    SteadyTime whole_at() const { return whole_at_.load(std::memory_order_acquire); }

    // Forgets what has expired, in one part of the set at each call: call it every second.
    void sweep();
    // Calls of sweep() until all of the set was looked at.
    static constexpr std::size_t parts = 64;
    std::size_t size() const;

private:
    struct Part {
        mutable Mutex mutex;
        RevocationTable table MERLON_GUARDED_BY(mutex);

        bool refuses(const RevokedId& id, std::int64_t version) const;
    };

    const Part& part_of(const RevokedId& id) const { return parts_[id.hash() >> 58]; }
    enum class Tell : std::uint8_t { Always, News };
    void add(std::string_view id, std::int64_t least_version, WallTime until, Tell tell);
    void note(const Revoked& revoked);

    const Clock& clock_;
    std::array<Part, parts> parts_;
    mutable Mutex recent_mutex_;
    // By the generation that it made.
    std::array<Revoked, remembered> recent_ MERLON_GUARDED_BY(recent_mutex_);
    std::atomic<std::uint64_t> generation_{1};  // written while recent_mutex_ is held
    std::atomic<SteadyTime> whole_at_{SteadyTime::max()};
    std::atomic<std::size_t> swept_{0};
    std::function<void()> tell_;
};

}  // namespace merlon::tokens
