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
    SecWebSocketKey,
    SecWebSocketVersion,
    UserAgent,
    IfMatch,
    IdempotencyKey,
    Date,
    Vary,
    // What a client may not say and what an upstream may not answer: the gateway says it.
    Identity,        // X-User-…
    Forwarding,      // X-Forwarded-Host, Forwarded, X-Real-IP
    Override,        // X-Original-URL, X-Rewrite-URL, X-HTTP-Method-Override: no power here
    ResponsePolicy,  // the security, CORS and limit headers of our own answers
    ServerVersion,   // Server, X-Powered-By
};

// `name` is a token (RFC 9110 section 5.6.2); its case does not matter.
FieldId field_id(std::string_view name);

}  // namespace merlon::wire
