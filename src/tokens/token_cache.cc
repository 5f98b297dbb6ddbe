// Looks a token up in its set of eight places, and evicts the least recently used one.
#include "tokens/token_cache.h"

#include <algorithm>
#include <cstring>

namespace merlon::tokens {
namespace {

// Of the last letters of a signature, which nobody can choose for a token that verifies; a text
// that does not verify is only looked for. 0 for a text too short to be a token.
std::uint64_t tag_of(std::string_view token) {
    std::uint64_t letters = 0;
    if (token.size() < sizeof letters) return 0;
    std::memcpy(&letters, token.data() + token.size() - sizeof letters, sizeof letters);
    // Six bits of each letter vary: spread over the upper half (Knuth 6.4, the golden ratio).
    letters *= 0x9e3779b97f4a7c15;
    return letters ^ letters >> 32;
}

}  // namespace

void TokenCache::expect(std::string_view text) const {
    if (!sets_.empty()) __builtin_prefetch(&sets_[set_of(tag_of(text))].tags);
}

TokenCache::Kept TokenCache::find(std::string_view token, WallTime now) {
    if (sets_.empty()) return nullptr;
    const std::uint64_t tag = tag_of(token);
    Set& set = sets_[set_of(tag)];
    for (std::size_t i = 0; i < places; ++i) {
        if (set.tags[i] != tag) continue;
        Place& place = set.all[i];
        const AccessToken* likely = place.token.get();
        if (likely == nullptr) continue;  // an empty place has the tag of a text that is too short
        __builtin_prefetch(likely);
        __builtin_prefetch(&likely->subject.permissions);
        __builtin_prefetch(&likely->expires_at);
        // This look at the token waits for its memory beside the digest, which takes longer.
        if (!likely->assertions.empty()) likely->assertions.front().expect_receiver();
        if (place.digest != hasher_.hash(token)) continue;
        if (!likely->is_good_at(now)) {
            place = {};
            return nullptr;
        }
        place.used = ++uses_;
        return place.token;
    }
    return nullptr;
}

TokenCache::Kept TokenCache::put(std::string_view token, AccessToken verified) {
    if (sets_.empty()) sets_.resize(sets_max_);
    const std::uint64_t tag = tag_of(token);
    const crypto::Sha256 digest = hasher_.hash(token);
    Set& set = sets_[set_of(tag)];
    const auto known = std::ranges::find_if(
        set.all, [&](const Place& place) { return place.token && place.digest == digest; });
    const auto place =
        known != set.all.end() ? known : std::ranges::min_element(set.all, {}, &Place::used);
    set.tags[static_cast<std::size_t>(place - set.all.begin())] = tag;
    *place = {digest, std::make_shared<const AccessToken>(std::move(verified)), ++uses_};
    return place->token;
}

}  // namespace merlon::tokens
