// Maps references and cookies from a service's side to the client's.
#include "gateway/proxy/references.h"

#include <algorithm>
#include <optional>
#include <string>

#include "base/text.h"

namespace merlon::gateway {
namespace {

using text::equals_ignoring_case;
using wire::FieldId;

bool starts_with_ignoring_case(std::string_view text, std::string_view beginning) {
    return equals_ignoring_case(text.substr(0, beginning.size()), beginning);
}

// A URL parser removes tabs and line ends wherever they stand, and spaces at the ends (URL
// standard, section 4.4): with them "/ /evil" could become "//evil".
bool has_odd_byte(std::string_view value) {
    return std::ranges::any_of(
        value, [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; });
}

// Scheme, authority and the rest of a reference.
struct Parts {
    std::string_view scheme;     // "http", "https" or none
    std::string_view authority;  // none: the rest alone
    std::string_view rest;       // path, query, fragment
    bool has_authority = false;
};

Parts split(std::string_view value) {
    Parts parts;
    parts.rest = value;
    for (const std::string_view scheme : {"http", "https"}) {
        if (!starts_with_ignoring_case(value, scheme)) continue;
        if (value.substr(scheme.size()).starts_with("://")) {
            parts.scheme = scheme;
            parts.rest.remove_prefix(scheme.size() + 1);
        }
    }
    if (!parts.rest.starts_with("//")) return parts;
    // Browsers take '\' for '/' here.
    const std::size_t end = std::min(parts.rest.find_first_of("/\\?#", 2), parts.rest.size());
    parts.authority = parts.rest.substr(2, end - 2);
    parts.rest.remove_prefix(end);
    parts.has_authority = true;
    return parts;
}

std::string_view without_default_port(std::string_view authority, bool is_https) {
    const std::string_view port = is_https ? ":443" : ":80";
    if (authority.ends_with(port)) authority.remove_suffix(port.size());
    return authority;
}

bool is_same_authority(std::string_view a, std::string_view b, bool is_https) {
    return equals_ignoring_case(without_default_port(a, is_https),
                                without_default_port(b, is_https));
}

// The client's path for a service's, with what follows it; nothing where the service's is not its
// own. A path below the prefix is public already: a service that reads X-Forwarded-Prefix says it
// so.
std::optional<std::string> map_path(std::string_view rest, const RelayRules& rules) {
    const std::string_view path = rest.substr(0, rest.find_first_of("?#"));
    const std::string_view tail = rest.substr(path.size());
    if (!rules.base.empty() && !is_below(path, rules.base)) return std::nullopt;
    if (!rules.prefix.empty() && rules.base.empty() && is_below(path, rules.prefix)) {
        return std::string(rest);
    }
    std::string mapped = rules.prefix;
    mapped += path.substr(rules.base.size());
    if (mapped.empty()) mapped = "/";
    return mapped.append(tail);
}

// A path that stands alone must not be read as "//host".
std::string as_path_reference(std::string path) {
    const bool looks_like_host = path.size() > 1 && (path[1] == '/' || path[1] == '\\');
    return looks_like_host ? "/." + path : path;
}

}  // namespace

std::string map_reference(std::string_view value, const References& to) {
    std::string as_it_is(value);
    const Parts parts = split(value);
    if (has_odd_byte(value) || parts.rest.starts_with('\\')) return as_it_is;
    if (!parts.has_authority) {
        if (!value.starts_with('/')) return as_it_is;  // relative, or of another scheme
        auto path = map_path(value, to.rules);
        return path && *path != value ? as_path_reference(*std::move(path)) : as_it_is;
    }
    const std::string rest =
        parts.rest.starts_with('/') ? std::string(parts.rest) : "/" + std::string(parts.rest);
    const auto path = map_path(rest, to.rules);
    const bool is_https = parts.scheme.empty() ? to.rules.is_https : parts.scheme == "https";
    // The client knows neither the service's host nor how it is spoken to.
    if (is_https == to.rules.is_https &&
        is_same_authority(parts.authority, to.service_host, is_https)) {
        return as_path_reference(path.value_or(rest));
    }
    const bool is_public = is_same_authority(parts.authority, to.client_host, is_https);
    if (!is_public || !path || *path == rest) return as_it_is;
    return as_it_is.substr(0, value.size() - parts.rest.size()) + *path;
}

// "5; url=/x", as the HTML standard's "shared declarative refresh steps" read it.
std::string map_refresh(std::string_view value, const References& to) {
    std::size_t at = value.find_first_not_of("0123456789. \t");
    if (at == std::string_view::npos || at == 0) return std::string(value);
    if (value[at] == ';' || value[at] == ',') ++at;
    at = value.find_first_not_of(" \t", at);
    if (at == std::string_view::npos) return std::string(value);
    if (starts_with_ignoring_case(value.substr(at), "url")) {
        const std::size_t equals = value.find_first_not_of(" \t", at + 3);
        if (equals != std::string_view::npos && value[equals] == '=') {
            at = std::min(value.find_first_not_of(" \t", equals + 1), value.size());
        }
    }
    std::size_t end = value.size();
    if (at < end && (value[at] == '"' || value[at] == '\'')) {
        end = std::min(value.find(value[at], at + 1), end);
        ++at;
    }
    return std::string(value.substr(0, at))
        .append(map_reference(value.substr(at, end - at), to))
        .append(value.substr(end));
}

namespace {

// The path of a cookie: one that holds all of the service's paths is for its public ones, and no
// others.
std::string map_cookie_path(std::string_view path, const RelayRules& rules) {
    if (!path.starts_with('/')) return std::string(path);
    const bool holds_base = path == "/" || (!rules.base.empty() && is_below(rules.base, path)) ||
                            rules.base + "/" == path;
    if (holds_base) return rules.prefix.empty() ? "/" : rules.prefix;
    return map_path(path, rules).value_or(std::string(path));
}

std::string_view host_of(std::string_view authority) {
    const std::size_t bracket = authority.find(']');
    return authority.substr(0,
                            authority.find(':', bracket == std::string_view::npos ? 0 : bracket));
}

// RFC 6265 section 5.1.3.
bool domain_matches(std::string_view host, std::string_view domain) {
    if (equals_ignoring_case(host, domain)) return true;
    return host.size() > domain.size() && host[host.size() - domain.size() - 1] == '.' &&
           equals_ignoring_case(host.substr(host.size() - domain.size()), domain);
}

// A cookie for the service's host, which no browser would take from ours.
bool is_of_service_host(std::string_view domain, const References& to) {
    if (domain.starts_with('.')) domain.remove_prefix(1);
    return domain_matches(host_of(to.service_host), domain) &&
           !domain_matches(host_of(to.client_host), domain);
}

}  // namespace

std::string map_cookie(std::string_view value, const References& to) {
    // Its path is "/", or browsers refuse it (RFC 6265bis section 4.1.3.2).
    const bool has_fixed_path = starts_with_ignoring_case(value, "__Host-");
    std::size_t end = std::min(value.find(';'), value.size());
    std::string out(value.substr(0, end));
    while (end < value.size()) {
        const std::size_t begin = end + 1;
        end = std::min(value.find(';', begin), value.size());
        const std::string_view attribute = value.substr(begin, end - begin);
        const std::size_t equals = std::min(attribute.find('='), attribute.size());
        const std::string_view name = text::trim(attribute.substr(0, equals));
        const std::string_view said =
            text::trim(attribute.substr(std::min(equals + 1, attribute.size())));
        if (equals_ignoring_case(name, "domain") && is_of_service_host(said, to)) continue;
        if (equals_ignoring_case(name, "path") && !has_fixed_path) {
            const std::string path = map_cookie_path(said, to.rules);
            if (path != said) {
                out.append("; ").append(name).append("=").append(path);
                continue;
            }
        }
        out.append(";").append(attribute);
    }
    return out;
}

namespace {

// Whether the value may hold something that differs on the two sides. Where only the host does,
// most responses have none.
bool may_differ(const wire::Field& field, const RelayRules& rules) {
    if (rules.maps_paths()) return true;
    if (field.id != FieldId::SetCookie) return field.value.find("//") != std::string_view::npos;
    constexpr std::string_view name = "domain";
    return std::ranges::search(field.value, name, {}, text::lower).size() == name.size();
}

}  // namespace

void References::add(const wire::Field& field, http::FieldLines& out) const {
    if (!may_differ(field, rules)) return out.add(field.name, field.value);
    switch (field.id) {
        case FieldId::Location:
        case FieldId::ContentLocation:
            return out.add(field.name, map_reference(field.value, *this));
        case FieldId::Refresh:
            return out.add(field.name, map_refresh(field.value, *this));
        default:
            return out.add(field.name, map_cookie(field.value, *this));
    }
}

std::string destination_for(const RelayRules& rules, std::string_view service_host,
                            std::string_view path) {
    std::string out(rules.is_https ? "https://" : "http://");
    out += service_host;
    rules.append_path(path, out);
    return out;
}

}  // namespace merlon::gateway
