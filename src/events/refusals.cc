// Keeps the windows of refusals in a bounded, sharded table.
#include "events/refusals.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

namespace merlon::events {
namespace {

Severity severity_of(const Refusal& refusal) {
    const bool admin = refusal.route_class == RouteClass::Admin;
    if (refusal.type == Type::UnauthorizedAccess && admin) return Severity::Critical;
    if (!refusal.reason.empty()) return Severity::Critical;
    return default_severity(refusal.type);
}

}  // namespace

// A stranger chooses `ip`, and could choose colliding ones: a shard's bound keeps the worst chain
// at keys_max / shards comparisons.
std::size_t Refusals::Hash::operator()(const KeyView& key) const {
    const std::hash<std::string_view> hash;
    return hash(key.ip) * 31 + hash(key.route) * 7 + static_cast<std::size_t>(key.type);
}

Refusals::Refusals(const Clock& clock, EventSink& sink, metrics::Registry& metrics)
    : clock_(clock),
      sink_(sink),
      dropped_(metrics.counter("merlon_refusals_dropped",
                               "Refusals not recorded because the table was full")) {}

void Refusals::report(const Refusal& refusal) {
    const KeyView key{refusal.type, refusal.ip.substr(0, text_bytes_max),
                      refusal.route.substr(0, text_bytes_max), refusal.reason};
    const std::string_view user_id = refusal.user_id.substr(0, text_bytes_max);
    const std::size_t hash = Hash{}(key);
    // The upper half: the map inside the shard uses the lower one.
    Shard& shard = table_[(hash >> 32) % shards];

    const Lock lock(shard.mutex);
    const auto found = shard.pending.find(key);
    if (found != shard.pending.end()) {
        Pending& pending = found->second;
        ++pending.count;
        pending.severity = std::max(pending.severity, severity_of(refusal));
        // An event that stands for several people must not blame the first of them.
        if (pending.user_id != user_id) pending.user_id.clear();
        return;
    }
    if (shard.pending.size() >= keys_max / shards) {
        dropped_.add();
        return;
    }
    shard.pending.emplace(Key{key.type, std::string(key.ip), std::string(key.route), key.reason},
                          Pending{clock_.wall(), clock_.steady() + window, severity_of(refusal),
                                  std::string(user_id), 1});
}

void Refusals::tick() { write_due(clock_.steady()); }

void Refusals::flush() { write_due(SteadyTime::max()); }

void Refusals::write_due(SteadyTime now) {
    for (Shard& shard : table_) {
        std::vector<Event> due;
        {
            const Lock lock(shard.mutex);
            std::erase_if(shard.pending, [&](const auto& entry) {
                const Key& key = entry.first;
                const Pending& pending = entry.second;
                if (pending.due > now) return false;
                due.push_back(Event{.type = key.type,
                                    .severity = pending.severity,
                                    .time = pending.first,
                                    .user_id = pending.user_id,
                                    .ip = key.ip,
                                    .details = {{"route", key.route}},
                                    .count = pending.count});
                if (!key.reason.empty()) {
                    due.back().details.emplace_back("reason", key.reason);
                }
                return true;
            });
        }
        // Outside the lock: writing may block, and reporters hold the hot path.
        for (const Event& event : due) sink_.write(event);
    }
}

}  // namespace merlon::events
