// Field names and their identifiers.
#include "wire/fields.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/eight_bytes.h"
#include "base/text.h"
#include "wire/proxy_claims.h"

namespace merlon::wire {
namespace {

struct NameRow {
    std::string_view name;  // lower case
    FieldId id;
};

constexpr auto named_fields = std::to_array<NameRow>({
    {"host", FieldId::Host},
    {"connection", FieldId::Connection},
    {"content-length", FieldId::ContentLength},
    {"transfer-encoding", FieldId::TransferEncoding},
    {"te", FieldId::Te},
    {"trailer", FieldId::Trailer},
    {"keep-alive", FieldId::KeepAlive},
    {"proxy-connection", FieldId::ProxyConnection},
    {"proxy-authenticate", FieldId::ProxyAuthenticate},
    {"proxy-authorization", FieldId::ProxyAuthorization},
    {"upgrade", FieldId::Upgrade},
    {"expect", FieldId::Expect},
    {"authorization", FieldId::Authorization},
    {"origin", FieldId::Origin},
    {"content-type", FieldId::ContentType},
    {"accept", FieldId::Accept},
    {"access-control-request-method", FieldId::AccessControlRequestMethod},
    {"x-request-id", FieldId::XRequestId},
    {"traceparent", FieldId::Traceparent},
    {"x-forwarded-for", FieldId::XForwardedFor},
    {"sec-websocket-key", FieldId::SecWebSocketKey},
    {"sec-websocket-version", FieldId::SecWebSocketVersion},
    {"user-agent", FieldId::UserAgent},
    {"if-match", FieldId::IfMatch},
    {"idempotency-key", FieldId::IdempotencyKey},
    {"date", FieldId::Date},
    {"vary", FieldId::Vary},
    {"location", FieldId::Location},
    {"content-location", FieldId::ContentLocation},
    {"refresh", FieldId::Refresh},
    {"set-cookie", FieldId::SetCookie},
    {"destination", FieldId::Destination},
    {"x-user-id", FieldId::Identity},
    {"x-user-email", FieldId::Identity},
    {"x-user-role", FieldId::Identity},
    {"x-user-permissions", FieldId::Identity},
    {"merlon-assertion", FieldId::Identity},
    {"x-forwarded-proto", FieldId::XForwardedProto},
    {"x-forwarded-port", FieldId::XForwardedPort},
    {"x-forwarded-host", FieldId::XForwardedHost},
    {"x-real-ip", FieldId::Forwarding},
    {"x-original-url", FieldId::Override},
    {"x-rewrite-url", FieldId::Override},
    {"x-http-method-override", FieldId::Override},
    {"x-http-method", FieldId::Override},
    {"x-method-override", FieldId::Override},
    {"x-middleware-subrequest", FieldId::Override},
    {"proxy", FieldId::Override},
    {"content-security-policy", FieldId::ResponsePolicy},
    {"strict-transport-security", FieldId::ResponsePolicy},
    {"x-content-type-options", FieldId::ResponsePolicy},
    {"x-frame-options", FieldId::ResponsePolicy},
    {"x-xss-protection", FieldId::ResponsePolicy},
    {"referrer-policy", FieldId::ResponsePolicy},
    {"cross-origin-opener-policy", FieldId::ResponsePolicy},
    {"cross-origin-resource-policy", FieldId::ResponsePolicy},
    {"origin-agent-cluster", FieldId::ResponsePolicy},
    {"x-dns-prefetch-control", FieldId::ResponsePolicy},
    {"x-download-options", FieldId::ResponsePolicy},
    {"x-permitted-cross-domain-policies", FieldId::ResponsePolicy},
    {"access-control-allow-origin", FieldId::ResponsePolicy},
    {"access-control-allow-credentials", FieldId::ResponsePolicy},
    {"access-control-allow-methods", FieldId::ResponsePolicy},
    {"access-control-allow-headers", FieldId::ResponsePolicy},
    {"access-control-expose-headers", FieldId::ResponsePolicy},
    {"access-control-max-age", FieldId::ResponsePolicy},
    {"ratelimit", FieldId::ResponsePolicy},
    {"ratelimit-policy", FieldId::ResponsePolicy},
    {"ratelimit-limit", FieldId::ResponsePolicy},
    {"ratelimit-remaining", FieldId::ResponsePolicy},
    {"ratelimit-reset", FieldId::ResponsePolicy},
    {"server", FieldId::ServerVersion},
    {"x-powered-by", FieldId::ServerVersion},
});

constexpr auto names = [] {
    std::array<NameRow, named_fields.size() + proxy_claims.size()> all{};
    const auto rest = std::ranges::copy(named_fields, all.begin()).out;
    std::ranges::transform(proxy_claims, rest, [](std::string_view name) {
        return NameRow{name, FieldId::ProxyClaim};
    });
    return all;
}();
static_assert(names.size() < 256);  // rows are counted in a byte

// Length, first and last letter spread the names over the table; a slot holds the first row of its
// chain, rows of one chain follow each other by `next`.
constexpr std::size_t slot_count = 512;
constexpr std::size_t slot_of(std::string_view name) {
    const auto first = static_cast<unsigned char>(text::lower(name.front()));
    const auto last = static_cast<unsigned char>(text::lower(name.back()));
    return (name.size() * 7 + first * 31 + last * 131) % slot_count;
}

struct Index {
    std::array<std::uint8_t, slot_count> first{};   // row + 1; 0: none
    std::array<std::uint8_t, names.size()> next{};  // row + 1; 0: none
};

constexpr Index index = [] {
    Index made;
    for (std::size_t row = 0; row < names.size(); ++row) {
        std::uint8_t& head = made.first[slot_of(names[row].name)];
        made.next[row] = head;
        head = static_cast<std::uint8_t>(row + 1);
    }
    return made;
}();

// Whether `token` is `name`, which is in lower case, whatever its own case. One bit tells the cases
// of a letter apart, and none of the other characters of our names is another token's with that
// bit. Eight at a time: a head has many names.
bool is_same_name(std::string_view name, std::string_view token) {
    constexpr std::uint64_t lower_case = 0x2020'2020'2020'2020;
    if (name.size() != token.size()) return false;
    if (name.size() < sizeof lower_case) return text::equals_ignoring_case(name, token);
    const auto differ_at = [&](std::size_t at) {
        std::uint64_t theirs = 0;
        std::uint64_t ours = 0;
        std::memcpy(&theirs, token.data() + at, sizeof theirs);
        std::memcpy(&ours, name.data() + at, sizeof ours);
        return (theirs | lower_case) ^ ours;
    };
    std::uint64_t difference = differ_at(name.size() - sizeof lower_case);
    for (std::size_t at = 0; at + sizeof lower_case < name.size(); at += sizeof lower_case) {
        difference |= differ_at(at);
    }
    return difference == 0;
}

bool is_of_proxy_claim_family(std::string_view name) {
    if (name.size() < 3) return false;
    const char first = text::lower(name[0]);
    const bool may_be =
        (first == 'x' && name[1] == '-') || (first == 's' && text::lower(name[1]) == 's');
    if (!may_be) return false;
    const char third = text::lower(name[2]);
    return std::ranges::any_of(proxy_claim_families, [&](std::string_view family) {
        return family[2] == third && is_same_name(family, name.substr(0, family.size()));
    });
}

constexpr bool is_folded_character(char c) {
    return !text::is_alpha(c) && !text::is_digit(c) && c != '-';
}

// In a token those are below '-', '.', '`', and what is above 'z' with the bit of small letters.
bool has_folded_character(std::string_view token) {
    return any_of_eight_bytes(token, '-', [](std::uint64_t bytes) {
        constexpr std::uint64_t each = 0x0101'0101'0101'0101;
        const auto equals = [&](char c) {
            return ~bytes_at_least(bytes ^ (each * static_cast<unsigned char>(c)), 1);
        };
        constexpr std::uint64_t high_bits = each * 0x80;
        return (~bytes_at_least(bytes, '-') | equals('.') | equals('`') |
                bytes_at_least(bytes | (each * 0x20), 'z' + 1)) &
               high_bits;
    });
}

}  // namespace

FieldId field_id(std::string_view name) {
    if (name.empty()) return FieldId::Other;
    for (std::uint8_t row = index.first[slot_of(name)]; row != 0; row = index.next[row - 1]) {
        if (is_same_name(names[row - 1].name, name)) return names[row - 1].id;
    }
    return is_of_proxy_claim_family(name) ? FieldId::ProxyClaim : FieldId::Other;
}

bool may_be_read_as_another(std::string_view name) {
    if (!has_folded_character(name)) return false;
    if (name.find('_') != std::string_view::npos) return true;
    // Longer than every name of ours; a family shows at its beginning.
    std::array<char, 64> folded{};
    const std::string_view beginning = name.substr(0, folded.size());
    std::ranges::transform(beginning, folded.begin(),
                           [](char c) { return is_folded_character(c) ? '-' : c; });
    return field_id({folded.data(), beginning.size()}) != FieldId::Other;
}

}  // namespace merlon::wire
