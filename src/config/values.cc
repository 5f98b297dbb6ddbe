// Strict parsers of configuration words.
#include "config/values.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/text.h"

namespace merlon::config {
namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

std::optional<std::uint64_t> parse_with_unit(std::string_view text, std::span<const Unit> units,
                                             std::uint64_t max) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto number = text::parse_number(text.substr(0, digits));
    const auto unit = std::ranges::find(units, text.substr(digits), &Unit::name);
    if (!number || unit == units.end() || *number > max / unit->factor) return std::nullopt;
    return *number * unit->factor;
}

std::string text_with_unit(std::uint64_t value, std::span<const Unit> units) {
    auto unit = units.end() - 1;
    while (unit != units.begin() && (value == 0 || value % unit->factor != 0)) --unit;
    return std::to_string(value / unit->factor).append(unit->name);
}

constexpr Unit duration_units[] = {
    {"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
constexpr Unit size_units[] = {
    {"B", 1},           {"", 1}, {"KiB", 1ULL << 10}, {"MiB", 1ULL << 20}, {"GiB", 1ULL << 30},
    {"TiB", 1ULL << 40}};

// An address as 16 network-order bytes (IPv4 in the last four) and how many of them count.
struct Address {
    std::array<unsigned char, 16> bytes{};
    std::size_t size = 0;
};

std::optional<Address> parse_address(const std::string& text) {
    Address address;
    if (::inet_pton(AF_INET, text.c_str(), address.bytes.data()) == 1) {
        address.size = 4;
    } else if (::inet_pton(AF_INET6, text.c_str(), address.bytes.data()) == 1) {
        address.size = 16;
    } else {
        return std::nullopt;
    }
    return address;
}

bool is_host(std::string_view host) {
    if (host.starts_with('[') && host.ends_with(']')) {
        const auto address = parse_address(std::string(host.substr(1, host.size() - 2)));
        return address && address->size == 16;
    }
    if (host.empty() || host.size() > 253) return false;
    for (const std::string_view label : text::split(host, '.')) {
        if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') {
            return false;
        }
    }
    return std::ranges::all_of(host, [](char c) {
        return text::is_alpha(c) || text::is_digit(c) || c == '-' || c == '.' || c == '_';
    });
}

bool is_port(std::string_view text) {
    const auto port = text::parse_number<std::uint16_t>(text);
    return port && *port != 0;
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
    constexpr std::uint64_t max = 3'650ULL * 86'400'000;
    const auto value = parse_with_unit(text, duration_units, max);
    if (!value) return std::nullopt;
    return std::chrono::milliseconds{*value};
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
    return parse_with_unit(text, size_units, 1ULL << 50);
}

std::string duration_text(std::chrono::milliseconds value) {
    return text_with_unit(static_cast<std::uint64_t>(value.count()), duration_units);
}

std::string size_text(std::uint64_t bytes) { return text_with_unit(bytes, size_units); }

std::optional<bool> parse_boolean(std::string_view text) {
    if (text == "true") return true;
    if (text == "false") return false;
    return std::nullopt;
}

std::optional<net::ListenAddress> parse_listen_address(std::string_view text) {
    if (text.starts_with("unix:")) {
        const std::string_view path = text.substr(5);
        // sun_path of Linux holds 107 bytes and a NUL.
        if (path.empty() || path.size() > 107) return std::nullopt;
        return net::ListenAddress{.unix_path = std::string(path)};
    }
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    std::string_view host = text.substr(0, colon);
    const bool bracketed = host.starts_with('[') && host.ends_with(']') && host.size() > 2;
    if (bracketed) host = host.substr(1, host.size() - 2);
    const auto port = text::parse_number<std::uint16_t>(text.substr(colon + 1));
    const auto address = parse_address(std::string(host));
    if (!port || !address || (address->size == 16) != bracketed) return std::nullopt;
    return net::ListenAddress{.host = std::string(host), .port = *port};
}

std::string listen_address_text(const net::ListenAddress& endpoint) {
    if (!endpoint.unix_path.empty()) return "unix:" + endpoint.unix_path;
    const bool is_ipv6 = endpoint.host.find(':') != std::string::npos;
    return (is_ipv6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" +
           std::to_string(endpoint.port);
}

bool is_local(const net::ListenAddress& endpoint) {
    const auto address = parse_address(endpoint.host);
    if (!address) return !endpoint.unix_path.empty();
    if (address->size == 4) return address->bytes[0] == 127;
    return endpoint.host == "::1";
}

bool is_private(const net::ListenAddress& endpoint) {
    if (is_local(endpoint)) return true;
    const auto address = parse_address(endpoint.host);
    if (!address) return false;
    const auto& b = address->bytes;
    if (address->size == 16) {
        return (b[0] & 0xfe) == 0xfc || (b[0] == 0xfe && (b[1] & 0xc0) == 0x80);
    }
    return b[0] == 10 || (b[0] == 172 && (b[1] & 0xf0) == 16) || (b[0] == 192 && b[1] == 168) ||
           (b[0] == 169 && b[1] == 254);
}

bool is_cidr(std::string_view text) {
    const std::size_t slash = text.find('/');
    const auto address = parse_address(std::string(text.substr(0, slash)));
    if (!address) return false;
    if (slash == std::string_view::npos) return true;
    const auto prefix = text::parse_number<std::size_t>(text.substr(slash + 1));
    if (!prefix || *prefix > address->size * 8) return false;
    for (std::size_t bit = *prefix; bit < address->size * 8; ++bit) {
        if ((address->bytes[bit / 8] >> (7 - bit % 8) & 1) != 0) return false;
    }
    return true;
}

std::optional<Url> parse_url(std::string_view text) {
    const std::size_t colon = text.find("://");
    if (colon == std::string_view::npos || colon == 0) return std::nullopt;
    for (const char c : text) {
        if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f ||
            c == '\\' || c == '#') {
            return std::nullopt;
        }
    }
    Url url{.scheme = text.substr(0, colon)};
    std::string_view authority = text.substr(colon + 3);
    if (const std::size_t end = authority.find_first_of("/?"); end != std::string_view::npos) {
        url.rest = authority.substr(end);
        authority = authority.substr(0, end);
    }
    if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
        url.user = authority.substr(0, at);
        if (url.user.empty() || url.user.find_first_of(":@") != std::string_view::npos) {
            return std::nullopt;
        }
        authority.remove_prefix(at + 1);
    }
    const std::size_t port = authority.rfind(':');
    if (port != std::string_view::npos && !authority.ends_with(']')) {
        url.port = authority.substr(port + 1);
        if (!is_port(url.port)) return std::nullopt;
        authority = authority.substr(0, port);
    }
    url.host = authority;
    if (!is_host(url.host)) return std::nullopt;
    return url;
}

bool is_field_name(std::string_view text) {
    constexpr std::size_t name_bytes_max = 256;
    return !text.empty() && text.size() <= name_bytes_max && std::ranges::all_of(text, [](char c) {
        return text::is_alpha(c) || text::is_digit(c) || c == '-' || c == '_';
    });
}

bool is_web_origin(std::string_view text) {
    const auto url = parse_url(text);
    if (!url || (url->scheme != "http" && url->scheme != "https")) return false;
    if (!url->user.empty() || !url->rest.empty() || text::to_lower(text) != text) return false;
    // A browser leaves the scheme's own port out, so such an origin would never match.
    return url->port != (url->scheme == "http" ? "80" : "443");
}

}  // namespace merlon::config
