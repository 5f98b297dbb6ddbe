// Renders errors as envelopes or RFC 9457 problems, and picks their security events.
#include "api/error_response.h"

#include <algorithm>
#include <array>

#include "access/access.h"
#include "http/problem.h"
#include "tokens/verifier.h"
#include "wire/admission.h"

namespace merlon::api {
namespace {

struct EventRow {
    std::string_view rule;  // ending in '.': every rule of that name space
    std::optional<events::Type> type;
};

// In order: the first row that fits wins. Other refusals are no security events.
constexpr auto event_rows = std::to_array<EventRow>({
    {access::denied_rule, events::Type::UnauthorizedAccess},
    {"limit.", events::Type::RateLimited},
    {tokens::missing_token_rule, std::nullopt},
    {"token.", events::Type::InvalidToken},
    {"jose.", events::Type::InvalidToken},
    {"assertion.", events::Type::InvalidToken},
});

}  // namespace

http::Response error_response(const Error& error, const wire::Field* accept) {
    const http::Problem problem = http::problem_of(error);
    http::Response response{problem.status, {}, {}};
    if (problem.status == 401) {
        response.fields.add("WWW-Authenticate", error.rule == tokens::missing_token_rule
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

std::optional<events::Type> security_event_of(const Error& error) {
    const auto* row = std::ranges::find_if(
        event_rows, [&](const EventRow& candidate) { return breaks_rule(error, candidate.rule); });
    return row != event_rows.end() ? row->type : std::nullopt;
}

}  // namespace merlon::api
