// Tests which fields of a client pass to upstreams: one row for each name that was decided.
#include "wire/fields.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace merlon::wire {
namespace {

enum class Fate : std::uint8_t {
    Passes,
    PassesIfNamed,  // by the service
    Replaced,       // the gateway says it itself
    Removed,
};

Fate fate_of(std::string_view name) {
    switch (field_id(name)) {
        case FieldId::Identity:
        case FieldId::Forwarding:
        case FieldId::XForwardedFor:
        case FieldId::XForwardedProto:
        case FieldId::XForwardedPort:
        case FieldId::XForwardedHost:
        case FieldId::XRequestId:
        case FieldId::Traceparent:
            return Fate::Replaced;
        case FieldId::ProxyClaim:
            return Fate::PassesIfNamed;
        case FieldId::Other:
            return may_be_read_as_another(name) ? Fate::Removed : Fate::Passes;
        default:
            return Fate::Removed;
    }
}

TEST(ClientFields, AreDecidedOneByOne) {
    using enum Fate;
    struct Case {
        std::string_view name;
        Fate fate;
    };
    const Case cases[] = {
        // What the gateway says.
        {"X-User-Id", Replaced},
        {"X-User-Email", Replaced},
        {"X-User-Role", Replaced},
        {"X-User-Permissions", Replaced},
        {"X-Request-ID", Replaced},
        {"traceparent", Replaced},
        {"X-Forwarded-For", Replaced},
        {"X-Forwarded-Proto", Replaced},
        {"X-Forwarded-Host", Replaced},
        {"Merlon-Assertion", Replaced},
        // The client's address, or the way to us.
        {"X-Forwarded", PassesIfNamed},
        {"X-Forwarded-By", PassesIfNamed},
        {"X-Forwarded-Port", Replaced},
        {"X-Forwarded-Protocol", PassesIfNamed},
        {"X-Forwarded-Scheme", PassesIfNamed},
        {"X-Forwarded-Ssl", PassesIfNamed},
        {"X-Forwarded-Server", PassesIfNamed},
        {"X-Forwarded-Prefix", PassesIfNamed},
        {"X-Forwarded-Path", PassesIfNamed},
        {"X-Forwarded-Uri", PassesIfNamed},
        {"X-Forwarded-Method", PassesIfNamed},
        {"Forwarded", PassesIfNamed},
        {"Forwarded-For", PassesIfNamed},
        {"X-Real-IP", Replaced},
        {"X-Client-IP", PassesIfNamed},
        {"Client-IP", PassesIfNamed},
        {"X-Cluster-Client-IP", PassesIfNamed},
        {"X-Originating-IP", PassesIfNamed},
        {"X-Remote-IP", PassesIfNamed},
        {"X-Remote-Addr", PassesIfNamed},
        {"Remote-Addr", PassesIfNamed},
        {"True-Client-IP", PassesIfNamed},
        {"CF-Connecting-IP", PassesIfNamed},
        {"CF-Connecting-IPv6", PassesIfNamed},
        {"CF-Visitor", PassesIfNamed},
        {"CF-IPCountry", PassesIfNamed},
        {"Fastly-Client-IP", PassesIfNamed},
        {"Fly-Client-IP", PassesIfNamed},
        {"WL-Proxy-Client-IP", PassesIfNamed},
        {"Proxy-Client-IP", PassesIfNamed},
        {"X-Appengine-User-IP", PassesIfNamed},
        {"X-Azure-ClientIP", PassesIfNamed},
        {"X-Envoy-External-Address", PassesIfNamed},
        {"X-Envoy-Original-Path", PassesIfNamed},
        {"X-Original-URI", PassesIfNamed},
        {"X-Original-Host", PassesIfNamed},
        {"X-Original-Method", PassesIfNamed},
        {"X-Original-Forwarded-For", PassesIfNamed},
        {"Front-End-Https", PassesIfNamed},
        {"X-Scheme", PassesIfNamed},
        {"X-Host", PassesIfNamed},
        // A client's certificate.
        {"Client-Cert", PassesIfNamed},
        {"Client-Cert-Chain", PassesIfNamed},
        {"X-Client-Cert-Subject", PassesIfNamed},
        {"X-SSL", PassesIfNamed},
        {"X-SSL-Client-Cert", PassesIfNamed},
        {"X-SSL-Client-Verify", PassesIfNamed},
        {"X-SSL-Client-S-DN", PassesIfNamed},
        {"X-SSL-Cipher", PassesIfNamed},
        {"SSL-Client-Cert", PassesIfNamed},
        {"SSL-Client-Verify", PassesIfNamed},
        {"X-Forwarded-Client-Cert", PassesIfNamed},
        {"X-Forwarded-Tls-Client-Cert", PassesIfNamed},
        {"X-Amzn-Mtls-Clientcert-Leaf", PassesIfNamed},
        {"X-ARR-ClientCert", PassesIfNamed},
        // Who the client is, by a sign-in in front.
        {"Remote-User", PassesIfNamed},
        {"Remote-Groups", PassesIfNamed},
        {"X-Remote-User", PassesIfNamed},
        {"X-Forwarded-User", PassesIfNamed},
        {"X-Forwarded-Access-Token", PassesIfNamed},
        {"X-WEBAUTH-USER", PassesIfNamed},
        {"X-Auth-Request-Email", PassesIfNamed},
        {"X-Authenticated-Userid", PassesIfNamed},
        {"X-Consumer-Username", PassesIfNamed},
        {"X-Amzn-Oidc-Data", PassesIfNamed},
        {"X-MS-CLIENT-PRINCIPAL-ID", PassesIfNamed},
        {"X-Goog-Authenticated-User-Email", PassesIfNamed},
        {"Cf-Access-Jwt-Assertion", PassesIfNamed},
        {"X-Authentik-Username", PassesIfNamed},
        {"Tailscale-User-Login", PassesIfNamed},
        // What would change the request behind us, or the server itself; no service can name it.
        {"Proxy", Removed},  // httpoxy: HTTP_PROXY in a CGI's environment
        {"X-Original-URL", Removed},
        {"X-Rewrite-URL", Removed},
        {"X-HTTP-Method-Override", Removed},
        {"X-HTTP-Method", Removed},
        {"X-Method-Override", Removed},
        {"X-Middleware-Subrequest", Removed},  // Next.js CVE-2025-29927
        {"Proxy-Authorization", Removed},
        {"Proxy-Connection", Removed},
        // What looks like one of them and gives nothing.
        {"Via", Passes},
        {"CDN-Loop", Passes},
        {"Early-Data", Passes},
        {"CF-Ray", Passes},
        {"X-Amzn-Trace-Id", Passes},
        {"X-Correlation-ID", Passes},
        {"X-Requested-With", Passes},
        {"X-User-Agent", Passes},
        {"X-Forward", Passes},
        {"Sec-Fetch-Site", Passes},
        {"Cookie", Passes},
        {"X-Client-Version", Passes},
        {"tracestate", Passes},
    };
    for (const auto& [name, fate] : cases) {
        EXPECT_EQ(fate_of(name), fate) << name;
        std::string capitals(name);
        std::ranges::transform(capitals, capitals.begin(), [](char c) {
            return static_cast<char>(c >= 'a' && c <= 'z' ? c - 0x20 : c);
        });
        EXPECT_EQ(fate_of(capitals), fate) << capitals;
    }
}

TEST(ClientFields, OfAnotherSpellingDoNotPass) {
    // RFC 9110 section 5.6.2: the characters of a token that are neither letter, digit nor '-'.
    for (const char c : std::string_view("!#$%&'*+.^_`|~")) {
        for (const std::string_view name :
             {"X-User-Id", "X-User-Email", "X-User-Role", "X-User-Permissions", "X-Forwarded-For",
              "X-Forwarded-Port", "X-SSL-Client-Verify", "Remote-User", "X-Original-URL",
              "X-Request-ID", "Merlon-Assertion", "Content-Type", "User-Agent"}) {
            std::string all(name);
            std::ranges::replace(all, '-', c);
            std::string first(name);
            first[first.find('-')] = c;
            std::string last(name);
            last[last.rfind('-')] = c;
            for (const std::string& spelling : {all, first, last}) {
                EXPECT_NE(fate_of(spelling), Fate::Passes) << spelling;
            }
        }
    }
    EXPECT_EQ(fate_of("X.Forwarded." + std::string(100, 'a')), Fate::Removed);
    EXPECT_EQ(fate_of("a_b"), Fate::Removed);
    for (const std::string_view own : {"X.Custom", "X~Trace", "a!b", "X.User.Agent"}) {
        EXPECT_EQ(fate_of(own), Fate::Passes) << own;
    }
    EXPECT_EQ(fate_of("X." + std::string(100, 'a')), Fate::Passes);
    EXPECT_EQ(field_id(""), FieldId::Other);
}

}  // namespace
}  // namespace merlon::wire
