// Chooses among our own keys: which one signs, which ones verify.
#include "tokens/keyring.h"

#include <algorithm>

#include "base/text.h"
#include "crypto/shared_secret.h"
#include "tokens/jwk_json.h"

namespace merlon::tokens {
namespace {

std::string kid_of(const crypto::SigningKey& key) {
    if (const auto jwk = key.verify_key().public_jwk()) return jwk->kid;
    return text::to_base64url(std::string_view(key.sign("merlon kid")).substr(0, 12));
}

bool is_shared(const RingKey& key) {
    return key.verify_key.algorithm() == crypto::Algorithm::HS256;
}

}  // namespace

RingKey RingKey::make(crypto::SigningKey key, WallTime created_at, WallTime signs_from,
                      std::optional<WallTime> retires_at) {
    std::string kid = kid_of(key);
    crypto::VerifyKey verify_key = key.verify_key();
    return {std::move(kid),
            created_at,
            signs_from,
            retires_at,
            std::move(verify_key),
            std::make_shared<const crypto::SigningKey>(std::move(key))};
}

RingKey RingKey::of_public(std::string kid, crypto::VerifyKey key) {
    return {std::move(kid), {}, {}, {}, std::move(key), nullptr};
}

Result<Keyring> Keyring::make(std::vector<RingKey> keys) {
    if (keys.empty()) return fail(Kind::Corrupt, "keyring.empty", "no signing key");
    std::ranges::sort(keys, std::ranges::greater(),
                      [](const RingKey& key) { return std::pair(key.created_at, key.signs_from); });
    for (auto key = keys.begin(); key != keys.end(); ++key) {
        if (std::ranges::find(keys.begin(), key, key->kid, &RingKey::kid) != key) {
            return fail(Kind::Corrupt, "keyring.duplicate", key->kid);
        }
    }
    return Keyring(std::move(keys));
}

Result<Keyring> Keyring::of_secret(const Secret& secret) {
    MERLON_TRY(crypto::check_shared_secret(secret));
    return make({RingKey::make(MERLON_TRY(crypto::SigningKey::from_secret(secret)), {}, {})});
}

const RingKey& Keyring::signer(WallTime now) const {
    const auto signs = [now](const RingKey& key) {
        return key.signs_from <= now && !key.is_retired(now);
    };
    const auto found = std::ranges::find_if(keys_, signs);
    return found != keys_.end() ? *found : keys_.back();
}

const RingKey* Keyring::find(const std::optional<std::string>& kid, WallTime now) const {
    const auto found = std::ranges::find_if(
        keys_, [&](const RingKey& key) { return kid ? key.kid == *kid : is_shared(key); });
    return found != keys_.end() && !found->is_retired(now) ? &*found : nullptr;
}

std::string Keyring::jwks(WallTime now) const {
    std::vector<crypto::Jwk> published;
    for (const RingKey& key : keys_) {
        if (key.is_retired(now)) continue;
        if (auto jwk = key.verify_key.public_jwk()) published.push_back(*std::move(jwk));
    }
    return to_json(published);
}

}  // namespace merlon::tokens
