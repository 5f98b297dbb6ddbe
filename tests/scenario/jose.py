"""Tokens made by hand, so that a test can make the wrong ones."""

import base64
import hashlib
import hmac
import json
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

ISSUER = "auth-service"
AUDIENCE = "microservices-api"


def b64(data):
    return base64.urlsafe_b64encode(data if isinstance(data, bytes) else data.encode()).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def decode(token):
    """Header and claims, unverified: what any holder of the token can read."""
    header, claims, _ = token.split(".")
    return json.loads(unb64(header)), json.loads(unb64(claims))


def compact(value):
    return value if isinstance(value, (str, bytes)) else json.dumps(value, separators=(",", ":"))


def token(header, claims, sign):
    """`header` and `claims` are objects, or the exact JSON text."""
    signed = b64(compact(header)) + "." + b64(compact(claims))
    return signed + "." + b64(sign(signed.encode()))


def hs256(secret):
    key = secret if isinstance(secret, bytes) else secret.encode()
    return lambda data: hmac.new(key, data, hashlib.sha256).digest()


def es256(key):
    def sign(data):
        r, s = utils.decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return sign


def es384(key):
    def sign(data):
        r, s = utils.decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA384())))
        return r.to_bytes(48, "big") + s.to_bytes(48, "big")
    return sign


P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551


def other_form(token_text):
    """Another text of an ES256 token, which everybody can make: (r, n - s) verifies where (r, s) does."""
    signed, _, signature = token_text.rpartition(".")
    raw = unb64(signature)
    return signed + "." + b64(raw[:32] + (P256_ORDER - int.from_bytes(raw[32:], "big")).to_bytes(32, "big"))


def es256_der(key):
    return lambda data: key.sign(data, ec.ECDSA(hashes.SHA256()))


def rs256(key):
    return rsa_pkcs1(key, hashes.SHA256())


def rsa_pkcs1(key, digest):
    return lambda data: key.sign(data, padding.PKCS1v15(), digest)


def rsa_pss(key, digest, salt=None):
    """RFC 7518 section 3.5 has a salt as long as the digest."""
    length = digest.digest_size if salt is None else salt
    return lambda data: key.sign(data, padding.PSS(padding.MGF1(digest), length), digest)


def eddsa(key):
    return key.sign


def ec_key():
    return ec.generate_private_key(ec.SECP256R1())


def p384_key():
    return ec.generate_private_key(ec.SECP384R1())


def rsa_key():
    return rsa.generate_private_key(65537, 2048)


def ed_key():
    return ed25519.Ed25519PrivateKey.generate()


def jwk(key, kid, alg):
    public = key.public_key()
    base = {"kid": kid, "alg": alg, "use": "sig"}
    if isinstance(key, ec.EllipticCurvePrivateKey):
        numbers = public.public_numbers()
        curve, size = ("P-384", 48) if key.curve.key_size == 384 else ("P-256", 32)
        return base | {"kty": "EC", "crv": curve, "x": b64(numbers.x.to_bytes(size, "big")),
                       "y": b64(numbers.y.to_bytes(size, "big"))}
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = public.public_numbers()
        return base | {"kty": "RSA", "n": b64(numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")),
                       "e": b64(numbers.e.to_bytes(3, "big"))}
    raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return base | {"kty": "OKP", "crv": "Ed25519", "x": b64(raw)}


def public_key_from(jwk_object):
    """The cryptography key of a published EC P-256 JWK."""
    assert jwk_object["kty"] == "EC" and jwk_object["crv"] == "P-256", jwk_object
    return ec.EllipticCurvePublicNumbers(int.from_bytes(unb64(jwk_object["x"]), "big"),
                                         int.from_bytes(unb64(jwk_object["y"]), "big"),
                                         ec.SECP256R1()).public_key()


def verifies(token_text, jwk_object):
    """Whether an ES256 token verifies under a published key."""
    signed, _, signature = token_text.rpartition(".")
    raw = unb64(signature)
    try:
        public_key_from(jwk_object).verify(
            utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")),
            signed.encode(), ec.ECDSA(hashes.SHA256()))
        return len(raw) == 64
    except Exception:
        return False


def as_hmac_secrets(public):
    """Every encoding of a public key that somebody might have used as the HMAC secret."""
    encoding, form = serialization.Encoding, serialization.PublicFormat
    pem = public.public_bytes(encoding.PEM, form.SubjectPublicKeyInfo)
    secrets = {
        "SPKI PEM": pem,
        "SPKI PEM without its last newline": pem.rstrip(b"\n"),
        "SPKI PEM with CRLF": pem.replace(b"\n", b"\r\n"),
        "SPKI DER": public.public_bytes(encoding.DER, form.SubjectPublicKeyInfo),
    }
    if isinstance(public, rsa.RSAPublicKey):
        secrets |= {
            "PKCS1 PEM": public.public_bytes(encoding.PEM, form.PKCS1),
            "PKCS1 DER": public.public_bytes(encoding.DER, form.PKCS1),
            "the modulus": public.public_numbers().n.to_bytes(256, "big"),
        }
    else:
        secrets["the uncompressed point"] = public.public_bytes(encoding.X962, form.UncompressedPoint)
        secrets["the compressed point"] = public.public_bytes(encoding.X962, form.CompressedPoint)
    return secrets


def seed_claims(**changes):
    """What the seed's generateAccessToken puts into a token; a change to None removes the claim."""
    now = int(time.time())
    claims = {
        "userId": "550e8400-e29b-41d4-a716-446655440000",
        "email": "user@example.com",
        "role": "user",
        "permissions": ["read:profile", "write:profile", "read:products", "read:orders", "write:orders",
                        "cancel:orders"],
        "iat": now,
        "exp": now + 900,
        "iss": ISSUER,
        "aud": AUDIENCE,
    }
    claims.update(changes)
    return {name: value for name, value in claims.items() if value is not None}
