// A JSON Web Key (RFC 7517) as plain strings, before and after it is a key. tokens/ reads it from
// JSON and writes it there.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace merlon::crypto {

// Members as they stand in JSON: base64url text. Empty: not there.
struct Jwk {
    std::string kty;
    std::string crv;
    std::string n;  // RSA modulus
    std::string e;  // RSA exponent
    std::string x;  // point or public key
    std::string y;
    std::string k;  // shared secret: wipe() it after use
    std::string kid;
    std::string alg;
    std::string use;
    std::optional<std::vector<std::string>> key_ops;
};

// RFC 7638: base64url of the SHA-256 of the key's required members. Public keys only; an oct key's
// thumbprint would publish a hash of the secret.
std::string thumbprint(const Jwk& key);

}  // namespace merlon::crypto
