// Reading `limits`: how often a client may ask.
#include <algorithm>

#include "api/route_table.h"
#include "config/sections.h"
#include "config/service_place.h"
#include "gateway/limits/limit_table.h"

namespace merlon::config {
namespace {

void read_paths(Reader& limit, const std::string& name, std::vector<std::string>& out) {
    limit.texts("paths", out, "what counts: paths, or prefixes ending in /**");
    if (out.empty() && name != gateway::services_limit) {
        limit.problem("paths", "which paths? [\"/api/**\"]");
    }
    for (const std::string& path : out) {
        const auto segments = api::split_pattern(path);
        if (segments && path.find('{') == std::string::npos) continue;
        limit.problem("paths", "\"" + path + "\": a path, or one ending in /**");
    }
}

void read_limit(Reader limit, gateway::LimitSettings& out) {
    read_paths(limit, out.name, out.paths);
    read_hosts(limit, out.hosts);
    if (!out.hosts.empty() && (out.name == gateway::api_limit || out.name == "auth")) {
        limit.warning("host",
                      "requests on other hosts are not counted, and Merlon's own paths are on all "
                      "of them");
    }
    limit.seconds("window", out.window, "how long requests are counted together");
    if (out.window.count() < 1 || out.window.count() > gateway::LimitTable::window_seconds_max) {
        limit.problem("window", "must be from 1s to 194d");
    }
    limit.number("max", 1, gateway::LimitTable::count_max, out.max,
                 "requests of one client in a window");
    limit.boolean("skip_successful", out.skip_successful, "count only what fails");
    limit.choice("code", {"RATE_LIMIT_EXCEEDED", "TOO_MANY_AUTH_ATTEMPTS"}, out.code,
                 "error code of the 429");
    limit.finish();
}

}  // namespace

void read_limits(Reader limits, std::vector<gateway::LimitSettings>& out, int& ipv6_prefix) {
    constexpr std::string_view prefix_key = "ipv6_prefix";
    limits.number(prefix_key, 32, 128, ipv6_prefix,
                  "bits of an IPv6 address that make one client: a provider gives a /56 or more");
    // The seed's two, unless they are said otherwise; and one of ours for the routes of declared
    // services: a page of theirs has dozens of parts.
    out = {{std::string(gateway::api_limit), {"/api/**"}},
           {std::string(gateway::services_limit), {}, std::chrono::seconds{60}, 600},
           {"auth",
            {"/api/auth/login", "/api/auth/register"},
            std::chrono::seconds{900},
            5,
            true,
            "TOO_MANY_AUTH_ATTEMPTS",
            {}}};
    for (const std::string& name : limits.names()) {
        if (name == prefix_key) continue;
        if (std::ranges::find(out, name, &gateway::LimitSettings::name) != out.end()) continue;
        out.push_back({name, {}});
    }
    for (gateway::LimitSettings& limit : out) {
        read_limit(limits.section(limit.name, "a limit, by a name of its own"), limit);
    }
}

}  // namespace merlon::config
