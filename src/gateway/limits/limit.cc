// Makes a limit from its settings, and matches paths.
#include "gateway/limits/limit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "api/host_routes.h"
#include "wire/path.h"

namespace merlon::gateway {
namespace {

// The names that express services use: the general limit has none. Letters of an operator's name
// that mean something in a key are written out, and a name that could be the beginning of an IPv6
// address gets a prefix of its own.
std::string shared_prefix_of(const std::string& name) {
    if (name == api_limit) return "rl:";
    const auto is_hex = [](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; };
    std::string prefix = std::ranges::all_of(name, is_hex) ? "rl:limit-" : "rl:";
    for (const char c : name) {
        const bool is_plain =
            std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
        prefix +=
            is_plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return prefix + ":";
}

bool covers_path(const std::vector<std::string>& patterns, std::string_view path) {
    for (const std::string_view pattern : patterns) {
        if (!pattern.ends_with("/**")) {
            if (path == pattern) return true;
            continue;
        }
        const std::string_view prefix = pattern.substr(0, pattern.size() - 3);
        if (path.starts_with(prefix) &&
            (path.size() == prefix.size() || path[prefix.size()] == '/')) {
            return true;
        }
    }
    return false;
}

}  // namespace

Limit Limit::make(const LimitSettings& settings) {
    Limit limit;
    limit.name = settings.name;
    limit.id = std::hash<std::string>{}(settings.name);
    limit.paths = settings.paths;
    limit.hosts = settings.hosts;
    for (const std::string& path : limit.paths) {
        limit.folded_paths.push_back(wire::fold(path, wire::Folding::Both));
    }
    limit.rule = {std::min(settings.max, LimitTable::count_max),
                  static_cast<std::uint32_t>(settings.window.count())};
    limit.skips_successful = settings.skip_successful;
    if (settings.name == api_limit) limit.covers_beside_paths = CountedAs::Unknown;
    if (settings.name == services_limit) limit.covers_beside_paths = CountedAs::Service;
    limit.shared_prefix = shared_prefix_of(settings.name);
    limit.policy = fmt::format("{};w={}", limit.rule.max, limit.rule.window_seconds);
    limit.broken_rule = settings.code == "TOO_MANY_AUTH_ATTEMPTS" ? "limit.auth" : "limit.exceeded";
    return limit;
}

bool Limit::covers(const LimitedPath& requested, CountedAs counted_as) const {
    const bool is_for_host =
        hosts.empty() || std::ranges::any_of(hosts, [&](const std::string& named) {
            return api::is_host_of(named, requested.host);
        });
    const bool is_beside = counted_as != CountedAs::Path && counted_as == covers_beside_paths;
    return is_for_host &&
           (is_beside || covers_path(paths, requested.path) ||
            (!requested.folded.empty() && covers_path(folded_paths, requested.folded)));
}

}  // namespace merlon::gateway
