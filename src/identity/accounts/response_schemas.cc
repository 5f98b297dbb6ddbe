// JSON Schemas of responses, each with an example.
#include "identity/accounts/response_schemas.h"

namespace merlon::identity {
namespace {

constexpr api::NamedSchema schemas[] = {
    {"User", R"({
        "type": "object",
        "required": ["id", "email", "firstName", "lastName", "role", "permissions", "createdAt"],
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "email": {"type": "string", "format": "email"},
            "firstName": {"type": "string"},
            "lastName": {"type": "string"},
            "role": {"type": "string"},
            "permissions": {"type": "array", "items": {"type": "string"}},
            "createdAt": {"type": "string", "format": "date-time"}
        },
        "examples": [{
            "id": "0192f0c8-2f5e-7a52-9c1d-0a3f5f6e7d21", "email": "ada@example.com",
            "firstName": "Ada", "lastName": "Lovelace", "role": "user",
            "permissions": ["read:profile", "write:profile", "read:products", "read:orders",
                            "write:orders", "cancel:orders"],
            "createdAt": "2026-01-31T09:30:00.000Z"
        }]
    })"},
    {"Tokens", R"({
        "type": "object",
        "required": ["accessToken", "refreshToken", "tokenType", "expiresIn"],
        "properties": {
            "accessToken": {"type": "string", "description": "A JWT; goes into Authorization"},
            "refreshToken": {"type": "string", "description": "A JWT; good once"},
            "tokenType": {"type": "string", "enum": ["Bearer"]},
            "expiresIn": {"type": "integer", "description": "Seconds the access token lives"}
        },
        "examples": [{
            "accessToken": "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIwMTkyIn0.c2lnbmF0dXJl",
            "refreshToken": "eyJhbGciOiJFUzI1NiJ9.eyJ0eXBlIjoicmVmcmVzaCJ9.c2lnbmF0dXJl",
            "tokenType": "Bearer", "expiresIn": 900
        }]
    })"},
    {"SignIn", R"({
        "allOf": [
            {"$ref": "#/components/schemas/Tokens"},
            {
                "type": "object",
                "required": ["user"],
                "properties": {"user": {"$ref": "#/components/schemas/User"}}
            }
        ],
        "examples": [{
            "user": {
                "id": "0192f0c8-2f5e-7a52-9c1d-0a3f5f6e7d21", "email": "ada@example.com",
                "firstName": "Ada", "lastName": "Lovelace", "role": "user",
                "permissions": ["read:profile", "write:profile", "read:products", "read:orders",
                                "write:orders", "cancel:orders"],
                "createdAt": "2026-01-31T09:30:00.000Z"
            },
            "accessToken": "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIwMTkyIn0.c2lnbmF0dXJl",
            "refreshToken": "eyJhbGciOiJFUzI1NiJ9.eyJ0eXBlIjoicmVmcmVzaCJ9.c2lnbmF0dXJl",
            "tokenType": "Bearer", "expiresIn": 900
        }]
    })"},
    {"Sessions", R"({
        "type": "array",
        "items": {
            "type": "object",
            "required": ["id", "createdAt", "lastSeenAt", "ip", "userAgent", "current"],
            "properties": {
                "id": {"type": "string", "format": "uuid"},
                "createdAt": {"type": "string", "format": "date-time"},
                "lastSeenAt": {"type": "string", "format": "date-time"},
                "ip": {"type": "string"},
                "userAgent": {"type": "string"},
                "current": {"type": "boolean", "description": "Whether it is the one that asks"}
            }
        },
        "examples": [[{
            "id": "0192f0c8-3a77-7b0e-8f21-5d7a9c0b1e34", "createdAt": "2026-01-31T09:30:00.000Z",
            "lastSeenAt": "2026-01-31T10:12:45.120Z", "ip": "203.0.113.7",
            "userAgent": "Mozilla/5.0", "current": true
        }]]
    })"},
    {"OpenIdConfiguration", R"({
        "type": "object",
        "required": ["issuer", "jwks_uri"],
        "properties": {
            "issuer": {"type": "string"}, "jwks_uri": {"type": "string"},
            "subject_types_supported": {"type": "array", "items": {"type": "string"}},
            "id_token_signing_alg_values_supported": {"type": "array", "items": {"type": "string"}},
            "claims_supported": {"type": "array", "items": {"type": "string"}}
        },
        "examples": [{
            "issuer": "https://api.example.com",
            "jwks_uri": "https://api.example.com/.well-known/jwks.json",
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "claims_supported": ["iss", "aud", "sub", "exp"]
        }]
    })"},
    {"JsonWebKeySet", R"({
        "type": "object",
        "required": ["keys"],
        "properties": {
            "keys": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["kty", "kid", "alg", "use"],
                    "properties": {
                        "kty": {"type": "string"}, "kid": {"type": "string"},
                        "alg": {"type": "string"}, "use": {"type": "string", "enum": ["sig"]},
                        "crv": {"type": "string"}, "x": {"type": "string"}, "y": {"type": "string"}
                    }
                }
            }
        },
        "examples": [{"keys": [{
            "kty": "EC", "kid": "2026-01-31-x1", "alg": "ES256", "use": "sig", "crv": "P-256",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
        }]}]
    })"},
};

}  // namespace

std::span<const api::NamedSchema> response_schemas() { return schemas; }

}  // namespace merlon::identity
