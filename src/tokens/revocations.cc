// The revocation set.
#include "tokens/revocations.h"

#include <limits>

namespace merlon::tokens {

void Revocations::end_session(std::string_view session_id, WallTime until) {
    add(session_id, std::numeric_limits<std::int64_t>::max(), until);
}

void Revocations::raise_version(std::string_view user_id, std::int64_t least, WallTime until) {
    add(user_id, least, until);
}

void Revocations::add(std::string_view id, std::int64_t least_version, WallTime until) {
    const Entry entry{least_version, until, clock_.steady() + (until - clock_.wall())};
    Shard& shard = const_cast<Shard&>(shard_of(id));
    {
        const std::lock_guard lock(shard.mutex);
        Entry& held = shard.entries.try_emplace(std::string(id), entry).first->second;
        held.least_version = std::max(held.least_version, entry.least_version);
        held.until = std::max(held.until, entry.until);
        held.least_until = std::max(held.least_until, entry.least_until);
    }
    generation_.fetch_add(1, std::memory_order_release);
}

bool Revocations::refuses(std::string_view id, std::int64_t version) const {
    if (id.empty()) return false;
    const Shard& shard = shard_of(id);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.entries.find(id);
    return found != shard.entries.end() && version < found->second.least_version;
}

bool Revocations::is_revoked(const AccessToken& token) const {
    if (token.origin != Origin::Own) return false;
    return refuses(token.session_id, token.version) ||
           refuses(token.subject.user_id, token.version);
}

void Revocations::sweep() {
    const WallTime now = clock_.wall();
    const SteadyTime steady = clock_.steady();
    for (Shard& shard : shards_) {
        const std::lock_guard lock(shard.mutex);
        std::erase_if(shard.entries, [&](const auto& one) {
            return one.second.until <= now && one.second.least_until <= steady;
        });
    }
}

std::size_t Revocations::size() const {
    std::size_t sum = 0;
    for (const Shard& shard : shards_) {
        const std::lock_guard lock(shard.mutex);
        sum += shard.entries.size();
    }
    return sum;
}

}  // namespace merlon::tokens
