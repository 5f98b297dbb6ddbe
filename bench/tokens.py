"""The bench's tokens: 10,000 different ones, each as large as Merlon's own."""

import base64
import hashlib
import hmac
import json
import time
import uuid

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

COUNT = 10_000
SECRET = "v5Jq8sNw2YtXe7KbRz4LmPc9HdGf3UaT"  # 32 bytes, of no known sample
PERMISSIONS = ["read:profile", "write:profile", "read:products", "read:orders", "write:orders", "cancel:orders"]
ISSUER = "https://idp.example"  # of the ES256 tokens


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def compact(value):
    return b64(json.dumps(value, separators=(",", ":")).encode())


def claims(number, issuer, role="user", permissions=PERMISSIONS):
    now = int(time.time())
    user = str(uuid.UUID(int=number << 64 | 0x7000_8000_0000_0000_0000))
    return {"userId": user, "email": f"user{number}@example.com", "role": role, "permissions": permissions,
            "iat": now, "exp": now + 86_400, "iss": issuer, "aud": "microservices-api", "sub": user,
            "jti": str(uuid.UUID(int=number)), "sid": str(uuid.UUID(int=number + COUNT)), "ver": 1}


def mint(path, header, issuer, sign, **subject):
    first = compact(header)
    with open(path, "w") as out:
        for number in range(COUNT):
            signed = f"{first}.{compact(claims(number, issuer, **subject))}"
            out.write(f"{signed}.{b64(sign(signed.encode()))}\n")


def mint_hs256(path, **subject):
    mint(path, {"alg": "HS256", "typ": "JWT"}, "auth-service",
         lambda data: hmac.new(SECRET.encode(), data, hashlib.sha256).digest(), **subject)


def mint_es256(path, jwks_path):
    key = ec.generate_private_key(ec.SECP256R1())

    def sign(data):
        r, s = utils.decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    point = key.public_key().public_numbers()
    jwk = {"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "bench",
           "x": b64(point.x.to_bytes(32, "big")), "y": b64(point.y.to_bytes(32, "big"))}
    jwks_path.write_text(json.dumps({"keys": [jwk]}))
    mint(path, {"alg": "ES256", "typ": "JWT", "kid": "bench"}, ISSUER, sign)
