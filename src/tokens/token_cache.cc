// Least recently used goes first.
#include "tokens/token_cache.h"

namespace merlon::tokens {

TokenCache::Kept TokenCache::find(const crypto::Sha256& digest, WallTime now) {
    const auto found = index_.find(digest);
    if (found == index_.end()) return nullptr;
    const auto entry = found->second;
    if (now >= entry->token->expires_at) {
        order_.erase(entry);
        index_.erase(found);
        return nullptr;
    }
    order_.splice(order_.begin(), order_, entry);
    return entry->token;
}

TokenCache::Kept TokenCache::put(const crypto::Sha256& digest, AccessToken token) {
    if (const auto known = index_.find(digest); known != index_.end()) {
        known->second->token = std::make_shared<const AccessToken>(std::move(token));
        return known->second->token;
    }
    if (order_.size() >= entries_max_) {
        index_.erase(order_.back().digest);
        order_.pop_back();
    }
    order_.push_front({digest, std::make_shared<const AccessToken>(std::move(token))});
    index_.emplace(digest, order_.begin());
    return order_.front().token;
}

void TokenCache::flush() {
    index_.clear();
    order_.clear();
}

}  // namespace merlon::tokens
