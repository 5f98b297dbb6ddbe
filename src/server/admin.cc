// Renders the responses of the admin listener.
#include "server/admin.h"

#include <algorithm>

#include "base/text.h"
#include "http/problem.h"
#include "wire/json_text.h"

namespace merlon::server {
namespace {

constexpr std::string_view openmetrics =
    "application/openmetrics-text; version=1.0.0; charset=utf-8";
constexpr std::string_view prometheus_text = "text/plain; version=0.0.4; charset=utf-8";

// The weight of a media range (RFC 9110 section 12.4.2) in thousandths.
int weight_of(const std::vector<std::string_view>& parameters) {
    for (const std::string_view parameter : parameters) {
        if (!text::equals_ignoring_case(parameter.substr(0, 2), "q=")) continue;
        int weight = 0;
        int unit = 1'000;
        for (const char c : parameter.substr(2, 5)) {
            if (!text::is_digit(c)) continue;
            weight += (c - '0') * unit;
            unit /= 10;
        }
        return weight;
    }
    return 1'000;
}

// Whether a scraper would rather have the text format. Who has no preference gets OpenMetrics.
bool prefers_text(std::string_view accept) {
    int openmetrics_weight = 0;
    int text_weight = 0;
    for (const std::string_view range : text::split(accept, ',')) {
        const auto parts = text::split(range, ';');
        const int weight = weight_of(parts);
        if (text::equals_ignoring_case(parts.front(), "application/openmetrics-text")) {
            openmetrics_weight = std::max(openmetrics_weight, weight);
        } else if (text::equals_ignoring_case(parts.front(), "text/plain")) {
            text_weight = std::max(text_weight, weight);
        }
    }
    return text_weight > openmetrics_weight;
}

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
        const wire::Field* accept = exchange.head().find(wire::FieldId::Accept);
        const bool as_text = accept != nullptr && prefers_text(accept->value);
        using Format = metrics::Registry::Format;
        response.fields.add("Content-Type", as_text ? prometheus_text : openmetrics);
        response.fields.add("Vary", "Accept");
        response.body = metrics_.render(as_text ? Format::Text : Format::OpenMetrics);
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
