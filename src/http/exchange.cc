// Errors of a request's body.
#include "http/exchange.h"

namespace merlon::http {

Error as_client_error(Error error) {
    if (net::is_stream_failure(error) && error.rule != net::stream_timeout_rule) {
        error.rule = client_gone_rule;
    }
    return error;
}

}  // namespace merlon::http
