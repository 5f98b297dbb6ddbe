// The heads that a proxied exchange sends: the request's to the upstream, the answer's to the
// client.
#pragma once

#include "gateway/proxy.h"

namespace merlon::gateway {

// The whole head with its empty line. `subject` null: nobody was authenticated.
std::string make_request_head(const http::Exchange& exchange, const access::Subject* subject,
                              const Forwarding& to, std::string_view authority);

// The upstream's fields that pass, and ours.
http::FieldLines make_answer_fields(const wire::ResponseHead& answer, const Forwarding& to);

// Whether the client asks for a tunnel, and may.
bool wants_tunnel(const http::Exchange& exchange, const Forwarding& to);

}  // namespace merlon::gateway
