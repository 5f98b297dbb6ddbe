// What an operator does with the keys that sign our tokens.
#include <algorithm>

#include "api/answers.h"
#include "identity/identity.h"
#include "wire/json_text.h"

namespace merlon::identity {
namespace {

using tokens::RingKey;

std::string optional_time(std::optional<WallTime> time) {
    return time ? api::json_time(*time) : "null";
}

// What a key is for now. `access` is null once it has left that ring.
std::string_view state_of(const RingKey& key, const tokens::Rings& rings, WallTime now) {
    if (key.kid == rings.refresh->signer(now).kid) return "signing";
    if (key.signs_from > now && !key.retires_at) return "published";
    return rings.access->find(key.kid, now) != nullptr ? "verifying" : "refresh only";
}

std::string to_json(const RingKey& key, const tokens::Rings& rings, WallTime now) {
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

std::string to_json(const tokens::Rings& rings, WallTime now) {
    std::string json = "[";
    for (const RingKey& key : rings.refresh->keys()) {
        if (key.is_retired(now)) continue;
        if (json.back() != '[') json += ',';
        json += to_json(key, rings, now);
    }
    return json + "]";
}

Result<> require_own_keys(const Terms& terms) {
    if (terms.algorithm != tokens::Algorithm::HS256) return {};
    return fail(Kind::Conflict, "key.shared",
                "HS256 signs with JWT_SECRET, which is configuration: change it and reload");
}

}  // namespace

Task<std::string> Identity::list_keys() {
    const auto terms = terms_.load();
    MERLON_CO_TRY(require_own_keys(*terms));
    co_return to_json(terms->issuer.rings(), parts_.clock.wall());
}

Task<std::string> Identity::rotate_keys(KeyStart start) {
    const KeyChange change = MERLON_CO_TRY(KeyChange::begin(changing_keys_));
    const auto terms = terms_.load();
    MERLON_CO_TRY(require_own_keys(*terms));
    adopt(terms->with(MERLON_CO_TRY(co_await signing_keys_.rotate(terms->key_policy(), start))));
    co_return co_await list_keys();
}

Task<std::string> Identity::retire_key(std::string kid) {
    const KeyChange change = MERLON_CO_TRY(KeyChange::begin(changing_keys_));
    const auto terms = terms_.load();
    MERLON_CO_TRY(require_own_keys(*terms));
    adopt(terms->with(MERLON_CO_TRY(co_await signing_keys_.retire(std::move(kid)))));
    co_return co_await list_keys();
}

}  // namespace merlon::identity
