// Errors as answers and as events.
#include "api/refusal.h"

#include <algorithm>

#include "http/problem.h"
#include "wire/admission.h"

namespace merlon::api {

http::Response refusal_of(const Error& error, const wire::Field* accept) {
    const http::Problem problem = http::problem_of(error);
    http::Response response{problem.status, {}, {}};
    if (problem.status == 401) {
        response.fields.add("WWW-Authenticate", error.rule == "token.missing"
                                                    ? "Bearer"
                                                    : "Bearer error=\"invalid_token\"");
    }
    if (const auto* retry = std::get_if<RetryAfter>(&error.payload)) {
        response.fields.add("Retry-After", static_cast<std::uint64_t>(
                                               std::max<std::int64_t>(1, retry->delay.count())));
    }
    const bool as_problem =
        accept != nullptr && wire::lists_token(accept->value, "application/problem+json");
    response.fields.add("Content-Type", as_problem ? "application/problem+json"
                                                   : "application/json; charset=utf-8");
    response.body =
        as_problem ? http::problem_json(problem, error) : http::envelope_json(problem, error);
    return response;
}

std::optional<events::Type> event_of(const Error& error) {
    if (error.rule == "access.denied") return events::Type::UnauthorizedAccess;
    if (error.rule.starts_with("limit.")) return events::Type::RateLimited;
    const bool is_bad_token = error.rule.starts_with("token.") || error.rule.starts_with("jose.") ||
                              error.rule.starts_with("assertion.");
    if (is_bad_token && error.rule != "token.missing") return events::Type::InvalidToken;
    return std::nullopt;
}

}  // namespace merlon::api
