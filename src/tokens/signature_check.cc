// Checks the algorithm first, then the signature.
#include "tokens/signature_check.h"

namespace merlon::tokens {

Result<> check_signature(const wire::CompactJws& jws, const crypto::VerifyKey& key) {
    if (jws.algorithm != name(key.algorithm())) {
        return fail(Kind::Unknown, algorithm_rule, jws.algorithm);
    }
    if (!key.verify(jws.signed_text, jws.signature)) return fail(Kind::Unknown, signature_rule);
    return {};
}

Result<> check_own_signature(const wire::CompactJws& jws, const crypto::VerifyKey& key) {
    if (!crypto::has_lowest_form(key.algorithm(), jws.signature)) {
        return fail(Kind::Unknown, signature_rule,
                    "a signature that was changed after it was made");
    }
    return check_signature(jws, key);
}

}  // namespace merlon::tokens
