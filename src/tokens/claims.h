// Reads single claims out of a payload: dates, texts, audiences, and claims that a path leads to.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokens/access_token.h"

namespace merlon::tokens {

// A token that is refused (Unknown).
inline std::unexpected<Error> refuse(std::string_view rule, std::string detail = {}) {
    return fail(Kind::Unknown, rule, std::move(detail));
}

// The payload as a JSON object. Error: "token.claims" (Unknown).
Result<boost::json::object> parse_payload(std::string_view payload);

// A NumericDate (RFC 7519 section 2), whole seconds as ours are, of a year that a calendar knows.
// Text, null, fractions and 1e300 are none; a missing one must not read as "for ever".
std::optional<WallTime> date_of(const boost::json::object& claims, std::string_view name);

// An absent claim is empty text; one of another type, or with control bytes, is none at all.
std::optional<std::string> text_of(const boost::json::object& claims, std::string_view name);

// Whether a claim is this text, or lists it.
bool names(const boost::json::value* claim, std::string_view text);

// RFC 7519 leaves iat out where an issuer likes; ours always have it.
enum class IssueTime : std::uint8_t { Required, Optional };

// Fills the times of `token`. Errors (Unknown): "token.claims", "token.expired", "token.not_yet".
Result<> read_times(const boost::json::object& claims, IssueTime issue_time, WallTime now,
                    AccessToken& token);

// The claim that a path leads to, through objects: "realm_access.roles". A name that has dots
// itself is found as well: "https://shop.example/roles". Null: there is none.
const boost::json::value* find_claim(const boost::json::object& claims, std::string_view path);

// The words of a claim: of text, those between spaces (RFC 6749 section 3.3); of an array, its
// texts; of an object, its names, as ZITADEL lists roles. Views into the claim.
std::vector<std::string_view> words_of(const boost::json::value& claim);

}  // namespace merlon::tokens
