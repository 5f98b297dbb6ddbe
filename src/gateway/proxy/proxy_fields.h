// The heads that a proxied exchange sends: the request's to the upstream, the answer's to the
// client.
#pragma once

#include "gateway/proxy/proxy.h"

namespace merlon::gateway {

// X-User-… of a subject, as field lines.
std::string identity_fields(const access::Subject& subject);

// Makes `out` the whole head with its empty line. `subject` null: nobody was authenticated.
void make_request_head(const http::Exchange& exchange, const access::Subject* subject,
                       const Forwarding& to, std::string_view authority, std::string& out);

// Makes `out` the upstream's fields that pass, and ours.
void make_answer_fields(const wire::ResponseHead& answer, const Forwarding& to,
                        http::FieldLines& out);

// Whether the client asks for a tunnel, and may.
bool wants_tunnel(const http::Exchange& exchange, const Forwarding& to);

}  // namespace merlon::gateway
