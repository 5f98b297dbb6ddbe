// The events of committed changes, written in the change's own transaction: an event is there if
// and only if its change is. audit/ collects them from here and acknowledges.
#pragma once

#include <optional>
#include <span>
#include <string>

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

}  // namespace merlon::storage
