// Looking in one set.
#include "tokens/token_cache.h"

#include <algorithm>
#include <cstring>

namespace merlon::tokens {
namespace {

// A digest is uniform: any eight bytes of it are a hash.
std::uint64_t tag_of(const crypto::Sha256& digest) {
    std::uint64_t tag;
    std::memcpy(&tag, digest.data(), sizeof tag);
    return tag;
}

}  // namespace

TokenCache::Kept TokenCache::find(const crypto::Sha256& digest, WallTime now) {
    if (sets_.empty()) return nullptr;
    const std::uint64_t tag = tag_of(digest);
    Set& set = set_of(tag);
    for (std::size_t i = 0; i < places; ++i) {
        Place& place = set.all[i];
        if (set.tags[i] != tag || place.used == 0 || place.digest != digest) continue;
        if (now >= place.token->expires_at) {
            place = {};
            return nullptr;
        }
        place.used = ++uses_;
        return place.token;
    }
    return nullptr;
}

TokenCache::Kept TokenCache::put(const crypto::Sha256& digest, AccessToken token) {
    if (sets_.empty()) sets_.resize(sets_max_);
    const std::uint64_t tag = tag_of(digest);
    Set& set = set_of(tag);
    const auto known = std::ranges::find_if(
        set.all, [&](const Place& place) { return place.used != 0 && place.digest == digest; });
    const auto place =
        known != set.all.end() ? known : std::ranges::min_element(set.all, {}, &Place::used);
    set.tags[static_cast<std::size_t>(place - set.all.begin())] = tag;
    *place = {digest, std::make_shared<const AccessToken>(std::move(token)), ++uses_};
    return place->token;
}

}  // namespace merlon::tokens
