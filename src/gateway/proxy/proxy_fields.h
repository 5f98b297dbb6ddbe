// Renders the heads of a proxied exchange: the request's for the upstream, the response's fields
// for the client.
#pragma once

#include "gateway/proxy/proxy.h"

namespace merlon::gateway {

// X-User-… of a subject, as field lines.
std::string identity_fields(const access::Subject& subject);

// Makes `out` the whole head with its empty line. `subject` null: nobody was authenticated.
void make_request_head(const http::Exchange& exchange, const access::Subject* subject,
                       const Forwarding& to, std::string_view authority, std::string& out);

// Makes `out` the upstream's fields that pass, and ours. `authority` is that of the connection.
void make_response_fields(const http::Exchange& exchange, const wire::ResponseHead& response,
                          const Forwarding& to, std::string_view authority, http::FieldLines& out);

// Whether the client requests a tunnel, and the route allows it.
bool wants_tunnel(const http::Exchange& exchange, const Forwarding& to);

}  // namespace merlon::gateway
