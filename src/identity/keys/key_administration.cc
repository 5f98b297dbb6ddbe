// Writes every change of keys to the database first, then puts it in force.
#include "identity/keys/key_administration.h"

#include "identity/keys/key_change.h"
#include "identity/keys/key_json.h"

namespace merlon::identity {
namespace {

Result<> require_own_keys(const TokenPolicy& policy) {
    if (policy.algorithm != tokens::Algorithm::HS256) return {};
    return fail(Kind::Conflict, "key.shared",
                "HS256 signs with JWT_SECRET, which is configuration: change it and reload");
}

// For everybody, and kept by verifiers for as long as a new key waits.
http::Response published(std::string json) {
    http::Response response{200, {}, std::move(json)};
    response.fields.add("Content-Type", "application/json; charset=utf-8");
    response.fields.add("Cache-Control", "public, max-age=300");
    return response;
}

}  // namespace

Task<std::string> KeyAdministration::list() {
    const auto policy = policy_.load();
    MERLON_CO_TRY(require_own_keys(*policy));
    co_return keys_json(policy->issuer.rings(), clock_.wall());
}

Task<std::string> KeyAdministration::rotate(KeyStart start) {
    const KeyChange change = MERLON_CO_TRY(KeyChange::begin(is_changing_));
    const auto policy = policy_.load();
    MERLON_CO_TRY(require_own_keys(*policy));
    policy_.replace(
        policy->with(MERLON_CO_TRY(co_await keys_.rotate(policy->key_policy(), start))));
    co_return co_await list();
}

Task<std::string> KeyAdministration::retire(std::string kid) {
    const KeyChange change = MERLON_CO_TRY(KeyChange::begin(is_changing_));
    const auto policy = policy_.load();
    MERLON_CO_TRY(require_own_keys(*policy));
    policy_.replace(policy->with(MERLON_CO_TRY(co_await keys_.retire(std::move(kid)))));
    co_return co_await list();
}

Task<> KeyAdministration::reload(const tokens::TokenSettings& settings, access::Roles roles) {
    const KeyChange change = MERLON_CO_TRY(KeyChange::begin(is_changing_));
    policy_.replace(MERLON_CO_TRY(co_await source_.load(settings, std::move(roles))));
    co_return Result<>{};
}

Task<> KeyAdministration::begin_following() {
    known_fingerprint_ = MERLON_CO_TRY(co_await source_.fingerprint());
    co_return Result<>{};
}

Task<> KeyAdministration::follow() {
    const std::string fingerprint = MERLON_CO_TRY(co_await source_.fingerprint());
    if (fingerprint == known_fingerprint_) co_return Result<>{};
    // A change under way here puts its own keys in force, and the next follow() comes in a second.
    const auto change = KeyChange::begin(is_changing_);
    if (!change) co_return Result<>{};
    policy_.replace(MERLON_CO_TRY(co_await source_.refresh(policy_.load())));
    known_fingerprint_ = fingerprint;
    co_return Result<>{};
}

Task<http::Response> KeyAdministration::published_keys(api::LocalCall) {
    co_return published(policy_.load()->issuer.jwks(clock_.wall()));
}

Task<http::Response> KeyAdministration::discovery(api::LocalCall) {
    co_return published(policy_.load()->issuer.discovery());
}

}  // namespace merlon::identity
