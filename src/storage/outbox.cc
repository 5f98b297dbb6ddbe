// The outbox table and its only INSERT.
#include "storage/outbox.h"

namespace merlon::storage {
namespace {

// One table for all roles of a database; a role reads and writes its own rows only.
constexpr Migration migrations[] = {
    {1, "outbox", R"(
        CREATE TABLE event_outbox (
            id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used again, also after a deletion
            role TEXT NOT NULL,
            happened_at INTEGER NOT NULL,          -- milliseconds since 1970
            event TEXT NOT NULL,                   -- JSON without the client address
            sealed_ip BLOB
        ) STRICT;
        CREATE INDEX event_outbox_by_role ON event_outbox (role, id))"},
};

}  // namespace

std::span<const Migration> outbox_migrations() { return migrations; }

Task<> append_event(Transaction& transaction, std::string role, events::Event event,
                    std::optional<Blob> sealed_ip) {
    event.ip.clear();
    MERLON_CO_TRY(co_await transaction.query(
        "INSERT INTO event_outbox (role, happened_at, event, sealed_ip) VALUES ($1, $2, $3, $4)",
        {std::move(role), std::int64_t{event.time.time_since_epoch().count()},
         events::to_json(event), sealed_ip ? Value(std::move(*sealed_ip)) : Value()}));
    co_return Result<>{};
}

}  // namespace merlon::storage
