// Merges the events of several databases into one list.
#include "audit/event_list.h"

#include <fmt/format.h>

#include <utility>

#include "base/text.h"

namespace merlon::audit {

Result<EventPosition> EventPosition::parse(std::string_view text) {
    EventPosition position;
    for (const std::string_view part : text::split(text, ',')) {
        const std::size_t colon = part.find(':');
        const auto id = text::parse_number<std::int64_t>(
            part.substr(colon == std::string_view::npos ? part.size() : colon + 1));
        if (colon == 0 || !id) {
            return fail(Kind::Invalid, "command.malformed", "after " + std::string(text));
        }
        position.set(std::string(part.substr(0, colon)), *id);
    }
    return position;
}

std::string EventPosition::text() const {
    std::string text;
    for (const auto& [source, id] : ids_) {
        text += fmt::format("{}{}:{}", text.empty() ? "" : ",", source, id);
    }
    return text;
}

std::int64_t EventPosition::of(const std::string& source) const {
    const auto found = ids_.find(source);
    return found == ids_.end() ? 0 : found->second;
}

Task<EventList> list_events(std::vector<EventSource> sources, storage::EventQuery query,
                            std::optional<EventPosition> after) {
    // Of one source they stay in the order in which they were committed: equal keys keep theirs.
    const bool has_order = sources.size() == 1;
    std::multimap<std::int64_t, std::string> all;
    EventList list;
    for (const EventSource& source : sources) {
        if (after) query.after = after->of(source.name);
        storage::StoredEvents found =
            MERLON_CO_TRY(co_await storage::find_events(source.database, query));
        list.last.set(source.name, found.last);
        for (storage::StoredEvent& event : found.events) {
            all.emplace(has_order ? 0 : event.happened_at, std::move(event.json));
        }
    }
    while (!after && std::cmp_greater(all.size(), query.limit)) all.erase(all.begin());
    for (auto& [time, event] : all) list.events.push_back(std::move(event));
    co_return list;
}

}  // namespace merlon::audit
