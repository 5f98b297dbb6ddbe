"""Access tokens as twelve identity providers write them, each after the document that is named above it.

Of every shape: header, claims, and what an operator writes under `tokens.trusted` so that its permissions count. Only identifiers, times,
hosts and the names of permissions are ours; members and their types are the documents'.
"""

import time

import jose

RSA, EC, P384 = jose.rsa_key(), jose.ec_key(), jose.p384_key()
KID = "nOo3ZDrODXEK1jKWhXslHR_KXEg"


def times(life=900, **more):
    now = int(time.time())
    return {"iat": now, "exp": now + life} | more


def shape(issuer, header, claims, trusted, key=RSA, alg="RS256", jwk=None, permissions=("read:products",), user=None):
    """`jwk`: the members that this provider's key set has beside the key's own; None takes one away."""
    return {"issuer": issuer, "header": {"alg": alg} | header, "claims": {"iss": issuer} | claims, "trusted": trusted, "key": key, "alg": alg,
            "jwk": jwk or {}, "permissions": list(permissions), "user": user or claims["sub"]}


ENTRA_V1 = "https://sts.windows.net/aaaabbbb-0000-cccc-1111-dddd2222eeee/"
ENTRA_V2 = "https://login.microsoftonline.com/aaaabbbb-0000-cccc-1111-dddd2222eeee/v2.0"

SHAPES = {
    # https://learn.microsoft.com/en-us/entra/identity-platform/access-token-claims-reference: `x5t` in v1.0, `scp` is text, `ver` is "1.0";
    # its keys have no `alg` (https://login.microsoftonline.com/common/discovery/keys).
    "Entra v1.0, a user's": shape(
        ENTRA_V1, {"typ": "JWT", "x5t": KID, "kid": KID},
        times(aud="api://shop", acr="1", aio="AXQAi/8TAAAA", amr=["pwd", "mfa"], appid="00001111-aaaa-2222-bbbb-3333cccc4444", appidacr="0",
              family_name="Lovelace", given_name="Ada", ipaddr="203.0.113.9", name="Ada", nbf=int(time.time()), oid="aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb",
              rh="0.ARwA6WgJ", scp="read:products user_impersonation", sub="l3_roISQU222bULS9yi2k0XpqpOiMz5H3ZACo1GeXA",
              tid="aaaabbbb-0000-cccc-1111-dddd2222eeee", unique_name="ada@example.com", upn="ada@example.com", uti="fqiBqXLPj0eQa82S-IYFAA", ver="1.0"),
        {"audience": "api://shop"}, jwk={"alg": None, "x5t": KID, "x5c": ["MIIDBTCCAe2gAwIBAgIQ"], "issuer": ENTRA_V1},
        permissions=["read:products", "user_impersonation"]),
    # The same page: an application's token has `roles` and no `scp`; v2.0 has no `x5t`, and the application's identifier as `aud`.
    "Entra v2.0, an application's": shape(
        ENTRA_V2, {"typ": "JWT", "kid": KID},
        times(aud="00001111-aaaa-2222-bbbb-3333cccc4444", azp="11112222-bbbb-3333-cccc-4444dddd5555", azpacr="1", nbf=int(time.time()),
              oid="bbbbbbbb-0000-1111-2222-cccccccccccc", rh="0.ARwA", roles=["read:products"], sub="bbbbbbbb-0000-1111-2222-cccccccccccc",
              tid="aaaabbbb-0000-cccc-1111-dddd2222eeee", uti="x", ver="2.0", wids=["b79fbf4d-3ef9-4689-8143-76b194e85509"]),
        {"audience": "00001111-aaaa-2222-bbbb-3333cccc4444", "claims": {"permissions": ["scp", "roles"]}}, jwk={"alg": None}),
    # https://developer.okta.com/docs/api/openapi/okta-oauth/guides/overview/ (and
    # https://groups.google.com/g/rabbitmq-users/c/O3GdCKf8soM/m/ZsjMcizrAgAJ, a token as received): `ver` is 1, `scp` an array, no `typ`.
    "Okta": shape(
        "https://example.okta.com/oauth2/default", {"kid": "ZkvelLN_seik7w4pc_prCcfUf-h2hFfiwkDeCrs0iUc"},
        times(ver=1, jti="AT.MNAoEQ_jbKqoinrQo1D0XKjMX28U5d7ZszBceot7-Ts", aud="api://default", cid="0oabucvyc38HLL1ef0h7", uid="00uq3qCamnEWJHQzq5d7",
              scp=["openid", "read:products"], auth_time=int(time.time()), sub="ada@example.com"),
        {"audience": "api://default"}, permissions=["openid", "read:products"]),
    # https://auth0.com/docs/secure/tokens/access-tokens/access-token-profiles: two audiences, `azp`, and `permissions` of its RBAC.
    "Auth0": shape(
        "https://example.eu.auth0.com/", {"typ": "JWT", "kid": "NjVBRjY5MDlCMUIwNzU4RTA2QzZFMDQ4"},
        times(sub="auth0|123456", aud=["https://shop.example/api", "https://example.eu.auth0.com/userinfo"], azp="my_client_id",
              scope="openid profile", permissions=["read:products"], **{"https://shop.example/roles": ["clerk"]}),
        {"audience": "https://shop.example/api"}),
    "Auth0, its RFC 9068 profile": shape(
        "https://example.eu.auth0.com/", {"typ": "at+jwt", "kid": "NjVBRjY5MDlCMUIwNzU4RTA2QzZFMDQ4"},
        times(sub="auth0|123456", aud=["https://shop.example/api", "https://example.eu.auth0.com/userinfo"], client_id="my_client_id",
              jti="73WakrfVbNJBaAmhQtEeDv", scope="openid profile read:products"),
        {"audience": "https://shop.example/api"}, permissions=["openid", "profile", "read:products"]),
    # https://www.keycloak.org/docs/latest/server_admin/ ("Protocol mappers", "realm_access", "resource_access") and the token of
    # https://tomcatdevs.blogspot.com/2026/06/get-keycloak-auth-access-token.html: `typ` is a claim, roles are nested; the set has a key for
    # encryption beside.
    "Keycloak, roles of the realm": shape(
        "https://sso.example/realms/shop", {"typ": "JWT", "kid": "nnniBrxL0qhG79pkF3ccQj_l0jDmxKrYYy2YLlEe1s"},
        times(jti="onrtac:312ee6e5-0000-4111-8222-93f0a5c8f4bb", aud=["shop", "account"], sub="f1c4f64e-2c0c-4cda-8c9f-9f3f8f3a2b0e", typ="Bearer",
              azp="web", sid="4c0a3a8a-3a47-4f2f-8e89-9e5f9b0a0a0a", acr="1", scope="openid email profile", email_verified=True,
              preferred_username="ada", email="ada@example.com", **{"allowed-origins": ["https://web.example"]},
              realm_access={"roles": ["offline_access", "read:products", "default-roles-shop"]},
              resource_access={"account": {"roles": ["manage-account", "view-profile"]}}),
        {"audience": "shop", "claims": {"permissions": "realm_access.roles"}}, permissions=["offline_access", "read:products", "default-roles-shop"]),
    "Keycloak, roles of a client, which are roles of ours": shape(
        "https://sso.example/realms/shop", {"typ": "JWT", "kid": "nnniBrxL0qhG79pkF3ccQj_l0jDmxKrYYy2YLlEe1s"},
        times(aud="shop.example", sub="f1c4f64e-2c0c-4cda-8c9f-9f3f8f3a2b0e", typ="Bearer", scope="openid",
              resource_access={"shop.example": {"roles": ["moderator"]}}),
        {"audience": "shop.example", "claims": {"permissions": "scope", "role": "resource_access.shop.example.roles"}},
        permissions=["openid", "read:products"]),
    # https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html: no `aud` but
    # `client_id`, `version` is a number, scopes carry their resource server's name.
    "Cognito": shape(
        "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_example", {"kid": "1234example="},
        times(sub="aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", device_key="aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", **{"cognito:groups": ["clerks"]},
              version=2, client_id="xxxxxxxxxxxxexample", origin_jti="aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", event_id="64f513be-32db-42b0-b78e-b02127b4f463",
              token_use="access", scope="openid shop/read:products aws.cognito.signin.user.admin", auth_time=int(time.time()),
              jti="aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", username="ada"),
        {"audience": "xxxxxxxxxxxxexample", "claims": {"permissions": "scope", "prefix": "shop/", "audience": "client_id"}}),
    # https://docs.pingidentity.com/pingfederate/latest/administrators_reference_guide/pf_configure_json_token_management.html: `x5t` and `kid` on
    # demand, `pi.atm`, scopes as an array unless told otherwise, `iat` and `jti` only where they are asked for.
    "PingFederate": shape(
        "https://sso.example:9031", {"kid": "signing-1", "x5t": KID, "x5t#S256": "h1bHZ1UFeW0Wm4sE9hbX7bYb3k5XbC8Oj5y8w9Xo1aE", "pi.atm": "jwt"},
        {"scope": ["openid", "read:products"], "client_id": "web", "aud": "shop", "sub": "ada", "Username": "ada", "OrgName": "Example",
         "exp": int(time.time()) + 900},
        {"audience": "shop"}, permissions=["openid", "read:products"]),
    # https://developer.pingidentity.com/pingone-api/foundations/authentication-concepts/access-tokens-and-id-tokens/token-claims.html
    "PingOne": shape(
        "https://auth.pingone.eu/11111111-2222-4333-8444-555555555555/as", {"kid": "default", "x5t": KID, "typ": "at+jwt"},
        times(client_id="22222222-2222-4333-8444-555555555555", aud=["https://shop.example"], scope="read:products openid",
              sub="33333333-2222-4333-8444-555555555555", env="11111111-2222-4333-8444-555555555555", org="44444444-2222-4333-8444-555555555555",
              acr="Single_Factor", auth_time=int(time.time()), sid="55555555-2222-4333-8444-555555555555", jti="66666666-2222-4333-8444-555555555555",
              **{"p1.rid": "77777777-2222-4333-8444-555555555555"}),
        {"audience": "https://shop.example"}, permissions=["read:products", "openid"]),
    # https://learn.microsoft.com/en-us/windows-server/identity/ad-fs/development/ad-fs-openid-connect-oauth-concepts, and the header of
    # https://github.com/auth0/node-jwks-rsa/issues/5: access tokens with `x5t` and without `kid`.
    "ADFS": shape(
        "http://adfs.example/adfs/services/trust", {"typ": "JWT", "x5t": KID},
        times(aud="microsoft:identityserver:api://shop", apptype="Confidential", appid="web", authmethod="urn:oasis:names:tc:SAML:2.0:ac:classes:Password",
              auth_time="2026-11-25T10:00:00.000Z", ver="1.0", scp="read:products openid", sub="sMqv3ZWyqhDA", upn="ada@example.com"),
        {"audience": "microsoft:identityserver:api://shop"}, jwk={"x5t": KID, "x5c": ["MIIC2jCCAcKgAwIBAgIQ"]}, permissions=["read:products", "openid"]),
    # https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload, https://cloud.google.com/nodejs/docs/reference/
    # google-auth-library/latest/google-auth-library/tokenpayload: an ID token, whose `hd` is all that it says of permissions.
    "Google": shape(
        "https://accounts.google.com", {"kid": "a49391bf52b58c1d560255c2f2a04e59e22a7b65", "typ": "JWT"},
        times(azp="1234987819200.apps.googleusercontent.com", aud="1234987819200.apps.googleusercontent.com", sub="10769150350006150715113082367",
              at_hash="HK6E_P6Dh8Y93mRNtsDB1Q", hd="example.com", email="ada@example.com", email_verified=True, nonce="0394852-3190485-2490358"),
        {"audience": "1234987819200.apps.googleusercontent.com", "claims": {"permissions": "hd"}}, permissions=["example.com"]),
    # https://docs.gitlab.com/ci/secrets/id_token_authentication: a job's token; numbers are texts, a path says who it is.
    "GitLab": shape(
        "https://gitlab.example", {"kid": "4i3sFE7sxqNPOT7FdvcGA1ZVGGI_r-tsDXnEuYT4ZqE", "typ": "JWT"},
        times(namespace_id="72", namespace_path="shop", project_id="20", project_path="shop/catalog", user_id="1", user_login="ada",
              user_email="ada@example.com", user_access_level="developer", user_identities=[{"provider": "github", "extern_uid": "2435223452345"}],
              pipeline_id="574", pipeline_source="push", job_id="302", ref="main", ref_type="branch", ref_path="refs/heads/main", ref_protected="true",
              groups_direct=["shop/deployers"], environment="production", environment_protected="false", deployment_tier="production",
              environment_action="start", runner_id=1, runner_environment="self-hosted", sha="714a629c0b401fdce83e847fc9589983fc6f46bc",
              project_visibility="public", ci_config_ref_uri="gitlab.example/shop/catalog//.gitlab-ci.yml@refs/heads/main",
              ci_config_sha="714a629c0b401fdce83e847fc9589983fc6f46bc", jti="235b3a54-b797-45c7-ae9a-f72d7bc6ef5b", nbf=int(time.time()) - 5,
              sub="project_path:shop/catalog:ref_type:branch:ref:main", aud="https://shop.example"),
        {"audience": "https://shop.example", "claims": {"permissions": ["project_path", "user_access_level"]}},
        permissions=["shop/catalog", "developer"]),
    # https://supabase.com/docs/guides/auth/jwt-fields: `role` is PostgreSQL's, `amr` has objects, roles of one's own are in `app_metadata`.
    "Supabase": shape(
        "https://project-ref.supabase.co/auth/v1", {"kid": "7b4f2f5e-2a52-4c1d-8a3f-5f6e7d219c1d", "typ": "JWT"},
        times(aud="authenticated", sub="123e4567-e89b-12d3-a456-426614174000", role="authenticated", aal="aal1",
              session_id="123e4567-e89b-12d3-a456-426614174001", email="ada@example.com", phone="", is_anonymous=False,
              amr=[{"method": "password", "timestamp": int(time.time())}],
              app_metadata={"provider": "email", "providers": ["email"], "permissions": ["read:products"]}, user_metadata={"email_verified": True}),
        {"audience": "authenticated", "claims": {"permissions": "app_metadata.permissions"}}, key=EC, alg="ES256",
        jwk={"key_ops": ["verify"], "ext": True}),
    # https://zitadel.com/docs/apis/openidoauth/claims: roles are the names of an object, each with the organizations that gave it.
    "ZITADEL": shape(
        "https://example.zitadel.cloud", {"kid": "291523415141"},
        times(aud=["159402893121@shop", "159402893122"], sub="160401923121", client_id="159402893121@shop", jti="V2_291523-at_291524", nbf=int(time.time()),
              **{"urn:zitadel:iam:org:project:roles": {"read:products": {"159402893120": "shop.zitadel.cloud"}, "clerk": {"159402893120": "x"}},
                 "urn:zitadel:iam:user:resourceowner:id": "159402893120"}),
        {"audience": "159402893122", "claims": {"permissions": "urn:zitadel:iam:org:project:roles"}}, permissions=["read:products", "clerk"]),
    # https://docs.logto.io/authorization/validate-access-tokens and https://docs.logto.io/developers/custom-token-claims: an API's token is signed
    # with ES384 unless told otherwise.
    "Logto": shape(
        "https://example.logto.app/oidc", {"typ": "at+jwt", "kid": "9ZMlRkOyQV1B4ea2kQp8kRHgYRkZkZ4fNqC3yTmAe1s"},
        times(sub="foo_user", aud="https://shop.example/api", client_id="web", jti="abc", scope="read:products",
              organization_id=None, roles=["clerk"]),
        {"audience": "https://shop.example/api"}, key=P384, alg="ES384"),
}
