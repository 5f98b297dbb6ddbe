// Makes account events, and stores them in the outbox of the auth role.
#include "identity/store/account_events.h"

#include "identity/store/schema.h"
#include "sealing/sealed_text.h"
#include "storage/outbox.h"

namespace merlon::identity {

AccountEvent AccountEvents::make_without_client(events::Type type, std::string user_id) const {
    return {{type, events::default_severity(type), clock_.wall(), std::move(user_id), {}, {}}, {}};
}

Task<AccountEvent> AccountEvents::make(events::Type type, std::string user_id, std::string client,
                                       Details details) {
    AccountEvent made = make_without_client(type, user_id);
    const auto key = co_await keys_.find(user_id, std::string(auth_role));
    if (key) {
        made.sealed_ip = storage::Blob{
            sealing::seal(**key, {"event_outbox.sealed_ip", user_id}, client, entropy_)};
    } else if (!sealing::is_unreadable(key.error())) {
        co_return std::unexpected(key.error());
    }
    made.event.ip = std::move(client);
    made.event.details = std::move(details);
    co_return made;
}

Task<> AccountEvents::store(storage::Transaction& transaction, AccountEvent event) {
    return storage::append_event(transaction, std::string(auth_role), std::move(event.event),
                                 std::move(event.sealed_ip));
}

}  // namespace merlon::identity
