// Stores the events that no change stores: refusals and reloads. A change's own event stands in
// its transaction (storage/outbox.h); these come by the way, so a flood of them is cut, not kept.
#pragma once

#include <deque>
#include <mutex>
#include <vector>

#include "base/entropy.h"
#include "base/metrics.h"
#include "events/event.h"
#include "sealing/key_store.h"
#include "storage/database.h"

namespace merlon::app {

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

    // Borrows all three for life. `log` gets every event first.
    EventStore(events::EventSink& log, Entropy& entropy, metrics::Registry& metrics);

    void write(const events::Event& event) override;

    // Stores the oldest batch in one transaction; true when more waits. The client addresses are
    // sealed, under the person's key where there is one, else under the installation's. On an
    // error, that of KeyStore or Database, the batch waits on. One call at a time; borrows both
    // for the task.
    Task<bool> store(storage::Database* database, sealing::KeyStore* keys);

private:
    std::vector<events::Event> oldest() const;
    std::size_t remove(std::size_t stored);  // how many wait then

    events::EventSink& log_;
    Entropy& entropy_;
    metrics::Counter& not_stored_;
    mutable std::mutex mutex_;
    std::deque<events::Event> waiting_;
};

}  // namespace merlon::app
