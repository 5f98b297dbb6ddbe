// The events of committed changes, written in the change's own transaction: an event is there if
// and only if its change is. Events stay here; audit/event_list.h lists those of all databases.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "events/event.h"
#include "storage/database.h"
#include "storage/migrations.h"

namespace merlon::storage {

// The outbox's table; migrated in every database that a role writes to.
inline constexpr std::string_view outbox_role = "outbox";
std::span<const Migration> outbox_migrations();

// Appends `event` to the outbox of `role`. The client address is personal data, which storage/
// cannot seal: the caller gives it sealed (or none, when nobody's key could seal it), and the clear
// one in `event.ip` is dropped here, so it never reaches the file.
Task<> append_event(Transaction& transaction, std::string role, events::Event event,
                    std::optional<Blob> sealed_ip);

// Which of the stored events. Without a type or severity: of every one.
struct EventQuery {
    std::optional<events::Type> type = {};
    std::optional<events::Severity> severity = {};
    // The oldest ones after this id; without it, the newest ones.
    std::optional<std::int64_t> after = {};
    std::int64_t limit = 0;
};

struct StoredEvent {
    std::int64_t happened_at = 0;  // milliseconds since 1970
    std::string json;              // as events::to_json made it
};

struct StoredEvents {
    std::vector<StoredEvent> events;  // the oldest first
    // To go on from: no event up to here, which the query asked for, is left out behind these.
    std::int64_t last = 0;
};

// Events of all roles of a database. A rare type may mean reading all of the table. Borrows the
// database for the task. Errors: those of Database::query.
Task<StoredEvents> find_events(Database* database, EventQuery query);

}  // namespace merlon::storage
