// The words of a configuration: durations, sizes, addresses, URLs. Pure; each has one spelling.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/settings.h"

namespace merlon::config {

// 250ms, 10s, 15m, 2h, 7d: a whole number and a unit, at most 3,650 days.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

// 512, 8KiB, 1MiB, 4GiB: bytes.
std::optional<std::uint64_t> parse_size(std::string_view text);

// The same words back, in the largest unit that is exact.
std::string duration_text(std::chrono::milliseconds value);
std::string size_text(std::uint64_t bytes);

// true or false, nothing else: `yes`, `on` and `1` mean different things to different readers.
std::optional<bool> parse_boolean(std::string_view text);

// 127.0.0.1:3000, [::1]:3000, unix:/path. Addresses, not names: a name's meaning can change.
std::optional<net::ListenAddress> parse_listen_address(std::string_view text);
std::string listen_address_text(const net::ListenAddress& endpoint);

// Reachable only from this machine: a loopback address or a Unix socket.
bool is_local(const net::ListenAddress& endpoint);
// Reachable from this machine or a private network (RFC 1918, RFC 4193, link-local).
bool is_private(const net::ListenAddress& endpoint);

// 10.0.0.0/8, 2001:db8::/32, or one address. Bits behind the prefix must be zero.
bool is_cidr(std::string_view text);

// The parts of scheme://[user@]host[:port][/path][?query]. A password, a fragment, white space,
// controls and backslashes are refused. Borrows the text.
struct Url {
    std::string_view scheme;
    std::string_view user;
    std::string_view host;  // with the brackets of an IPv6 address
    std::string_view port;
    std::string_view rest;  // from the path on
};
std::optional<Url> parse_url(std::string_view text);

// Letters, digits, - and _: what header fields are called in practice. Not *, which means nothing
// in a list of CORS with credentials.
bool is_field_name(std::string_view text);

// scheme://host[:port] in lower case, as browsers send it in Origin (RFC 6454 section 7).
bool is_web_origin(std::string_view text);

}  // namespace merlon::config
