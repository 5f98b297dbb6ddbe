// Finds the route of a request by its host, and then by its path as route_table.h does.
//
// A route is for named hosts, or for all. The most specific host that has the path for the method
// wins: the name itself, then the longest "*.…" that it ends in, then the routes of all hosts. So
// routes of different hosts never meet, and a host without a path of its own gives way to the
// routes of all hosts. Why so: docs/decisions/0021-a-host-is-looked-up-first.md.
#pragma once

#include <functional>
#include <span>
#include <unordered_map>

#include "api/route_table.h"

namespace merlon::api {

// A host as a configuration names it, in the form that is compared: "shop.example.com", or
// "*.example.com" for every name below it; lower case, no port, no dot at the end.
// Error: "route.host".
Result<std::string> parse_host(std::string_view text);

// Whether a host in normal form is the one that a configuration names, or below its wildcard.
bool is_host_of(std::string_view named, std::string_view host);

// The host of a Host field that admission accepted, in that form, into `out`.
void normalize_host(std::string_view authority, std::string& out);

// Built once per configuration. Hosts first, then routes.
template <class Route>
class HostRoutes {
public:
    // Gives each host, in the form of parse_host(), a table of its own.
    void add_hosts(std::span<const std::string> hosts) {
        for (const std::string& host : hosts) (void)table_of(host);
    }

    // For these hosts, or for all that have nothing more specific. Errors: those of
    // RouteTable::add.
    Result<const Route*> add(std::span<const std::string> hosts, std::string_view pattern,
                             const std::vector<wire::Method>& methods, Route route) {
        if (hosts.empty()) return any_.add(pattern, methods, std::move(route));
        const Route* added =
            MERLON_TRY(table_of(hosts.front()).add(pattern, methods, std::move(route)));
        for (const std::string& host : hosts.subspan(1)) {
            MERLON_TRY(table_of(host).add_borrowed(pattern, methods, added));
        }
        return added;
    }
    // Also in the tables of named hosts, so that there, too, the most specific path wins.
    Result<const Route*> add_everywhere(std::string_view pattern,
                                        const std::vector<wire::Method>& methods, Route route) {
        const Route* added = MERLON_TRY(any_.add(pattern, methods, std::move(route)));
        for (Hosts* hosts : {&names_, &suffixes_}) {
            for (auto& [host, table] : *hosts) {
                MERLON_TRY(table->add_borrowed(pattern, methods, added));
            }
        }
        return added;
    }

    bool have_hosts() const { return !names_.empty() || !suffixes_.empty(); }
    // Whether a route names the host, or a wildcard that it is below. `host` is normalized.
    bool names(std::string_view host) const {
        return visit(host, [&](const RouteTable<Route>& table) { return &table != &any_; });
    }

    // `host` is normalized; not looked at where no route names one.
    Match<Route> find(std::string_view host, wire::Method method, std::string_view path) const {
        if (!have_hosts()) return any_.find(method, path);
        Match<Route> found;
        wire::MethodSet methods = 0;
        visit(host, [&](const RouteTable<Route>& table) {
            found = table.find(method, path);
            methods |= found.methods;
            return found.route != nullptr;
        });
        found.methods = methods;
        return found;
    }

private:
    struct Hash : std::hash<std::string_view> {
        using is_transparent = void;
    };
    using Hosts =
        std::unordered_map<std::string, std::unique_ptr<RouteTable<Route>>, Hash, std::equal_to<>>;

    RouteTable<Route>& table_of(std::string_view host) {
        const bool is_wildcard = host.starts_with("*.");
        if (is_wildcard) host.remove_prefix(1);
        if (is_wildcard) suffix_bytes_max_ = std::max(suffix_bytes_max_, host.size());
        auto& table = (is_wildcard ? suffixes_ : names_)[std::string(host)];
        if (!table) table = std::make_unique<RouteTable<Route>>();
        return *table;
    }

    // The tables of a host, the most specific first, until `visitor` gives true: whether it did.
    template <class Visitor>
    bool visit(std::string_view host, Visitor visitor) const {
        const auto own = names_.find(host);
        if (own != names_.end() && visitor(*own->second)) return true;
        if (!suffixes_.empty()) {
            // No longer endings than there are wildcards: a host may have a hundred labels.
            std::size_t dot =
                host.find('.', host.size() - std::min(host.size(), suffix_bytes_max_));
            for (; dot != std::string_view::npos; dot = host.find('.', dot + 1)) {
                if (dot == 0) continue;
                const auto below = suffixes_.find(host.substr(dot));
                if (below != suffixes_.end() && visitor(*below->second)) return true;
            }
        }
        return visitor(any_);
    }

    RouteTable<Route> any_;
    Hosts names_;
    Hosts suffixes_;  // ".example.com"
    std::size_t suffix_bytes_max_ = 0;
};

}  // namespace merlon::api
