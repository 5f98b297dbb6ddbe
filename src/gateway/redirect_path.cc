// Serves one request of a listener that sends everybody to https.
#include "gateway/request_path.h"

namespace merlon::gateway {
namespace {

// https://host[:port] for a client that asked for `authority`; empty: for no host of ours. The port
// is public_url's: that of the other listener may be another than clients know.
std::string https_origin(const Snapshot& snapshot, std::string_view authority) {
    constexpr std::string_view scheme = "https://";
    const bool has_url = snapshot.own_origin.starts_with(scheme);
    const std::string_view own =
        has_url ? std::string_view(snapshot.own_origin).substr(scheme.size()) : std::string_view();
    std::string host;
    api::normalize_host(authority, host);
    if (!snapshot.routes.have_hosts() || !snapshot.routes.names(host)) {
        return has_url ? snapshot.own_origin : std::string();
    }
    const std::size_t colon = own.rfind(':');
    const bool has_port =
        colon != std::string_view::npos && own.find(']', colon) == std::string_view::npos;
    return std::string(scheme) + host + std::string(has_port ? own.substr(colon) : "");
}

}  // namespace

Task<> RequestPath::redirect(http::Exchange& exchange) {
    const BorrowedBuffers buffers(state_);
    Request request;
    begin(buffers.get(), request);
    auto status = co_await respond_with_redirect(exchange, request);
    if (!status && !exchange.has_begun()) {
        status = co_await refuse_with(exchange, request, std::move(status).error());
    }
    record(exchange, request, status.value_or(499));
    if (!status) co_return std::unexpected(std::move(status).error());
    co_return Result<>{};
}

// The path is the canonical one: no client is sent to what the other listener would refuse.
Task<int> RequestPath::respond_with_redirect(http::Exchange& exchange, Request& request) {
    identify(exchange, request);
    http::FieldLines& fields = request.buffers->response_fields;
    fields.add_lines(request.response_rules().lines_in_the_clear());
    fields.add("X-Request-ID", request.buffers->request_id);
    const wire::Target target =
        MERLON_CO_TRY(wire::canonicalize(exchange.head().target, request.buffers->path));
    std::string location = https_origin(*request.snapshot, exchange.admitted().host);
    if (location.empty()) co_return fail(Kind::Absent, "route.unknown");
    location += target.path;
    if (target.has_query) location.append("?").append(target.query);
    fields.add("Location", location);
    MERLON_CO_TRY(co_await exchange.send(308, fields, {}));
    co_return 308;
}

}  // namespace merlon::gateway
