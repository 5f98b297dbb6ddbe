// Verifying tokens: of ourselves by our ring, of others by their issuer's keys.
#include "tokens/verifier.h"

#include "base/text.h"

namespace merlon::tokens {
namespace {

// RFC 8725 section 3.11: a type that ends in "+jwt" says what the token is for, and is "at+jwt" of
// an access token (RFC 9068). Others write "JWT" there or nothing.
bool may_be_access_token(const wire::CompactJws& jws) {
    if (!jws.type) return true;
    std::string type = text::to_lower(*jws.type);
    if (type.starts_with("application/")) type.erase(0, type.find('/') + 1);
    return !type.ends_with("+jwt") || type == "at+jwt";
}

}  // namespace

Result<AccessToken> Verifier::verify_access(std::string_view token, WallTime now) const {
    const wire::CompactJws jws = MERLON_TRY(wire::CompactJws::parse(token));
    // Believed only as far as choosing whose keys to try.
    const std::string issuer = MERLON_TRY(unverified_issuer(jws.payload));
    if (issuer == own_.issuer) {
        const auto ring = keys_->ring();
        const RingKey* key = ring->find(jws.key_id, now);
        if (key == nullptr) return fail(Kind::Unknown, unknown_key_rule);
        MERLON_TRY(check_own_signature(jws, key->verify_key));
        if (!may_be_access_token(jws)) return fail(Kind::Unknown, token_type_rule);
        AccessToken read = MERLON_TRY(parse_access_claims(jws.payload, own_, *roles_, now));
        read.key_id = key->kid;
        return read;
    }
    const IssuerKeys* foreign = trusted_.find(issuer);
    if (foreign == nullptr) return fail(Kind::Unknown, "token.issuer");
    MERLON_TRY(foreign->check(jws));
    if (!may_be_access_token(jws)) return fail(Kind::Unknown, token_type_rule);
    return parse_access_claims(
        jws.payload, {issuer, foreign->audience, Origin::Foreign, foreign->claims}, *roles_, now);
}

std::shared_ptr<RemoteKeySet> Verifier::key_set_of(std::string_view token) const {
    const auto jws = wire::CompactJws::parse(token);
    if (!jws) return nullptr;
    const auto issuer = unverified_issuer(jws->payload);
    if (!issuer || *issuer == own_.issuer) return nullptr;
    const IssuerKeys* foreign = trusted_.find(*issuer);
    if (foreign == nullptr || foreign->remote == nullptr) return nullptr;
    if (!jws->key_id || !foreign->remote->has_lost(*jws->key_id)) return foreign->remote;
    // One of the issuer's servers may have had an older set than another.
    foreign->remote->request_fetch();
    return nullptr;
}

bool Verifier::has_lost_its_key(const AccessToken& token, WallTime now) const {
    return token.origin == Origin::Own && keys_->ring()->find(token.key_id, now) == nullptr;
}

}  // namespace merlon::tokens
