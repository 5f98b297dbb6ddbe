// Tests the table of errors: one response for one kind of mistake, and nothing internal in it.
#include "http/problem.h"

#include <gtest/gtest.h>

namespace merlon::http {
namespace {

TEST(Problem, RulesHaveTheContractsStatusAndCode) {
    struct Case {
        Kind kind;
        std::string_view rule;
        int status;
        std::string_view code;
    };
    const Case cases[] = {
        {Kind::Invalid, "framing.chunk", 400, "BAD_REQUEST"},
        {Kind::Invalid, "json.number", 400, "BAD_REQUEST"},
        {Kind::Invalid, "schema.violation", 400, "VALIDATION_ERROR"},
        {Kind::Unavailable, "client.gone", 400, "BAD_REQUEST"},
        {Kind::Unknown, "token.missing", 401, "UNAUTHORIZED"},
        {Kind::Unknown, "token.expired", 401, "TOKEN_EXPIRED"},
        {Kind::Unknown, "jose.malformed", 401, "INVALID_TOKEN"},
        {Kind::Denied, "access.denied", 403, "FORBIDDEN"},
        {Kind::Unavailable, "stream.timeout", 408, "BAD_REQUEST"},
        {Kind::Invalid, "body.too_large", 413, "PAYLOAD_TOO_LARGE"},
        {Kind::Invalid, "body.media_type", 415, "UNSUPPORTED_MEDIA_TYPE"},
        {Kind::Exhausted, "limit.auth", 429, "TOO_MANY_AUTH_ATTEMPTS"},
        {Kind::Exhausted, "limit.exceeded", 429, "RATE_LIMIT_EXCEEDED"},
        {Kind::Unavailable, "upstream.closed", 502, "BAD_GATEWAY"},
        {Kind::Unavailable, "upstream.unavailable", 503, "SERVICE_UNAVAILABLE"},
        {Kind::Unavailable, "upstream.timeout", 504, "GATEWAY_TIMEOUT"},
        {Kind::Corrupt, "storage.corrupt", 503, "SERVICE_UNAVAILABLE"},
        {Kind::Corrupt, "sealed.corrupt", 503, "SERVICE_UNAVAILABLE"},
        {Kind::Absent, "keys.destroyed", 503, "SERVICE_UNAVAILABLE"},
        {Kind::Denied, "account.locked", 403, "FORBIDDEN"},
        // Rules without a row: by their kind.
        {Kind::Invalid, "x.y", 400, "BAD_REQUEST"},
        {Kind::Unknown, "x.y", 401, "UNAUTHORIZED"},
        {Kind::Denied, "x.y", 403, "FORBIDDEN"},
        {Kind::Absent, "x.y", 404, "NOT_FOUND"},
        {Kind::Conflict, "x.y", 409, "CONFLICT"},
        {Kind::Exhausted, "x.y", 503, "SERVICE_UNAVAILABLE"},
        {Kind::Unavailable, "x.y", 503, "SERVICE_UNAVAILABLE"},
        {Kind::Corrupt, "x.y", 500, "INTERNAL_ERROR"},
    };
    for (const auto& [kind, rule, status, code] : cases) {
        const Error error{kind, rule, "/secret/path: detail", {}};
        const Problem problem = problem_of(error);
        EXPECT_EQ(problem.status, status) << rule;
        EXPECT_EQ(problem.code, code) << rule;
        EXPECT_EQ(envelope_json(problem, error).find("secret"), std::string::npos);
        EXPECT_EQ(problem_json(problem, error).find("secret"), std::string::npos);
    }
}

TEST(Problem, CarriesFieldsAndPermissions) {
    const Error fields{
        Kind::Invalid, "schema.violation", {}, FieldErrors{{"a", "\"a\" x"}, {"b", "y"}}};
    EXPECT_EQ(
        envelope_json(problem_of(fields), fields),
        R"({"success":false,"error":{"code":"VALIDATION_ERROR","message":"Validation failed",)"
        R"("details":[{"field":"a","message":"\"a\" x"},{"field":"b","message":"y"}]}})");
    const Error denied{
        Kind::Denied, "access.denied", {}, RequiredPermissions{{"read:a", "write:a"}}};
    EXPECT_EQ(problem_json(problem_of(denied), denied),
              R"({"type":"about:blank","title":"Forbidden","status":403,)"
              R"("detail":"Insufficient permissions","code":"FORBIDDEN",)"
              R"("required":["read:a","write:a"]})");
}

}  // namespace
}  // namespace merlon::http
