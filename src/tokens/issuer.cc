// Writing claims and signing them.
#include "tokens/issuer.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/text.h"
#include "base/uuid.h"
#include "crypto/equal.h"
#include "crypto/mac.h"
#include "tokens/signature_check.h"
#include "wire/compact_jose.h"
#include "wire/json.h"
#include "wire/json_text.h"

namespace merlon::tokens {
namespace {

std::int64_t seconds_of(WallTime time) {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

void add_text(std::string& json, std::string_view name, std::string_view value) {
    json += json.back() == '{' ? "\"" : ",\"";
    json.append(name).append("\":");
    wire::append_json_string(json, value);
}

// `aud` of our refresh tokens ends in this, after the issuer of then: another issuer since does not
// end them.
constexpr std::string_view refresh_audience_end = "/refresh";
// Ours have some 400 bytes, and come in bodies.
constexpr std::size_t refresh_token_bytes_max = 8 << 10;

std::string sign(const RingKey& key, std::string_view type, std::string_view payload) {
    std::string header = "{";
    add_text(header, "alg", name(key.key->algorithm()));
    add_text(header, "typ", type);
    add_text(header, "kid", key.kid);
    header += '}';
    std::string text = text::to_base64url(header) + "." + text::to_base64url(payload);
    const std::string signature = key.key->sign(text);
    return text.append(".").append(text::to_base64url(signature));
}

}  // namespace

Result<Rings> Rings::of_secrets(const TokenSettings& settings) {
    Secret refresh = settings.refresh_secret.duplicate();
    if (refresh.empty()) {
        refresh = MERLON_TRY(crypto::hkdf_sha256(settings.secret, "", "merlon refresh tokens", 32));
    }
    if (crypto::equal(settings.secret.reveal(), refresh.reveal())) {
        return fail(Kind::Invalid, "secret.reused",
                    "JWT_SECRET and JWT_REFRESH_SECRET are the same: make another");
    }
    const auto refresh_ring =
        std::make_shared<const Keyring>(MERLON_TRY(Keyring::of_secret(refresh)));
    return Rings{std::make_shared<const Keyring>(MERLON_TRY(Keyring::of_secret(settings.secret))),
                 refresh_ring, refresh_ring};
}

Result<crypto::SigningKey> refresh_key_of(const Secret& signing_key) {
    return crypto::SigningKey::from_secret(MERLON_TRY(
        crypto::hkdf_sha256(signing_key, "", "merlon refresh tokens of a signing key", 32)));
}

Issuer::Issuer(const TokenSettings& settings, Rings rings, Entropy& entropy)
    : issuer_(settings.issuer),
      audience_(settings.audience),
      jwks_url_(settings.jwks_url),
      access_ttl_(settings.access_ttl),
      refresh_ttl_(settings.refresh_ttl),
      rings_(std::move(rings)),
      entropy_(entropy) {}

Issuer Issuer::with(Rings rings) const {
    Issuer changed = *this;
    changed.rings_ = std::move(rings);
    return changed;
}

std::string Issuer::issue_access(const AccessGrant& grant, WallTime now) const {
    std::string claims = "{";
    add_text(claims, "userId", grant.user_id);
    add_text(claims, "sub", grant.user_id);
    add_text(claims, "email", grant.email);
    add_text(claims, "role", grant.role);
    claims += R"(,"permissions":[)";
    for (const std::string& permission : grant.permissions) {
        if (claims.back() != '[') claims += ',';
        wire::append_json_string(claims, permission);
    }
    claims += ']';
    add_text(claims, "jti", Uuid::make_v4(entropy_).text());
    add_text(claims, "sid", grant.session_id);
    fmt::format_to(std::back_inserter(claims), R"(,"ver":{},"iat":{},"exp":{})", grant.version,
                   seconds_of(now), seconds_of(now) + access_ttl_.count());
    add_text(claims, "iss", issuer_);
    add_text(claims, "aud", audience_);
    return sign(rings_.access->signer(now), "JWT", claims += '}');
}

std::string Issuer::discovery() const {
    std::string json = "{";
    add_text(json, "issuer", issuer_);
    add_text(json, "jwks_uri", jwks_url_);
    json += R"(,"subject_types_supported":["public"],"id_token_signing_alg_values_supported":[)";
    std::vector<std::string_view> listed;
    for (const RingKey& key : rings_.access->keys()) {
        const std::string_view algorithm = name(key.verify_key.algorithm());
        if (std::ranges::find(listed, algorithm) != listed.end()) continue;
        json += listed.empty() ? "\"" : ",\"";
        json.append(algorithm).append("\"");
        listed.push_back(algorithm);
    }
    return json +
           R"(],"claims_supported":["iss","aud","sub","userId","email","role","permissions",)"
           R"("jti","sid","ver","iat","exp"]})";
}

std::string Issuer::issue_refresh(const RefreshToken& token, WallTime now) const {
    std::string claims = "{";
    add_text(claims, "userId", token.user_id);
    add_text(claims, "tokenId", token.token_id);
    add_text(claims, "type", "refresh");
    add_text(claims, "aud", issuer_ + std::string(refresh_audience_end));
    fmt::format_to(std::back_inserter(claims), R"(,"iat":{},"exp":{}}})", seconds_of(now),
                   seconds_of(now) + refresh_ttl_.count());
    return sign(rings_.refresh->signer(now), refresh_token_type, claims);
}

Result<RefreshToken> Issuer::verify_refresh(std::string_view token, WallTime now) const {
    const auto refuse = [] { return fail(Kind::Unknown, invalid_refresh_rule); };
    const auto jws = wire::CompactJws::parse(token, refresh_token_bytes_max);
    if (!jws) return refuse();
    const bool is_former = jws->type != refresh_token_type;
    const Keyring& ring = is_former ? *rings_.former_refresh : *rings_.refresh;
    const RingKey* key = ring.find(jws->key_id, now);
    if (key == nullptr || !check_signature(*jws, key->verify_key)) return refuse();
    const auto parsed =
        wire::parse_json(jws->payload, {.bytes = refresh_token_bytes_max, .depth = 4});
    if (!parsed || !parsed->is_object()) return refuse();
    const boost::json::object& claims = parsed->get_object();
    const auto text_of = [&claims](std::string_view name) {
        const boost::json::value* value = claims.if_contains(name);
        return value != nullptr && value->is_string() ? std::string(value->get_string())
                                                      : std::string();
    };
    // An access token is no refresh token, whatever the key.
    if (text_of("type") != "refresh") return refuse();
    if (!is_former && !text_of("aud").ends_with(refresh_audience_end)) return refuse();
    const boost::json::value* expires = claims.if_contains("exp");
    if (expires == nullptr || !expires->is_int64()) return refuse();
    if (seconds_of(now) >= expires->get_int64()) return refuse();
    RefreshToken read{text_of("userId"), text_of("tokenId")};
    if (read.user_id.empty() || read.token_id.empty()) return refuse();
    return read;
}

}  // namespace merlon::tokens
