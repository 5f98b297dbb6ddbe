// Renders the responses of the admin listener.
#include "server/admin.h"

#include "http/problem.h"
#include "wire/json_text.h"

namespace merlon::server {
namespace {

constexpr std::string_view openmetrics =
    "application/openmetrics-text; version=1.0.0; charset=utf-8";

}  // namespace

Task<> AdminHandler::serve(http::Exchange& exchange) {
    const wire::Method method = exchange.head().method;
    const std::string_view path = exchange.head().target;
    http::Response response;
    if (method != wire::Method::Get && method != wire::Method::Head) {
        response = refuse(exchange.peer(), nullptr, {Kind::Invalid, "route.method", {}, {}});
        response.fields.add("Allow", "GET, HEAD");
    } else if (path == "/livez") {
        response.fields.add("Content-Type", "application/json");
        response.body = R"({"status":"ok"})";
    } else if (path == "/readyz" || path == "/readyz?verbose") {
        response = readiness(path != "/readyz");
    } else if (path == "/metrics") {
        response.fields.add("Content-Type", openmetrics);
        response.body = metrics_.render();
    } else {
        response = refuse(exchange.peer(), nullptr, {Kind::Absent, "route.unknown", {}, {}});
    }
    response.fields.add("Cache-Control", "no-store");
    co_return co_await exchange.send(response.status, response.fields, response.body);
}

// A store that refuses writes leaves the process ready: it serves what needs none, and no other
// process of the same store could do more.
http::Response AdminHandler::readiness(bool is_verbose) const {
    const bool ready = ready_.load(std::memory_order_acquire);
    http::Response response{ready ? 200 : 503, {}, {}};
    response.fields.add("Content-Type", "application/json");
    response.body = ready ? R"({"status":"ok")" : R"({"status":"draining")";
    if (is_verbose) {
        response.body += R"(,"stores":[)";
        for (const auto& [store, is_up, failure] : stores_()) {
            if (!response.body.ends_with('[')) response.body += ',';
            response.body += R"({"store":)";
            wire::append_json_string(response.body, store);
            response.body += is_up ? R"(,"up":true)" : R"(,"up":false)";
            if (!failure.empty()) {
                response.body += R"(,"failure":)";
                wire::append_json_string(response.body, failure);
            }
            response.body += '}';
        }
        response.body += ']';
    }
    response.body += '}';
    return response;
}

http::Response AdminHandler::refuse(const http::Peer&, const wire::RequestHead*,
                                    const Error& error) {
    const http::Problem problem = http::problem_of(error);
    http::Response response{problem.status, {}, http::envelope_json(problem, error)};
    response.fields.add("Content-Type", "application/json; charset=utf-8");
    return response;
}

}  // namespace merlon::server
