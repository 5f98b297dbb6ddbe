// The one form of a host's name.
#include "api/host_routes.h"

#include <algorithm>

#include "base/eight_bytes.h"
#include "base/text.h"

namespace merlon::api {
namespace {

// RFC 1035 section 2.3.4.
constexpr std::size_t name_bytes_max = 253;
constexpr std::size_t label_bytes_max = 63;

bool is_label(std::string_view label) {
    const bool has_size = !label.empty() && label.size() <= label_bytes_max;
    return has_size && std::ranges::all_of(label, [](char c) {
               return text::is_digit(c) || text::is_alpha(c) || c == '-' || c == '_';
           });
}

bool is_name(std::string_view name) {
    if (name.size() > name_bytes_max) return false;
    return std::ranges::all_of(text::split(name, '.'), is_label);
}

bool is_ipv6_literal(std::string_view host) {
    return host.size() > 4 && host.starts_with('[') && host.ends_with(']') &&
           std::ranges::all_of(host.substr(1, host.size() - 2), [](char c) {
               return text::is_digit(c) || (text::lower(c) >= 'a' && text::lower(c) <= 'f') ||
                      c == ':' || c == '.';
           });
}

}  // namespace

Result<std::string> parse_host(std::string_view text) {
    const auto refuse = [&](std::string_view why) {
        return fail(Kind::Invalid, "route.host",
                    "\"" + std::string(text) + "\": " + std::string(why));
    };
    std::string host = text::to_lower(text);
    if (host.ends_with('.')) host.pop_back();
    if (host == "*") return refuse("every host is what a service without a host has");
    if (host.find("://") != std::string::npos) return refuse("a name, not a URL");
    const std::string_view name = std::string_view(host).substr(host.starts_with("*.") ? 2 : 0);
    if (is_ipv6_literal(host) || is_name(name)) return host;
    if (name.find(':') != std::string_view::npos) {
        return refuse("a name without a port: a service answers on all ports");
    }
    return refuse("must be a name such as shop.example.com, or *.example.com");
}

bool is_host_of(std::string_view named, std::string_view host) {
    if (!named.starts_with("*.")) return named == host;
    named.remove_prefix(1);
    return host.size() > named.size() && host.ends_with(named);
}

namespace {

// Whether the text is in normal form, as most clients send it: there is no port, no capital letter,
// and no dot at its end.
bool is_normal(std::string_view authority) {
    if (authority.empty() || authority.back() == '.') return false;
    return !any_of_eight_bytes(authority, '.', [](std::uint64_t bytes) {
        return bytes_at_least(bytes, ':') & ~bytes_at_least(bytes, 'Z' + 1);
    });
}

}  // namespace

void normalize_host(std::string_view authority, std::string& out) {
    if (is_normal(authority)) {
        out = authority;
        return;
    }
    const std::size_t bracket = authority.find(']');
    const std::size_t port = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
    std::string_view host = authority.substr(0, port);
    if (host.ends_with('.')) host.remove_suffix(1);
    out.resize(host.size());
    std::ranges::transform(host, out.begin(), text::lower);
}

}  // namespace merlon::api
