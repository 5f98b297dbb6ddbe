// Security events about accounts: stored in the transaction of the change they are about, and
// written to the event log once that has committed.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/entropy.h"
#include "events/event.h"
#include "sealing/key_store.h"
#include "storage/database.h"

namespace merlon::identity {

// An event ready for its transaction. A value.
struct AccountEvent {
    events::Event event;
    std::optional<storage::Blob> sealed_ip;  // the client's address, for the outbox
};

// Safe from every thread. Borrows all for its life.
class AccountEvents final {
public:
    using Details = decltype(events::Event::details);

    AccountEvents(events::EventSink& log, sealing::KeyStore& keys, const Clock& clock,
                  Entropy& entropy)
        : log_(log), keys_(keys), clock_(clock), entropy_(entropy) {}

    // Seals the client's address under the user's key; it is left out where that is gone. Errors:
    // those of KeyStore.
    Task<AccountEvent> make(events::Type type, std::string user_id, std::string client,
                            Details details = {});
    // Of an operator's command, which comes from no client.
    AccountEvent make_without_client(events::Type type, std::string user_id) const;

    // Part of the transaction that changes the account.
    static Task<> store(storage::Transaction& transaction, AccountEvent event);
    // After the commit.
    void log(const AccountEvent& event) { log_.write(event.event); }

private:
    events::EventSink& log_;
    sealing::KeyStore& keys_;
    const Clock& clock_;
    Entropy& entropy_;
};

}  // namespace merlon::identity
