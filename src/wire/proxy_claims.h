// The fields in which a proxy, a certificate's verifier or a sign-in in front of us speaks of the
// client. A client that sends one itself would be believed by upstreams, so none passes unless a
// service names it; docs/operations.md lists them for operators.
//
// Not here, and so passed on: Via and CDN-Loop, which tell proxies of a loop (RFC 9110 section
// 7.6.3, RFC 8586); Early-Data, which no proxy may remove (RFC 8470 section 5.1); Max-Forwards;
// identifiers of a request that grant nothing, such as CF-Ray, X-Amzn-Trace-Id, X-Correlation-ID.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace merlon::wire {

// In lower case.
inline constexpr auto proxy_claims = std::to_array<std::string_view>({
    // The client's address, or the way to us.
    "forwarded",
    "forwarded-for",
    "x-forwarded",
    "x-real-port",
    "x-client-ip",
    "client-ip",
    "x-client-host",
    "x-client-port",
    "x-cluster-client-ip",
    "x-originating-ip",
    "x-remote-ip",
    "x-remote-addr",
    "remote-addr",
    "remote-host",
    "true-client-ip",
    "cf-connecting-ip",
    "cf-connecting-ipv6",
    "cf-pseudo-ipv4",
    "cf-visitor",
    "cf-ipcountry",
    "fastly-client-ip",
    "fastly-ssl",
    "fly-client-ip",
    "do-connecting-ip",
    "wl-proxy-client-ip",
    "wl-proxy-ssl",
    "proxy-client-ip",
    "x-proxyuser-ip",
    "x-appengine-user-ip",
    "x-azure-clientip",
    "x-azure-socketip",
    "front-end-https",
    "x-url-scheme",
    "x-scheme",
    "x-host",
    "x-http-host-override",
    // A client's certificate.
    "client-cert",  // RFC 9440
    "client-cert-chain",
    "x-client-certificate",
    "x-client-verify",
    "x-client-dn",
    "x-ssl",
    "x-arr-ssl",
    "x-arr-clientcert",
    // Who the client is, by a sign-in in front.
    "remote-user",
    "remote-groups",
    "remote-name",
    "remote-email",
    "x-remote-user",
    "x-remote-group",
    "x-webauth-user",
    "x-authenticated-user",
    "x-authenticated-userid",
    "x-authenticated-groups",
    "x-consumer-id",
    "x-consumer-username",
    "x-consumer-custom-id",
    "x-credential-identifier",
    "x-goog-iap-jwt-assertion",
    "cf-access-jwt-assertion",
    "cf-access-authenticated-user-email",
    "tailscale-user-login",
    "tailscale-user-name",
    "tailscale-user-profile-pic",
});

// Beginnings of names that are all such. In lower case; each begins with "x-" or "ss".
inline constexpr auto proxy_claim_families = std::to_array<std::string_view>({
    "x-forwarded-",
    "x-original-",
    "x-ssl-",
    "ssl-",
    "x-tls-",
    "x-client-cert-",
    "x-amzn-mtls-",
    "x-amzn-oidc-",
    "x-envoy-",
    "x-auth-request-",
    "x-authentik-",
    "x-goog-authenticated-user-",
    "x-ms-client-principal",
    "x-pomerium-",
    "x-vouch-",
    "x-remote-extra-",
});

static_assert(std::ranges::all_of(proxy_claim_families, [](std::string_view family) {
    return family.starts_with("x-") || family.starts_with("ss");
}));

}  // namespace merlon::wire
