// The admission rules, for requests and for upstream answers.
#include "wire/admission.h"

#include <algorithm>

#include "base/text.h"
#include "wire/connection_options.h"

namespace merlon::wire {
namespace {

std::unexpected<Error> refuse(std::string_view rule) { return fail(Kind::Invalid, rule); }

// Fields of which a second one would let two readers pick different values.
bool is_single(FieldId id) {
    switch (id) {
        case FieldId::Authorization:
        case FieldId::ContentType:
        case FieldId::Expect:
        case FieldId::Origin:
        case FieldId::XRequestId:
        case FieldId::Traceparent:
        case FieldId::AccessControlRequestMethod:
        case FieldId::IdempotencyKey:
        case FieldId::SecWebSocketKey:
        case FieldId::SecWebSocketVersion:
        case FieldId::Destination:
            return true;
        default:
            return false;
    }
}

// What the framing fields of a message say, before anything is concluded from them.
struct FramingFields {
    const Field* length = nullptr;
    const Field* encoding = nullptr;
    ConnectionOptions connection;

    // The rule that refuses the field, which stands twice and must not or lists too much; empty:
    // none.
    std::string_view take(const Field& field) {
        switch (field.id) {
            case FieldId::ContentLength:
                if (std::exchange(length, &field) == nullptr) return {};
                return "framing.content_length";
            case FieldId::TransferEncoding:
                if (std::exchange(encoding, &field) == nullptr) return {};
                return "framing.transfer_encoding";
            case FieldId::Connection:
                return connection.take(field.value) ? "" : "framing.connection";
            default:
                return {};
        }
    }

    bool persists(int version_minor) const {
        return !connection.closes() && (version_minor == 1 || connection.keeps_alive());
    }
};

// reg-name or IP literal with an optional port (RFC 9110 section 7.2): no userinfo, path or list.
bool is_host(std::string_view host) {
    if (host.empty() || host.size() > 255) return false;
    std::string_view name = host;
    std::string_view port;
    if (host.front() == '[') {
        const std::size_t end = host.find(']');
        if (end == std::string_view::npos || end < 3) return false;
        name = host.substr(1, end - 1);
        port = host.substr(end + 1);
        const bool is_literal = std::ranges::all_of(name, [](char c) {
            return text::is_digit(c) || (text::lower(c) >= 'a' && text::lower(c) <= 'f') ||
                   c == ':' || c == '.';
        });
        if (!is_literal) return false;
    } else {
        const std::size_t colon = host.find(':');
        name = host.substr(0, colon);
        port = colon == std::string_view::npos ? std::string_view() : host.substr(colon);
        const bool is_name = !name.empty() && std::ranges::all_of(name, [](char c) {
            return text::is_digit(c) || text::is_alpha(c) || c == '-' || c == '.' || c == '_';
        });
        if (!is_name) return false;
    }
    if (port.empty()) return true;
    const auto number = text::parse_number<std::uint16_t>(port.substr(1));
    return port.front() == ':' && number && *number > 0;
}

// Visible ASCII without '#': a fragment is never sent, 8-bit bytes are not percent-encoded.
bool is_target(std::string_view target) {
    return std::ranges::all_of(target, [](char c) { return c > 0x20 && c < 0x7f && c != '#'; });
}

Result<> check_target(const RequestHead& head, std::string_view host) {
    if (head.target == "*" && head.method == Method::Options) return {};
    return require_own_reference(head.target, host);
}

// RFC 9112 section 6.3, for a request.
Result<Framing> request_body(const FramingFields& framing, int version_minor) {
    if (framing.encoding != nullptr) {
        if (framing.length != nullptr) return refuse("framing.both_lengths");
        // Exactly "chunked": no list, no parameter, no quotes, not on HTTP/1.0.
        if (version_minor == 0 || !text::equals_ignoring_case(framing.encoding->value, "chunked")) {
            return refuse("framing.transfer_encoding");
        }
        return Framing{BodyKind::Chunked, 0};
    }
    if (framing.length == nullptr) return Framing{};
    // 18 digits cannot overflow anything that is added to them.
    const std::string_view digits = framing.length->value;
    const auto length = text::parse_number<std::uint64_t>(digits);
    const bool is_digits = !digits.empty() && std::ranges::all_of(digits, text::is_digit);
    if (!is_digits || !length) return refuse("framing.content_length");
    if (digits.size() > 18) return refuse("body.too_large");
    return Framing{*length > 0 ? BodyKind::Length : BodyKind::None, *length};
}

}  // namespace

Result<> require_own_reference(std::string_view target, std::string_view host) {
    if (!is_target(target)) return refuse("target.malformed");
    if (target.starts_with('/')) return {};
    // Absolute form (RFC 9112 section 3.2.2): must be taken, and must name the host that Host does.
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!text::equals_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
        const std::string_view rest = target.substr(scheme.size());
        const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
        if (!text::equals_ignoring_case(authority, host)) return refuse("target.host");
        return {};
    }
    return refuse("target.malformed");
}

bool lists_token(std::string_view list, std::string_view token) {
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        if (text::equals_ignoring_case(text::trim(list.substr(0, comma)), token)) return true;
        if (comma == std::string_view::npos) return false;
        list.remove_prefix(comma + 1);
    }
    return false;
}

Result<Admitted> admit(const RequestHead& head) {
    Admitted admitted;
    FramingFields framing;
    const Field* host = nullptr;
    const Field* upgrade = nullptr;
    const Field* expect = nullptr;
    const Field* websocket_key = nullptr;
    const Field* websocket_version = nullptr;
    std::uint64_t seen = 0;

    for (const Field& field : head.fields) {
        if (field.id != FieldId::Other && is_single(field.id)) {
            const std::uint64_t bit = std::uint64_t{1} << static_cast<unsigned>(field.id);
            if ((seen & bit) != 0) return refuse("framing.duplicate_field");
            seen |= bit;
        }
        if (const std::string_view rule = framing.take(field); !rule.empty()) return refuse(rule);
        switch (field.id) {
            case FieldId::Host:
                if (std::exchange(host, &field) != nullptr) return refuse("host.duplicate");
                break;
            case FieldId::Upgrade:
                upgrade = &field;
                break;
            case FieldId::Expect:
                expect = &field;
                break;
            case FieldId::SecWebSocketKey:
                websocket_key = &field;
                break;
            case FieldId::SecWebSocketVersion:
                websocket_version = &field;
                break;
            default:
                break;
        }
    }

    // HTTP/1.0 has no Host, and probes that speak it send none: what they may have is the handler's
    // to say.
    if (host == nullptr && head.version_minor > 0) return refuse(missing_host_rule);
    if (host != nullptr) {
        if (!is_host(host->value)) return refuse("host.malformed");
        admitted.host = host->value;
    }
    MERLON_TRY(check_target(head, admitted.host));

    admitted.body = MERLON_TRY(request_body(framing, head.version_minor));
    admitted.keep_alive = framing.persists(head.version_minor);

    if (expect != nullptr) {
        if (!text::equals_ignoring_case(expect->value, "100-continue")) {
            return refuse("framing.expectation");
        }
        admitted.expects_continue = head.version_minor == 1 && admitted.body.kind != BodyKind::None;
    }
    // An Upgrade that is not a whole WebSocket handshake has no meaning here and is ignored, as RFC
    // 9110 section 7.8 allows: Java's client offers h2c with every POST. No upstream sees it. A
    // handshake has no body: some servers switch before it.
    const bool is_upgrade = upgrade != nullptr && framing.connection.upgrades();
    if (is_upgrade && text::equals_ignoring_case(upgrade->value, "websocket")) {
        if (admitted.body.kind != BodyKind::None) return refuse("framing.upgrade");
        admitted.wants_websocket = head.method == Method::Get && head.version_minor == 1 &&
                                   websocket_key != nullptr && websocket_key->value.size() == 24 &&
                                   websocket_version != nullptr && websocket_version->value == "13";
    }
    return admitted;
}

Result<AdmittedResponse> admit_response(const ResponseHead& head, Method method) {
    AdmittedResponse admitted;
    FramingFields framing;
    for (const Field& field : head.fields) {
        if (!framing.take(field).empty()) return refuse("upstream.framing");
    }
    admitted.keep_alive = framing.persists(head.version_minor);

    std::uint64_t length = 0;
    if (framing.length != nullptr) {
        const auto parsed = text::parse_number<std::uint64_t>(framing.length->value);
        if (!parsed || framing.length->value.size() > 18 || framing.encoding != nullptr) {
            return refuse("upstream.framing");
        }
        length = *parsed;
    }
    if (framing.encoding != nullptr &&
        (head.version_minor == 0 ||
         !text::equals_ignoring_case(framing.encoding->value, "chunked"))) {
        return refuse("upstream.framing");
    }

    const bool has_no_body =
        method == Method::Head || head.status < 200 || head.status == 204 || head.status == 304;
    if (has_no_body) {
        admitted.body = {BodyKind::None, 0};
    } else if (framing.encoding != nullptr) {
        admitted.body = {BodyKind::Chunked, 0};
    } else if (framing.length != nullptr) {
        admitted.body = {length > 0 ? BodyKind::Length : BodyKind::None, length};
    } else {
        admitted.body = {BodyKind::UntilClose, 0};
        admitted.keep_alive = false;
    }
    return admitted;
}

}  // namespace merlon::wire
