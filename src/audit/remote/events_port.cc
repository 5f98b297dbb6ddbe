// Turns events into messages between processes and back.
#include "audit/remote/events_port.h"

#include "rpc/names.h"

namespace merlon::audit {
namespace {

namespace json = boost::json;

constexpr std::string_view callers[] = {rpc::gateway_name};
constexpr rpc::Method keep_method{"events.keep", callers, rpc::Retry::Harmless};

json::object to_object(const events::Event& event) {
    json::array details;
    for (const auto& [name, value] : event.details) details.push_back(json::array{name, value});
    return {{"type", events::name(event.type)},
            {"severity", events::name(event.severity)},
            {"time", event.time.time_since_epoch().count()},
            {"user", event.user_id},
            {"ip", event.ip},
            {"details", std::move(details)},
            {"count", event.count}};
}

Result<std::vector<std::pair<std::string, std::string>>> details_of(const rpc::Message& message) {
    std::vector<std::pair<std::string, std::string>> details;
    for (const json::value& one : MERLON_TRY(message.list("details"))) {
        const json::array* pair = one.if_array();
        if (pair == nullptr || pair->size() != 2 || !pair->at(0).is_string() ||
            !pair->at(1).is_string()) {
            return fail(Kind::Invalid, "port.malformed", "details");
        }
        details.emplace_back(pair->at(0).get_string(), pair->at(1).get_string());
    }
    return details;
}

Result<events::Event> event_of(const json::value& value) {
    const rpc::Message message(value.is_object() ? value.get_object() : json::object());
    const auto type = events::find_type(MERLON_TRY(message.text("type")));
    const auto severity = events::find_severity(MERLON_TRY(message.text("severity")));
    const std::int64_t count = MERLON_TRY(message.integer("count"));
    if (!type || !severity || count < 1) return fail(Kind::Invalid, "port.malformed", "event");
    return events::Event{*type,
                         *severity,
                         WallTime{std::chrono::milliseconds{MERLON_TRY(message.integer("time"))}},
                         MERLON_TRY(message.text("user")),
                         MERLON_TRY(message.text("ip")),
                         MERLON_TRY(details_of(message)),
                         static_cast<std::uint64_t>(count)};
}

Task<rpc::Message> serve_keep(std::function<Task<>(std::vector<events::Event>)> keep,
                              rpc::Message call) {
    std::vector<events::Event> batch;
    for (const json::value& one : MERLON_CO_TRY(call.list("events"))) {
        batch.push_back(MERLON_CO_TRY(event_of(one)));
    }
    MERLON_CO_TRY(co_await keep(std::move(batch)));
    co_return rpc::Message();
}

}  // namespace

Task<> send_events(rpc::Client* auth, std::vector<events::Event> batch) {
    json::array events;
    for (const events::Event& event : batch) events.push_back(to_object(event));
    rpc::Message call;
    call.set("events", events);
    MERLON_CO_TRY(co_await auth->call(keep_method, call));
    co_return Result<>{};
}

rpc::OfferedMethod events_method(std::function<Task<>(std::vector<events::Event>)> keep) {
    return {&keep_method, [keep = std::move(keep)](rpc::Message call) {
                return serve_keep(keep, std::move(call));
            }};
}

}  // namespace merlon::audit
