// Names of variables that Kubernetes makes of a Service.
#include "config/cluster_variables.h"

#include <algorithm>
#include <array>

namespace merlon::config {
namespace {

bool is_number(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool is_address(std::string_view value) {
    constexpr auto schemes = std::to_array<std::string_view>({"tcp://", "udp://", "sctp://"});
    return std::ranges::any_of(schemes, [&](auto scheme) { return value.starts_with(scheme); });
}

// "8080_TCP", or that with _ADDR, _PORT or _PROTO.
bool is_port_detail(std::string_view text) {
    const std::size_t end = text.find('_');
    if (end == std::string_view::npos || !is_number(text.substr(0, end))) return false;
    constexpr auto details = std::to_array<std::string_view>({"", "_ADDR", "_PORT", "_PROTO"});
    for (const std::string_view protocol : {"TCP", "UDP", "SCTP"}) {
        const std::string_view rest = text.substr(end + 1);
        if (!rest.starts_with(protocol)) continue;
        return std::ranges::find(details, rest.substr(protocol.size())) != details.end();
    }
    return false;
}

}  // namespace

bool is_cluster_variable(std::string_view name, std::string_view value) {
    if (!name.starts_with("MERLON_") || name.contains("__")) return false;
    if (name.ends_with("_SERVICE_HOST")) return true;
    constexpr std::string_view service_port = "_SERVICE_PORT";
    if (const std::size_t at = name.find(service_port); at != std::string_view::npos) {
        const std::string_view rest = name.substr(at + service_port.size());
        return rest.empty() || rest.starts_with('_');  // _SERVICE_PORT_HTTP: of a named port
    }
    if (name.ends_with("_PORT") && is_address(value)) return true;
    constexpr std::string_view port = "_PORT_";
    const std::size_t at = name.find(port);
    return at != std::string_view::npos && is_port_detail(name.substr(at + port.size()));
}

}  // namespace merlon::config
