// The header fields that some stage of the request path cares about, told apart once per field, so
// that later stages switch on an identifier instead of comparing text.
#pragma once

#include <cstdint>
#include <string_view>

namespace merlon::wire {

enum class FieldId : std::uint8_t {
    Other,
    // Framing and connection management (RFC 9110, 9112): hop by hop, never forwarded as they are.
    Host,
    Connection,
    ContentLength,
    TransferEncoding,
    Te,
    Trailer,
    KeepAlive,
    ProxyConnection,
    ProxyAuthenticate,
    ProxyAuthorization,
    Upgrade,
    Expect,
    // What stages read.
    Authorization,
    Origin,
    ContentType,
    Accept,
    AccessControlRequestMethod,
    XRequestId,
    Traceparent,
    XForwardedFor,
    XForwardedProto,
    XForwardedPort,
    XForwardedHost,
    SecWebSocketKey,
    SecWebSocketVersion,
    UserAgent,
    IfMatch,
    IdempotencyKey,
    Date,
    Vary,
    // What a response, or a WebDAV request, says of paths, hosts and cookies: a service behind a
    // prefix says it of its own.
    Location,
    ContentLocation,
    Refresh,
    SetCookie,
    Destination,
    // What a client may not say and what an upstream may not answer: the gateway says it.
    Identity,        // X-User-…, our assertion
    Forwarding,      // X-Real-IP
    ProxyClaim,      // what another proxy says of the client: proxy_claims.h
    Override,        // X-Original-URL, X-HTTP-Method-Override, Proxy: no power here, nor behind
    ResponsePolicy,  // the security, CORS and limit headers of our own answers
    ServerVersion,   // Server, X-Powered-By
};

// `name` is a token (RFC 9110 section 5.6.2); its case does not matter.
FieldId field_id(std::string_view name);

// Whether an upstream may read `name` as a field that it is not: CGI servers read each character
// that is no letter or digit as '_' (RFC 3875 section 4.1.18), so that "X.User.Id" becomes
// HTTP_X_USER_ID. So is every name with '_', and one that with '-' in place of such characters is
// a name that field_id() knows.
bool may_be_read_as_another(std::string_view name);

}  // namespace merlon::wire
