// Answers about single rows, kept in memory until their row changes. It holds because every change
// of such a row is a transaction of this process that names the row with forget_when_over(): what
// has been acknowledged is in every answer given afterwards (docs/decisions/0007-answer-cache.md).
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/mutex.h"
#include "http/response.h"
#include "storage/database.h"

namespace merlon::products {

// Safe from every thread. Shared, because a transaction may outlive the role that began it.
class AnswerCache final {
public:
    // Of all answers together; the one that was asked for longest ago goes first.
    static constexpr std::size_t bytes_max_default = 16 << 20;

    explicit AnswerCache(std::size_t bytes_max = bytes_max_default) : bytes_max_(bytes_max) {}

    struct Found {
        std::shared_ptr<const http::Response> answer;  // null: there is none
        std::uint64_t changes;                         // so far: for keep()
    };
    Found find(std::string_view id);

    // `answer`: of a row that was read after find() gave `changes`. Dropped when anything was
    // forgotten since: the row may have been read before its change and arrive here after it.
    void keep(const std::string& id, http::Response answer, std::uint64_t changes);
    void forget(std::string_view id);

    // For a transaction that changes the row.
    static void forget_when_over(std::shared_ptr<AnswerCache> cache, std::string id,
                                 storage::Transaction& transaction) {
        transaction.when_over(
            [cache = std::move(cache), id = std::move(id)] { cache->forget(id); });
    }

private:
    static constexpr std::size_t shards = 16;

    struct Entry {
        std::string id;
        std::shared_ptr<const http::Response> answer;
        std::size_t bytes;
    };
    struct Shard {
        Mutex mutex;
        // The most recently asked for first.
        std::list<Entry> order MERLON_GUARDED_BY(mutex);
        // By Entry::id.
        std::unordered_map<std::string_view, std::list<Entry>::iterator> entries
            MERLON_GUARDED_BY(mutex);
        std::size_t bytes MERLON_GUARDED_BY(mutex) = 0;
        std::uint64_t changes MERLON_GUARDED_BY(mutex) = 0;

        void remove(std::list<Entry>::iterator entry) MERLON_REQUIRES(mutex);
    };

    Shard& shard_of(std::string_view id) {
        return shards_[std::hash<std::string_view>()(id) % shards];
    }

    const std::size_t bytes_max_;
    std::array<Shard, shards> shards_;
};

}  // namespace merlon::products
