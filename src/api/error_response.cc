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
    // Nobody knows yet whether the token is good, or still good.
    {"token.stale", std::nullopt},
    {tokens::absent_keys_rule, std::nullopt},
    {tokens::awaited_keys_rule, std::nullopt},
    {"token.", events::Type::InvalidToken},
    {"jose.", events::Type::InvalidToken},
    {"assertion.", events::Type::InvalidToken},
});

struct ChallengeRow {
    std::string_view rule;  // as of EventRow
    int status;
    std::string_view challenge;
};

// RFC 6750 section 3. In order: the first row that fits wins. A client answers "invalid_token" by
// refreshing its token and repeating the request, so no other failure says so.
constexpr std::string_view invalid_token = "Bearer error=\"invalid_token\"";
constexpr auto challenge_rows = std::to_array<ChallengeRow>({
    {tokens::missing_token_rule, 401, "Bearer"},
    {access::anonymous_rule, 401, "Bearer"},
    {"token.", 401, invalid_token},
    {"jose.", 401, invalid_token},
    {"assertion.", 401, invalid_token},
    {access::denied_rule, 403, "Bearer error=\"insufficient_scope\""},
});

// Empty: none.
std::string_view challenge_of(const Error& error, int status) {
    const auto* row = std::ranges::find_if(challenge_rows, [&](const ChallengeRow& candidate) {
        return candidate.status == status && breaks_rule(error, candidate.rule);
    });
    return row != challenge_rows.end() ? row->challenge : std::string_view();
}

}  // namespace

http::Response error_response(const Error& error, const wire::Field* accept) {
    const http::Problem problem = http::problem_of(error);
    http::Response response{problem.status, {}, {}};
    if (const auto challenge = challenge_of(error, problem.status); !challenge.empty()) {
        response.fields.add("WWW-Authenticate", challenge);
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
