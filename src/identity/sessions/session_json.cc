// Renders one JSON object for each session.
#include "identity/sessions/session_json.h"

#include "api/responses.h"
#include "sealing/sealed_text.h"
#include "wire/json_text.h"

namespace merlon::identity {
namespace {

std::string time(std::int64_t milliseconds) {
    return api::json_time(WallTime{std::chrono::milliseconds{milliseconds}});
}

std::string opened(const crypto::AeadKey* key, sealing::Place place, const std::string& sealed) {
    if (key == nullptr) return {};
    return sealing::open(*key, place, sealed).value_or(std::string());
}

}  // namespace

std::string sessions_json(const std::vector<SessionRow>& rows, const crypto::AeadKey* key,
                          const std::optional<std::string>& current) {
    std::string json = "[";
    for (const SessionRow& row : rows) {
        json += json.back() == '[' ? R"({"id":")" : R"(,{"id":")";
        json += row.id + R"(","createdAt":)" + time(row.created_at) + R"(,"lastSeenAt":)" +
                time(row.last_seen_at) + R"(,"ip":)";
        wire::append_json_string(json, opened(key, {"sessions.ip", row.id}, row.ip));
        json += R"(,"userAgent":)";
        wire::append_json_string(json, opened(key, {"sessions.agent", row.id}, row.agent));
        if (current) json += row.id == *current ? R"(,"current":true)" : R"(,"current":false)";
        json += '}';
    }
    return json + "]";
}

}  // namespace merlon::identity
