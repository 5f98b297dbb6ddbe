// Renders failures as OpenAPI response objects.
#include "api/openapi/failure_responses.h"

#include <algorithm>
#include <array>
#include <span>

#include "api/openapi/json_parts.h"
#include "base/text.h"
#include "http/problem.h"

namespace merlon::api {
namespace {

namespace json = boost::json;

// A failure that many operations share. Its examples are the responses to these errors.
struct Shared {
    int status;
    std::string_view name;  // of the component
    std::string_view description;
    Kind kind;
    std::array<std::string_view, 4> rules;  // empty ones are none
};
constexpr auto all_shared = std::to_array<Shared>({
    {400, "BadRequest", "What was sent is malformed", Kind::Invalid, {"head.malformed"}},
    {401,
     "Unauthorized",
     "No access token, or one that is not good",
     Kind::Unknown,
     {"token.missing", "token.signature", "token.expired", "token.revoked"}},
    {404, "NotFound", "It does not exist, or is somebody else's", Kind::Absent, {"route.unknown"}},
    {412, "PreconditionFailed", "It was changed meanwhile", Kind::Conflict, {"product.changed"}},
    {413, "PayloadTooLarge", "The body is too large", Kind::Invalid, {"body.too_large"}},
    {415,
     "UnsupportedMediaType",
     "The body is not application/json",
     Kind::Invalid,
     {"body.media_type"}},
    {429,
     "TooManyRequests",
     "Too many requests: see Retry-After",
     Kind::Exhausted,
     {"limit.exceeded", "limit.auth"}},
    {503,
     "ServiceUnavailable",
     "A store is down, or too much waits: see Retry-After",
     Kind::Unavailable,
     {"storage.unavailable"}},
});

const Shared& shared_of(int status) {
    for (const Shared& shared : all_shared) {
        if (shared.status == status) return shared;
    }
    MERLON_ASSERT(false);
}

// As a client would read it.
json::value example_of(const Error& error) {
    return json::parse(http::envelope_json(http::problem_of(error), error));
}

// Of an example, by what it says: "not-enough-stock".
std::string example_name(const Error& error) {
    std::string name = text::to_lower(http::problem_of(error).message);
    std::erase(name, '\'');
    std::ranges::replace_if(name, [](char c) { return !text::is_alpha(c); }, '-');
    return name;
}

json::object examples_of(const std::vector<Error>& errors) {
    json::object examples;
    for (const Error& error : errors) {
        examples[example_name(error)] = {{"value", example_of(error)}};
    }
    return examples;
}

std::vector<Error> errors_of(Kind kind, std::span<const std::string_view> rules) {
    std::vector<Error> errors;
    for (const std::string_view rule : rules) {
        if (!rule.empty()) errors.push_back({kind, rule, {}, {}});
    }
    return errors;
}

json::object response_of(int status, const std::string& description,
                         const std::vector<Error>& errors) {
    json::object response{{"description", description}};
    if (status == 429 || status == 503) {
        response["headers"] = {{"Retry-After", header("Seconds to wait")}};
    }
    response["content"] = {
        {"application/json",
         {{"schema", reference("schemas", "Error")}, {"examples", examples_of(errors)}}},
        {"application/problem+json", {{"schema", reference("schemas", "Problem")}}}};
    return response;
}

}  // namespace

void FailureResponses::add_shared(int status) {
    const Shared& shared = shared_of(status);
    of_status_[status].push_back(
        {shared.name, shared.description, errors_of(shared.kind, shared.rules)});
}

void FailureResponses::add(std::string_view description, std::vector<Error> errors) {
    MERLON_ASSERT(!errors.empty());
    const int status = http::problem_of(errors.front()).status;
    of_status_[status].push_back({{}, description, std::move(errors)});
}

void FailureResponses::write(json::object& responses) const {
    for (const auto& [status, failures] : of_status_) {
        json::object& response = responses[std::to_string(status)].emplace_object();
        if (failures.size() == 1 && !failures.front().shared.empty()) {
            response = reference("responses", failures.front().shared);
            continue;
        }
        std::string description;
        std::vector<Error> errors;
        for (const Failure& failure : failures) {
            if (!description.empty()) description += ". Or: ";
            description += failure.description;
            errors.insert(errors.end(), failure.errors.begin(), failure.errors.end());
        }
        response = response_of(status, description, errors);
    }
}

json::object shared_responses() {
    json::object all;
    for (const Shared& shared : all_shared) {
        all[shared.name] = response_of(shared.status, std::string(shared.description),
                                       errors_of(shared.kind, shared.rules));
    }
    return all;
}

}  // namespace merlon::api
