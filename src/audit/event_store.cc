// A bounded queue in front of the outbox.
#include "audit/event_store.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "sealing/sealed_text.h"
#include "storage/outbox.h"

namespace merlon::audit {
namespace {

using storage::Blob;
using storage::Transaction;

constexpr std::string_view gateway_role = "gateway";

struct Sealed {
    events::Event event;
    std::optional<Blob> ip;
};

constexpr std::string_view column = "event_outbox.sealed_ip";

// Nothing when the event has no client, its person's key is damaged (one bad key must not hold up
// what comes after it), or there are no keys.
Task<std::optional<Blob>> seal_client(events::Event event, sealing::KeyStore* keys,
                                      Entropy* entropy) {
    if (event.ip.empty() || keys == nullptr) co_return std::nullopt;
    const sealing::Place place{column, event.user_id};
    if (event.user_id.empty()) {
        co_return Blob{sealing::seal(keys->root(), place, event.ip, *entropy)};
    }
    const auto key = co_await keys->obtain(event.user_id, std::string(gateway_role));
    if (key) co_return Blob{sealing::seal(**key, place, event.ip, *entropy)};
    if (key.error().kind == Kind::Corrupt) co_return std::nullopt;
    co_return std::unexpected(key.error());
}

Task<> append_all(Transaction& transaction, std::vector<Sealed> batch) {
    for (Sealed& sealed : batch) {
        MERLON_CO_TRY(co_await storage::append_event(
            transaction, std::string(gateway_role), std::move(sealed.event), std::move(sealed.ip)));
    }
    co_return Result<>{};
}

}  // namespace

EventStore::EventStore(events::EventSink& log, metrics::Registry& metrics)
    : log_(log),
      not_stored_(metrics.counter("merlon_security_events_not_stored",
                                  "Refusals logged but not stored because too many waited")) {}

void EventStore::write(const events::Event& event) {
    log_.write(event);
    const Lock lock(mutex_);
    if (waiting_.size() < waiting_max) {
        waiting_.push_back(event);
    } else {
        not_stored_.add(event.count);
    }
}

Task<bool> EventStore::store(Keep keep) {
    const std::vector<events::Event> events = oldest();
    if (events.empty()) co_return false;
    MERLON_CO_TRY(co_await keep(events));
    co_return remove(events.size()) > 0;
}

Task<> keep_events(storage::Database* database, sealing::KeyStore* keys, Entropy* entropy,
                   std::vector<events::Event> batch) {
    std::vector<Sealed> sealed;
    for (const events::Event& event : batch) {
        sealed.push_back({event, MERLON_CO_TRY(co_await seal_client(event, keys, entropy))});
    }
    co_return co_await database->transact_work(
        [sealed](Transaction& transaction) { return append_all(transaction, sealed); });
}

std::vector<events::Event> EventStore::oldest() const {
    const Lock lock(mutex_);
    const auto end =
        waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(batch_max, waiting_.size()));
    return {waiting_.begin(), end};
}

std::size_t EventStore::remove(std::size_t stored) {
    const Lock lock(mutex_);
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(stored));
    return waiting_.size();
}

}  // namespace merlon::audit
