// Coalesces refusals (401, 403, 429) into events: a flood of one client against one route is one
// event with a count every ten seconds, so an attacker cannot make us write.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "events/event.h"

namespace merlon::events {

// A refusal on a route that only administrators may use is critical (seed), elsewhere a warning.
enum class RouteClass : std::uint8_t { Ordinary, Admin };

// One refused request. Borrows, but for the reason: report() copies what it keeps.
struct Refusal {
    Type type;
    std::string_view ip;     // the client, as the limiter sees it
    std::string_view route;  // the route's pattern, never the path: it is part of a bounded key
    std::string_view user_id = {};  // empty: nobody known
    RouteClass route_class = RouteClass::Ordinary;
    // A rule, which the event names: an operator has to look, so it is critical.
    std::string_view reason = {};
};

// Resource; one per process; safe from every thread. A report of a known (type, client, route)
// costs a hash, an uncontended lock and an increment; a new one also two small allocations. Best
// effort by design: what does not fit the table is dropped and counted in
// merlon_refusals_dropped_total.
class Refusals final {
public:
    // From the first refusal of a key to its event.
    static constexpr std::chrono::seconds window{10};
    // Keys waiting at one time, over all shards: about 1 MiB at most.
    static constexpr std::size_t keys_max = 4'096;
    // Bytes kept of each text; a foreign token's user id may be of any length.
    static constexpr std::size_t text_bytes_max = 128;

    // Borrows all three for life.
    Refusals(const Clock& clock, EventSink& sink, metrics::Registry& metrics);

    void report(const Refusal& refusal);

    // Writes the events whose window is over. Call it about once a second, from one thread.
    void tick();
    // Writes all pending events, at the end of the process.
    void flush();

private:
    static constexpr std::size_t shards = 16;

    struct KeyView {
        Type type;
        std::string_view ip;
        std::string_view route;
        std::string_view reason;
        friend bool operator==(const KeyView&, const KeyView&) = default;
    };
    struct Key {
        Type type;
        std::string ip;
        std::string route;
        std::string_view reason;  // static
        KeyView view() const { return {type, ip, route, reason}; }
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(const KeyView& key) const;
        std::size_t operator()(const Key& key) const { return (*this)(key.view()); }
    };
    struct Equal {
        using is_transparent = void;
        bool operator()(const Key& a, const Key& b) const { return a.view() == b.view(); }
        bool operator()(const KeyView& a, const Key& b) const { return a == b.view(); }
        bool operator()(const Key& a, const KeyView& b) const { return a.view() == b; }
    };
    struct Pending {
        WallTime first;
        SteadyTime due;
        Severity severity;
        std::string user_id;
        std::uint64_t count;
    };
    struct Shard {
        Mutex mutex;
        std::unordered_map<Key, Pending, Hash, Equal> pending MERLON_GUARDED_BY(mutex);
    };

    void write_due(SteadyTime now);

    const Clock& clock_;
    EventSink& sink_;
    metrics::Counter& dropped_;
    std::array<Shard, shards> table_;
};

}  // namespace merlon::events
