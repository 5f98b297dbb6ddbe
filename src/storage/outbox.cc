// The outbox table and its only INSERT.
#include "storage/outbox.h"

#include <algorithm>
#include <utility>

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

// to_json() begins with the two, and no value can hold an unescaped quote. The _ of a type's name
// stands for any letter, which no two names make use of.
std::string pattern_of(const EventQuery& query) {
    std::string pattern = R"({"type":")";
    pattern += query.type ? events::name(*query.type) : "%";
    pattern += R"(","severity":")";
    pattern += query.severity ? events::name(*query.severity) : "%";
    return pattern += R"(",%)";
}

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

Task<StoredEvents> find_events(Database* database, EventQuery query) {
    StoredEvents found;
    // First: what is written meanwhile comes with the next question.
    const Rows newest =
        MERLON_CO_TRY(co_await database->query("SELECT COALESCE(MAX(id), 0) FROM event_outbox"));
    found.last = newest[0].integer(0);
    Parameters parameters{query.after.value_or(0), found.last, pattern_of(query), query.limit};
    const Rows rows = MERLON_CO_TRY(
        query.after ? co_await database->query(
                          "SELECT id, happened_at, event FROM event_outbox WHERE id > $1 AND "
                          "id <= $2 AND event LIKE $3 ORDER BY id LIMIT $4",
                          std::move(parameters))
                    : co_await database->query(
                          "SELECT id, happened_at, event FROM event_outbox WHERE id > $1 AND "
                          "id <= $2 AND event LIKE $3 ORDER BY id DESC LIMIT $4",
                          std::move(parameters)));
    for (std::size_t i = 0; i < rows.size(); ++i) {
        found.events.push_back({rows[i].integer(1), rows[i].text(2)});
    }
    const bool may_be_more = std::cmp_equal(rows.size(), query.limit) && !rows.empty();
    if (query.after && may_be_more) found.last = rows[rows.size() - 1].integer(0);
    if (!query.after) std::ranges::reverse(found.events);
    co_return found;
}

}  // namespace merlon::storage
