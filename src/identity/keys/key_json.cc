// Renders one JSON object for each signing key.
#include "identity/keys/key_json.h"

#include <algorithm>

#include "api/responses.h"
#include "wire/json_text.h"

namespace merlon::identity {
namespace {

using tokens::RingKey;

std::string optional_time(std::optional<WallTime> time) {
    return time ? api::json_time(*time) : "null";
}

// What a key does now. A key leaves the ring of access tokens first.
std::string_view state_of(const RingKey& key, const tokens::Rings& rings, WallTime now) {
    if (key.kid == rings.access->signer(now).kid) return "signing";
    if (key.signs_from > now && !key.retires_at) return "published";
    return rings.access->find(key.kid, now) != nullptr ? "verifying" : "refresh only";
}

std::string key_json(const RingKey& key, const tokens::Rings& rings, WallTime now) {
    const auto& access = rings.access->keys();
    const auto same = std::ranges::find(access, key.kid, &RingKey::kid);
    std::string json = R"({"kid":)";
    wire::append_json_string(json, key.kid);
    json += R"(,"algorithm":")" + std::string(name(key.key->algorithm())) + R"(","state":")";
    json += state_of(key, rings, now);
    json += R"(","createdAt":)" + api::json_time(key.created_at);
    json += R"(,"signsFrom":)" + api::json_time(key.signs_from);
    json += R"(,"accessUntil":)" +
            optional_time(same != access.end() ? same->retires_at : std::nullopt);
    return json + R"(,"refreshUntil":)" + optional_time(key.retires_at) + "}";
}

}  // namespace

std::string keys_json(const tokens::Rings& rings, WallTime now) {
    std::string json = "[";
    for (const RingKey& key : rings.former_refresh->keys()) {
        if (key.is_retired(now)) continue;
        if (json.back() != '[') json += ',';
        json += key_json(key, rings, now);
    }
    return json + "]";
}

}  // namespace merlon::identity
