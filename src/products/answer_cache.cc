// The shards of the cache: a table and a list by use, bounded in bytes.
#include "products/answer_cache.h"

namespace merlon::products {
namespace {

// What an entry takes beyond its texts: the nodes of list and table, the shared answer, and what
// the allocator adds to each.
constexpr std::size_t entry_bytes = 320;

}  // namespace

void AnswerCache::Shard::remove(std::list<Entry>::iterator entry) {
    bytes -= entry->bytes;
    entries.erase(entry->id);
    order.erase(entry);
}

AnswerCache::Found AnswerCache::find(std::string_view id) {
    Shard& shard = shard_of(id);
    const Lock lock(shard.mutex);
    const auto found = shard.entries.find(id);
    if (found == shard.entries.end()) return {nullptr, shard.changes};
    shard.order.splice(shard.order.begin(), shard.order, found->second);
    return {found->second->answer, shard.changes};
}

void AnswerCache::keep(const std::string& id, http::Response answer, std::uint64_t changes) {
    answer.body.shrink_to_fit();
    const std::size_t bytes =
        entry_bytes + id.size() + answer.fields.text().size() + answer.body.size();
    auto kept = std::make_shared<const http::Response>(std::move(answer));
    Shard& shard = shard_of(id);
    const Lock lock(shard.mutex);
    // Somebody who asked at the same time has brought the same answer.
    if (shard.changes != changes || shard.entries.contains(id)) return;
    shard.order.push_front({id, std::move(kept), bytes});
    shard.entries.emplace(shard.order.front().id, shard.order.begin());
    shard.bytes += bytes;
    while (shard.bytes > bytes_max_ / shards) shard.remove(std::prev(shard.order.end()));
}

void AnswerCache::forget(std::string_view id) {
    Shard& shard = shard_of(id);
    const Lock lock(shard.mutex);
    ++shard.changes;
    if (const auto found = shard.entries.find(id); found != shard.entries.end()) {
        shard.remove(found->second);
    }
}

}  // namespace merlon::products
