// Holds the table from rule names and kinds of errors to status, code and message.
#include "http/problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "http/reason_phrase.h"
#include "wire/json_text.h"

namespace merlon::http {
namespace {

struct RuleRow {
    std::string_view rule;  // ending in '.': every rule of that name space
    Problem problem;
};

constexpr Problem bad_request{400, "BAD_REQUEST", "Malformed request"};
constexpr Problem invalid_token{401, "INVALID_TOKEN", "Invalid token"};
constexpr Problem unavailable{503, "SERVICE_UNAVAILABLE", "Service temporarily unavailable"};

// In order: the first row that fits wins.
constexpr auto rule_rows = std::to_array<RuleRow>({
    {"head.too_large", {431, "HEADERS_TOO_LARGE", "Request header fields too large"}},
    {"head.too_many_fields", {431, "HEADERS_TOO_LARGE", "Request header fields too large"}},
    {"target.too_long", {414, "URI_TOO_LONG", "Request target too long"}},
    {"framing.expectation", {417, "BAD_REQUEST", "Expectation failed"}},
    {"head.method", {501, "METHOD_NOT_ALLOWED", "Method not implemented"}},
    {"head.", bad_request},
    {"framing.", bad_request},
    {"host.", bad_request},
    {"target.", bad_request},
    {"path.", {400, "BAD_REQUEST", "Malformed request path"}},
    {"query.", {400, "BAD_REQUEST", "Malformed query"}},
    {"json.", {400, "BAD_REQUEST", "Malformed JSON"}},
    {"schema.violation", {400, "VALIDATION_ERROR", "Validation failed"}},
    {"body.too_large", {413, "PAYLOAD_TOO_LARGE", "Request body too large"}},
    {"body.media_type", {415, "UNSUPPORTED_MEDIA_TYPE", "Unsupported media type"}},
    {"cors.origin", {403, "FORBIDDEN", "Not allowed by CORS"}},
    {"limit.auth",
     {429, "TOO_MANY_AUTH_ATTEMPTS", "Too many authentication attempts, please try again later"}},
    {"limit.", {429, "RATE_LIMIT_EXCEEDED", "Too many requests, please try again later"}},
    {"route.unknown", {404, "NOT_FOUND", "Not found"}},
    {"route.method", {405, "METHOD_NOT_ALLOWED", "Method not allowed"}},
    {"token.missing", {401, "UNAUTHORIZED", "No token provided"}},
    {"token.expired", {401, "TOKEN_EXPIRED", "Token has expired"}},
    {"token.revoked", {401, "TOKEN_REVOKED", "Token has been revoked"}},
    {"token.stale", unavailable},
    {"token.keys_absent", unavailable},
    {"token.keys_awaited", unavailable},
    {"token.", invalid_token},
    {"jose.", invalid_token},
    {"assertion.", invalid_token},
    {"access.anonymous", {401, "UNAUTHORIZED", "Authentication required"}},
    {"access.denied", {403, "FORBIDDEN", "Insufficient permissions"}},
    {"credentials.wrong", {401, "INVALID_CREDENTIALS", "Invalid email or password"}},
    {"password.current", {400, "VALIDATION_ERROR", "Validation failed"}},
    {"refresh.invalid", {401, "INVALID_REFRESH_TOKEN", "Invalid refresh token"}},
    {"stock.insufficient", {409, "CONFLICT", "Not enough stock"}},
    {"product.unknown", {409, "CONFLICT", "No such product"}},
    {"order.currencies", {409, "CONFLICT", "The products are sold in different currencies"}},
    {"order.state", {409, "CONFLICT", "The order's state does not allow it"}},
    {"order.repeat_differs", {409, "CONFLICT", "The idempotency key was used for another request"}},
    {"order.key", {400, "BAD_REQUEST", "Malformed Idempotency-Key"}},
    {"product.changed", {412, "PRECONDITION_FAILED", "It has been changed meanwhile"}},
    {"account.locked", {403, "FORBIDDEN", "Account is locked"}},
    {"account.last_admin", {409, "CONFLICT", "It is the last admin"}},
    {"account.own", {409, "CONFLICT", "It is your own account"}},
    {"account.email_taken", {409, "CONFLICT", "Email is already registered"}},
    {"upstream.timeout", {504, "GATEWAY_TIMEOUT", "Upstream did not answer in time"}},
    {"upstream.unavailable", unavailable},
    {"upstream.", {502, "BAD_GATEWAY", "Bad gateway"}},
    {"client.gone", {400, "BAD_REQUEST", "Request body ended early"}},
    {"stream.timeout", {408, "BAD_REQUEST", "Request timed out"}},
    {"storage.corrupt", unavailable},
    {"sealed.corrupt", unavailable},
    {"keys.destroyed", unavailable},
    {"aead.corrupt", unavailable},
});

constexpr Problem problem_of_kind(Kind kind) {
    switch (kind) {
        case Kind::Invalid:
            return bad_request;
        case Kind::Unknown:
            return {401, "UNAUTHORIZED", "Authentication required"};
        case Kind::Denied:
            return {403, "FORBIDDEN", "Insufficient permissions"};
        case Kind::Absent:
            return {404, "NOT_FOUND", "Not found"};
        case Kind::Conflict:
            return {409, "CONFLICT", "Conflict with the current state"};
        case Kind::Exhausted:
        case Kind::Unavailable:
            return unavailable;
        case Kind::Corrupt:
            break;
    }
    return {500, "INTERNAL_ERROR", "Internal server error"};
}

// Adds `,"details":[…]` or `,"required":[…]`.
void append_payload(std::string& out, const Payload& payload) {
    if (const auto* fields = std::get_if<FieldErrors>(&payload)) {
        out += R"(,"details":[)";
        for (const FieldError& field : *fields) {
            if (out.back() != '[') out += ',';
            out += R"({"field":)";
            wire::append_json_string(out, field.field);
            out += R"(,"message":)";
            wire::append_json_string(out, field.message);
            out += '}';
        }
        out += ']';
    } else if (const auto* required = std::get_if<RequiredPermissions>(&payload)) {
        out += R"(,"required":[)";
        for (const std::string& name : required->names) {
            if (out.back() != '[') out += ',';
            wire::append_json_string(out, name);
        }
        out += ']';
    }
}

}  // namespace

Problem problem_of(const Error& error) {
    const auto* row = std::ranges::find_if(
        rule_rows, [&](const RuleRow& candidate) { return breaks_rule(error, candidate.rule); });
    return row != rule_rows.end() ? row->problem : problem_of_kind(error.kind);
}

std::string envelope_json(const Problem& problem, const Error& error) {
    std::string out = fmt::format(R"({{"success":false,"error":{{"code":"{}","message":"{}")",
                                  problem.code, problem.message);
    append_payload(out, error.payload);
    return out + "}}";
}

std::string problem_json(const Problem& problem, const Error& error) {
    std::string out =
        fmt::format(R"({{"type":"about:blank","title":"{}","status":{},"detail":"{}","code":"{}")",
                    reason_phrase(problem.status), problem.status, problem.message, problem.code);
    append_payload(out, error.payload);
    return out + "}";
}

}  // namespace merlon::http
