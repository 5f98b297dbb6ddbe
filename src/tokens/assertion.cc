// Signing and verifying assertions.
#include "tokens/assertion.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/text.h"
#include "tokens/verifier.h"
#include "wire/compact_jose.h"
#include "wire/json.h"
#include "wire/json_text.h"

namespace merlon::tokens {
namespace {

namespace json = boost::json;

std::int64_t seconds_of(WallTime time) {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

void add_text(std::string& out, std::string_view name, std::string_view value) {
    out += out.back() == '{' ? "\"" : ",\"";
    out.append(name).append("\":");
    wire::append_json_string(out, value);
}

std::string digest_text(std::string_view access_token) {
    return text::to_base64url(crypto::as_text(crypto::sha256(access_token)));
}

std::unexpected<Error> refuse(std::string_view rule, std::string detail = {}) {
    return fail(Kind::Unknown, rule, std::move(detail));
}

// Text without control characters: it goes into logs and header fields. Absent: empty.
Result<std::string> text_of(const json::object& claims, std::string_view name) {
    const json::value* value = claims.if_contains(name);
    if (value == nullptr) return std::string();
    const bool is_plain =
        value->is_string() && std::ranges::all_of(value->get_string(), [](char c) {
            return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
        });
    if (!is_plain) return refuse("assertion.claims", std::string(name));
    return std::string(value->get_string());
}

Result<std::int64_t> seconds_of(const json::object& claims, std::string_view name) {
    const json::value* value = claims.if_contains(name);
    constexpr std::int64_t year_5000 = 95'617'584'000;
    if (value == nullptr || !value->is_int64() || value->get_int64() < 0 ||
        value->get_int64() > year_5000) {
        return refuse("assertion.claims", std::string(name));
    }
    return value->get_int64();
}

Result<> read_times(const json::object& claims, WallTime now, Assertion& assertion) {
    const std::chrono::seconds issued{MERLON_TRY(seconds_of(claims, "iat"))};
    const std::chrono::seconds expires{MERLON_TRY(seconds_of(claims, "exp"))};
    // A caller does not give itself a longer life than the rest of the system counts on.
    if (expires <= issued || expires - issued > assertion_life) {
        return refuse("assertion.claims", "an assertion lasts a minute");
    }
    assertion.good_from = WallTime{issued} - leeway;
    assertion.good_until = WallTime{expires} + leeway;
    if (now < assertion.good_from) return refuse("assertion.not_yet");
    if (now >= assertion.good_until) return refuse("assertion.expired");
    return {};
}

Result<> read_asserted(const json::object& claims, Asserted& asserted) {
    asserted.user_id = MERLON_TRY(text_of(claims, "sub"));
    asserted.session_id = MERLON_TRY(text_of(claims, "sid"));
    asserted.role = MERLON_TRY(text_of(claims, "role"));
    if (asserted.user_id.empty()) return refuse("assertion.claims", "sub");
    const json::value* permissions = claims.if_contains("permissions");
    if (permissions == nullptr) return {};
    if (!permissions->is_array()) return refuse("assertion.claims", "permissions");
    for (const json::value& one : permissions->get_array()) {
        // What an access token may name, a foreign one too: separated by commas in header fields.
        const bool is_plain = one.is_string() && std::ranges::all_of(one.get_string(), [](char c) {
                                  return c > 0x20 && c < 0x7f && c != ',';
                              });
        if (!is_plain) return refuse("assertion.claims", "permissions");
        asserted.permissions.emplace_back(one.get_string());
    }
    return {};
}

}  // namespace

Result<std::string> sign_assertion(const Asserted& asserted, std::string_view access_token,
                                   const crypto::SpiffeId& caller, const crypto::SpiffeId& receiver,
                                   const crypto::SigningKey& key, WallTime now) {
    std::string header = "{";
    add_text(header, "alg", name(key.algorithm()));
    add_text(header, "typ", assertion_type);
    header += '}';
    std::string claims = "{";
    add_text(claims, "iss", caller.text());
    add_text(claims, "aud", receiver.text());
    add_text(claims, "sub", asserted.user_id);
    if (!asserted.session_id.empty()) add_text(claims, "sid", asserted.session_id);
    if (!asserted.role.empty()) add_text(claims, "role", asserted.role);
    if (!asserted.permissions.empty()) {
        claims += R"(,"permissions":[)";
        for (const std::string& permission : asserted.permissions) {
            if (claims.back() != '[') claims += ',';
            wire::append_json_string(claims, permission);
        }
        claims += ']';
    }
    add_text(claims, "ath", digest_text(access_token));
    fmt::format_to(std::back_inserter(claims), R"(,"iat":{},"exp":{}}})", seconds_of(now),
                   seconds_of(now) + assertion_life.count());
    std::string text = text::to_base64url(header) + "." + text::to_base64url(claims);
    const std::string signature = text::to_base64url(key.sign(text));
    text.append(".").append(signature);
    if (text.size() > assertion_bytes_max) {
        return fail(Kind::Invalid, "assertion.too_long");
    }
    return text;
}

Result<Assertion> verify_assertion(std::string_view assertion, const AssertionRules& rules,
                                   WallTime now) {
    const wire::CompactJws jws =
        MERLON_TRY(wire::CompactJws::parse(assertion, assertion_bytes_max));
    if (jws.type != assertion_type || jws.key_id) return refuse("assertion.type");
    MERLON_TRY(check_signature(jws, rules.key));
    const auto parsed = wire::parse_json(jws.payload, {.bytes = assertion_bytes_max, .depth = 4});
    if (!parsed || !parsed->is_object()) return refuse("assertion.claims", "no sound JSON object");
    const json::object& claims = parsed->get_object();
    if (MERLON_TRY(text_of(claims, "iss")) != rules.caller.text()) {
        return refuse("assertion.issuer");
    }
    // One receiver, as text: a list would make it good for others, too.
    if (MERLON_TRY(text_of(claims, "aud")) != rules.receiver.text()) {
        return refuse("assertion.audience");
    }
    Assertion read{.caller = rules.caller, .token_digest = crypto::sha256(rules.access_token)};
    if (MERLON_TRY(text_of(claims, "ath")) !=
        text::to_base64url(crypto::as_text(read.token_digest))) {
        return refuse("assertion.token");
    }
    MERLON_TRY(read_times(claims, now, read));
    MERLON_TRY(read_asserted(claims, read.asserted));
    return read;
}

Result<KeptAssertion> AssertionIssuer::issue(const AccessToken& token, std::string_view text,
                                             const crypto::SpiffeId& receiver, WallTime now) const {
    const auto kept =
        std::ranges::find(token.assertions, receiver.text(), &KeptAssertion::receiver);
    const bool is_known = kept != token.assertions.end();
    if (is_known && kept->is_good_at(now)) {
        kept->expect_text();
        return *kept;
    }
    const access::Subject& subject = token.subject;
    const std::string made = MERLON_TRY(
        sign_assertion({subject.user_id, token.session_id, subject.role, subject.permission_names},
                       text, caller_, receiver, *key_, now));
    KeptAssertion& place = is_known ? *kept : token.assertions.emplace_back();
    place = {receiver.text(), made, now, now + assertion_life - spare};
    return place;
}

Result<AssertionVerifier::Kept> AssertionVerifier::verify(std::string_view assertion,
                                                          const crypto::SpiffeId& caller,
                                                          const crypto::VerifyKey& key,
                                                          std::string_view access_token,
                                                          WallTime now) {
    const crypto::Sha256 digest = crypto::sha256(assertion);
    if (auto kept = cache_.find(digest, now)) {
        // What may differ between two calls with one text is asked every time.
        if (kept->caller != caller) return refuse("assertion.issuer");
        if (kept->token_digest != crypto::sha256(access_token)) return refuse("assertion.token");
        return kept;
    }
    auto read = std::make_shared<const Assertion>(
        MERLON_TRY(verify_assertion(assertion, {caller, key, receiver_, access_token}, now)));
    cache_.put(digest, read, read->good_from, read->good_until);
    return read;
}

}  // namespace merlon::tokens
