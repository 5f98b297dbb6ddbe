// Stores the events that no change stores: refusals and reloads. A change's own event stands in
// its transaction (storage/outbox.h); these come by the way, so a flood of them is cut, not kept.
#pragma once

#include <deque>
#include <functional>
#include <vector>

#include "base/entropy.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "events/event.h"
#include "sealing/key_store.h"
#include "storage/database.h"

namespace merlon::audit {

// Resource; write() is safe from every thread. What waits is lost when the process is killed: it
// was logged before, and nothing was acknowledged.
class EventStore final : public events::EventSink {
public:
    // Events that may wait, under 1 MiB. One more is not stored, and is counted in
    // merlon_security_events_not_stored_total.
    static constexpr std::size_t waiting_max = 1'024;
    // Under one commit. store() is called once a second, so this is what an attacker with however
    // many addresses can make the store grow by.
    static constexpr std::size_t batch_max = 128;

    // Borrows both for life. `log` gets every event first.
    EventStore(events::EventSink& log, metrics::Registry& metrics);

    void write(const events::Event& event) override;

    // Has the oldest batch kept; true when more waits. On an error the batch waits on. One call at
    // a time.
    using Keep = std::function<Task<>(std::vector<events::Event>)>;
    Task<bool> store(Keep keep);

private:
    std::vector<events::Event> oldest() const;
    std::size_t remove(std::size_t stored);  // how many wait then

    events::EventSink& log_;
    metrics::Counter& not_stored_;
    mutable Mutex mutex_;
    std::deque<events::Event> waiting_ MERLON_GUARDED_BY(mutex_);
};

// Stores a batch of a gateway's events in one transaction. The client addresses are sealed, under
// the person's key where there is one, else under the installation's; without `keys`, in a role
// that has none and whose clients are other roles, they are left out. Errors: those of KeyStore and
// Database. Borrows all three for the task.
Task<> keep_events(storage::Database* database, sealing::KeyStore* keys, Entropy* entropy,
                   std::vector<events::Event> batch);

}  // namespace merlon::audit
