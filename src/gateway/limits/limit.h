// A rate limit: which paths it covers, how many requests it allows.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/limits/limit_table.h"

namespace merlon::gateway {

// Filled by config/.
struct LimitSettings {
    std::string name;                // api, auth, …
    std::vector<std::string> paths;  // patterns as of routes
    std::chrono::seconds window{900};
    std::uint32_t max = 100;
    bool skip_successful = false;
    std::string code = "RATE_LIMIT_EXCEEDED";
    std::string message;             // empty: the code's own
    std::vector<std::string> hosts;  // as of routes; empty: all
};

// What a request counts as, beside its path: one for a route of a declared service, which is not
// limit: none, or one for which there is no route.
enum class CountedAs : std::uint8_t { Path, Service, Unknown };

// The limits that have a part beside their paths.
inline constexpr std::string_view api_limit = "api";            // counts what has no route
inline constexpr std::string_view services_limit = "services";  // counts declared services' routes

// What a request counts by. Where an upstream may ignore the case of letters and a slash at the
// end, a limit of a path counts its other spellings, too.
struct LimitedPath {
    std::string_view path;         // canonical
    std::string_view folded = {};  // wire::Folding::Both; empty: only the path itself counts
    std::string_view host = {};    // normalized, where a limit names one
};

struct Limit {
    std::string name;
    std::uint64_t id;                // of the name: counters survive a reload that reorders limits
    std::vector<std::string> paths;  // literal, or ending in /**
    std::vector<std::string> folded_paths;
    std::vector<std::string> hosts;  // empty: all
    LimitRule rule;
    bool skips_successful = false;
    CountedAs covers_beside_paths = CountedAs::Path;
    std::string policy;            // "100;w=900"
    std::string shared_prefix;     // of its keys in Redis: "rl:", or "rl:NAME:"
    std::string_view broken_rule;  // "limit.exceeded", or "limit.auth"

    static Limit make(const LimitSettings& settings);

    bool has_unfolded_paths() const { return folded_paths != paths; }
    // Of the path, or as what it is beside that.
    bool covers(const LimitedPath& path, CountedAs counted_as) const;
};

}  // namespace merlon::gateway
