// Verifying tokens.
#include "tokens/verifier.h"

namespace merlon::tokens {
Result<> check_signature(const wire::CompactJws& jws, const crypto::VerifyKey& key) {
    if (jws.algorithm != name(key.algorithm())) {
        return fail(Kind::Unknown, "token.algorithm", jws.algorithm);
    }
    if (!key.verify(jws.signed_text, jws.signature)) return fail(Kind::Unknown, "token.signature");
    return {};
}

Result<AccessToken> Verifier::verify_access(std::string_view token, WallTime now) const {
    const wire::CompactJws jws = MERLON_TRY(wire::CompactJws::parse(token));
    // Believed only as far as choosing whose keys to try.
    const std::string issuer = MERLON_TRY(unverified_issuer(jws.payload));
    if (issuer == own_.issuer) {
        const auto ring = keys_->ring();
        const RingKey* key = ring->find(jws.key_id, now);
        if (key == nullptr) return fail(Kind::Unknown, unknown_key_rule);
        MERLON_TRY(check_signature(jws, key->verify_key));
        AccessToken read = MERLON_TRY(parse_access_claims(jws.payload, own_, *roles_, now));
        read.key_id = key->kid;
        return read;
    }
    const IssuerKeys* foreign = trusted_.find(issuer);
    if (foreign == nullptr) return fail(Kind::Unknown, "token.issuer");
    const auto key = foreign->find(jws.key_id);
    if (!key) return fail(Kind::Unknown, unknown_key_rule);
    MERLON_TRY(check_signature(jws, *key));
    return parse_access_claims(jws.payload, {issuer, foreign->audience, Origin::Foreign}, *roles_,
                               now);
}

bool Verifier::has_lost_its_key(const AccessToken& token, WallTime now) const {
    return token.origin == Origin::Own && keys_->ring()->find(token.key_id, now) == nullptr;
}

}  // namespace merlon::tokens
