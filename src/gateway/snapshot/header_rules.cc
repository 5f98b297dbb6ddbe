// Compiles the rules of fields into lines and sets of names.
#include "gateway/snapshot/header_rules.h"

#include <array>
#include <utility>

namespace merlon::gateway {
namespace {

using text::equals_ignoring_case;
using wire::FieldId;

// What the seed's helmet call and its second middleware send (contract.md, "Headers").
constexpr auto security_headers = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"Content-Security-Policy",
     "default-src 'self';base-uri 'self';font-src 'self' https: data:;form-action 'self';"
     "frame-ancestors 'self';img-src 'self' data: https:;object-src 'none';script-src 'self';"
     "script-src-attr 'none';style-src 'self' 'unsafe-inline';upgrade-insecure-requests"},
    {"Strict-Transport-Security", "max-age=31536000; includeSubDomains"},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"X-XSS-Protection", "1; mode=block"},
    {"Referrer-Policy", "strict-origin-when-cross-origin"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Origin-Agent-Cluster", "?1"},
    {"X-DNS-Prefetch-Control", "off"},
    {"X-Download-Options", "noopen"},
    {"X-Permitted-Cross-Domain-Policies", "none"},
});

// What a response says of itself: a refusal says it of its own, or must not.
constexpr auto service_fields = std::to_array<std::string_view>({
    "Accept-Ranges",
    "Age",
    "Allow",
    "Cache-Control",
    "Content-Disposition",
    "Content-Language",
    "Content-Location",
    "ETag",
    "Expires",
    "Last-Modified",
    "Link",
    "Location",
    "Pragma",
    "Refresh",
    "Retry-After",
    "Set-Cookie",
    "WWW-Authenticate",
});

auto same_as(std::string_view name) {
    return [name](const std::string& other) { return equals_ignoring_case(name, other); };
}

// A layer's changes while they are gathered.
class Draft {
public:
    Draft() {
        for (const auto& [name, value] : security_headers) {
            set_.emplace_back(std::string(name), std::string(value));
        }
    }

    void apply(const HeaderSettings& layer) {
        for (const std::string& name : layer.remove) drop(name);
        for (const auto& [name, value] : layer.set) {
            drop(name);
            set_.emplace_back(name, value);
        }
        for (const std::string& name : layer.keep) {
            std::erase_if(dropped_, same_as(name));
            std::erase_if(kept_, same_as(name));
            kept_.push_back(name);
        }
    }

    // The value of a field that is set; null: it is not.
    const std::string* find(std::string_view name) const {
        const auto found = std::ranges::find_if(
            set_, [&](const auto& field) { return equals_ignoring_case(field.first, name); });
        return found != set_.end() ? &found->second : nullptr;
    }
    bool keeps(std::string_view name) const { return std::ranges::any_of(kept_, same_as(name)); }

    const auto& set() const { return set_; }
    const auto& kept() const { return kept_; }
    const auto& dropped() const { return dropped_; }

private:
    // Neither ours nor the service's is sent.
    void drop(const std::string& name) {
        std::erase_if(set_,
                      [&](const auto& field) { return equals_ignoring_case(field.first, name); });
        std::erase_if(kept_, same_as(name));
        dropped_.push_back(name);
    }

    std::vector<std::pair<std::string, std::string>> set_;
    std::vector<std::string> kept_;
    std::vector<std::string> dropped_;
};

bool is_of_service(std::string_view name) {
    return std::ranges::any_of(
        service_fields, [&](std::string_view one) { return equals_ignoring_case(one, name); });
}

bool begins_with(std::string_view name, std::string_view beginning) {
    return equals_ignoring_case(name.substr(0, beginning.size()), beginning);
}

// Of the message's frame or of its connection, in both directions.
bool is_of_connection(FieldId id) {
    switch (id) {
        case FieldId::Connection:
        case FieldId::ContentLength:
        case FieldId::TransferEncoding:
        case FieldId::Te:
        case FieldId::Trailer:
        case FieldId::KeepAlive:
        case FieldId::ProxyConnection:
        case FieldId::ProxyAuthenticate:
        case FieldId::ProxyAuthorization:
        case FieldId::Upgrade:
        case FieldId::Expect:
        case FieldId::SecWebSocketKey:
        case FieldId::SecWebSocketVersion:
            return true;
        default:
            return false;
    }
}

constexpr std::string_view of_connection = "frames the message, or is about one connection";
constexpr std::string_view said_by_merlon = "is what Merlon says itself";

}  // namespace

RequestRules RequestRules::make(const HeaderSettings& settings) {
    RequestRules rules;
    for (const std::string& name : settings.remove) rules.dropped.add(name);
    for (const auto& [name, value] : settings.set) {
        rules.dropped.add(name);
        rules.fields.add(name, value);
    }
    return rules;
}

ResponseRules ResponseRules::make(std::span<const HeaderSettings* const> layers) {
    Draft draft;
    for (const HeaderSettings* layer : layers) draft.apply(*layer);
    ResponseRules rules;
    for (const std::string& name : draft.kept()) {
        const std::size_t before = rules.lines().size();
        if (const std::string* value = draft.find(name)) rules.lines_.add(name, *value);
        rules.kept_.push_back({name, rules.lines().size() - before});
        rules.kept_names_.add(name);
    }
    for (const auto& [name, value] : draft.set()) {
        if (draft.keeps(name)) continue;
        (is_of_service(name) ? rules.service_lines_ : rules.lines_).add(name, value);
    }
    for (const std::string& name : draft.dropped()) rules.dropped_.add(name);
    return rules;
}

std::string ResponseRules::lines_in_the_clear() const {
    constexpr std::string_view name = "Strict-Transport-Security:";
    std::string out;
    for (std::string_view rest = lines(); !rest.empty();) {
        const std::string_view line = rest.substr(0, rest.find('\n') + 1);
        rest.remove_prefix(line.size());
        if (!begins_with(line, name)) out += line;
    }
    return out;
}

std::string_view ResponseRules::add_unsaid(const wire::ResponseHead& response,
                                           const wire::ConnectionOptions& options,
                                           std::string_view own, http::FieldLines& out) const {
    for (const Kept& kept : kept_) {
        const bool is_said = !options.names(kept.name) &&
                             std::ranges::any_of(response.fields, [&](const wire::Field& field) {
                                 return equals_ignoring_case(field.name, kept.name);
                             });
        if (!is_said) out.add_lines(own.substr(0, kept.line_bytes));
        own.remove_prefix(kept.line_bytes);
    }
    return own;
}

bool is_security_header(std::string_view name) {
    return std::ranges::any_of(security_headers, [&](const auto& field) {
        return equals_ignoring_case(field.first, name);
    });
}

std::string_view request_rule_fault(std::string_view name) {
    if (begins_with(name, "Sec-WebSocket-") || begins_with(name, "Merlon-")) return of_connection;
    const FieldId id = wire::field_id(name);
    if (is_of_connection(id)) return of_connection;
    switch (id) {
        case FieldId::Host:
            return "is decided by preserve_host";
        case FieldId::Identity:
        case FieldId::Forwarding:
        case FieldId::XRequestId:
        case FieldId::Traceparent:
        case FieldId::XForwardedFor:
        case FieldId::XForwardedProto:
        case FieldId::XForwardedPort:
        case FieldId::XForwardedHost:
            return said_by_merlon;
        case FieldId::Override:
            return "has the power to change a request after it was judged";
        case FieldId::ContentType:
            return "says what the body is, which is judged by it";
        case FieldId::Destination:
            return "names a path, which is judged";
        case FieldId::Other:
            return wire::may_be_read_as_another(name) ? "is read as another name by CGI servers"
                                                      : "";
        default:
            return {};
    }
}

std::string_view response_rule_fault(std::string_view name) {
    if (begins_with(name, "Sec-WebSocket-") || begins_with(name, "Merlon-")) return of_connection;
    const FieldId id = wire::field_id(name);
    if (is_of_connection(id)) return of_connection;
    switch (id) {
        case FieldId::Date:
        case FieldId::XRequestId:
        case FieldId::Identity:
            return said_by_merlon;
        case FieldId::Vary:
            return "is what caches need to tell responses apart";
        case FieldId::ContentType:
            return "says what the body is";
        case FieldId::ResponsePolicy:
            return is_security_header(name) ? "" : "is decided by cors and limits";
        default:
            return {};
    }
}

}  // namespace merlon::gateway
