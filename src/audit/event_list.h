// The stored events of an installation as one list, whose roles may have databases of their own.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/outbox.h"

namespace merlon::audit {

// A database that has an outbox. Borrowed.
struct EventSource {
    std::string name;  // that of a role: first_role_in()
    storage::Database* database;
};

// How far somebody has read in each source, by its name.
class EventPosition {
public:
    // "auth:17,orders:4", as text() gives it. Error: "command.malformed" (Invalid).
    static Result<EventPosition> parse(std::string_view text);
    std::string text() const;

    // From its beginning on in a source that was not there then.
    std::int64_t of(const std::string& source) const;
    void set(const std::string& source, std::int64_t id) { ids_.insert_or_assign(source, id); }

private:
    std::map<std::string, std::int64_t> ids_;
};

struct EventList {
    std::vector<std::string> events;  // as events::to_json made them, the oldest first
    EventPosition last;               // to go on from
};

// What `query` asks of each source; without `after` the newest ones, at most query.limit of all
// sources, with it up to as many of each, and nothing left out. By the time at which they happened
// where there are several sources. Borrows the databases for the task. Errors: those of Database.
Task<EventList> list_events(std::vector<EventSource> sources, storage::EventQuery query,
                            std::optional<EventPosition> after);

}  // namespace merlon::audit
