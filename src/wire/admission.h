// Which well-formed heads we accept: strict rules on top of the grammar, because Beast alone
// accepts and mis-frames what other servers read differently (request smuggling). Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "wire/head.h"

namespace merlon::wire {

enum class BodyKind : std::uint8_t { None, Length, Chunked, UntilClose };

// How a message's body ends (RFC 9112 section 6.3).
struct Framing {
    BodyKind kind = BodyKind::None;
    std::uint64_t length = 0;  // with Length
    friend bool operator==(const Framing&, const Framing&) = default;
};

// What the framing of an accepted request says.
// The request has no Host, and needs one (Invalid).
inline constexpr std::string_view missing_host_rule = "host.missing";

struct Admitted {
    Framing body;
    bool keep_alive = true;
    bool expects_continue = false;
    bool wants_websocket = false;  // a whole RFC 6455 handshake
    // As the client wrote it, port included; checked for its grammar. Empty: HTTP/1.0 without one.
    std::string_view host;
};

// Refuses all that two HTTP readers could frame or address differently. Errors (all Invalid):
// "framing.transfer_encoding", "framing.both_lengths", "framing.content_length",
// "framing.connection", "framing.expectation", "framing.upgrade", "framing.duplicate_field",
// "body.too_large" (a length of more than 18 digits), missing_host_rule, "host.duplicate",
// "host.malformed", "target.malformed", "target.host".
Result<Admitted> admit(const RequestHead& head);

// Whether a reference to something here, a target or a WebDAV Destination, is a path or an absolute
// URL that names `host`. Errors: "target.malformed", "target.host".
Result<> require_own_reference(std::string_view target, std::string_view host);

struct AdmittedResponse {
    Framing body;
    bool keep_alive = true;
};

// The same for an upstream's answer to a request of `method`. Error: "upstream.framing".
Result<AdmittedResponse> admit_response(const ResponseHead& head, Method method);

// Whether the comma-separated list of tokens `list` names `token`, whatever the case.
bool lists_token(std::string_view list, std::string_view token);

}  // namespace merlon::wire
