// Finds the route of a request. Built once per configuration; looked up without a lock and
// without an allocation; the cost of a look-up grows with the depth of the path, not with the
// number of routes.
//
// A pattern is a path of segments: a literal, {name} for exactly one segment, or ** as the last one
// for any number of segments, none included. The most specific pattern wins, compared segment by
// segment from the left: literal before {name} before **. A pattern without a route for the method
// gives way to a less specific one that has it; only when none has, the response is 405.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "wire/head.h"

namespace merlon::api {

inline constexpr std::size_t path_parameters_max = 8;

// What a lookup found. Borrows from the table and from the path.
template <class Route>
struct Match {
    const Route* route = nullptr;  // null: no route for this method
    // Those that patterns fitting the path have routes for; none: 404.
    wire::MethodSet methods = 0;
    std::array<std::string_view, path_parameters_max>
        parameters;  // in the pattern's order, encoded
    std::size_t parameter_count = 0;
};

// "GET, HEAD, OPTIONS" for the Allow field.
std::string allow_text(wire::MethodSet methods);

// Another route has the same pattern and method (Invalid).
inline constexpr std::string_view duplicate_route_rule = "route.duplicate";

template <class Route>
class RouteTable {
public:
    // Adds `route` for `methods` at `pattern`. HEAD comes with GET, unless a route names it.
    // Gives the route as the table keeps it, for the table's life.
    // Errors: "route.pattern" (no path of segments), duplicate_route_rule.
    Result<const Route*> add(std::string_view pattern, const std::vector<wire::Method>& methods,
                             Route route);
    // The same for a route that another table keeps, which outlives this one.
    Result<> add_borrowed(std::string_view pattern, const std::vector<wire::Method>& methods,
                          const Route* route);

    Match<Route> find(wire::Method method, std::string_view path) const;

private:
    struct Leaf {
        wire::MethodSet methods = 0;
        bool has_implied_head = false;  // GET's route, until one names HEAD itself
        std::vector<std::pair<wire::Method, const Route*>> routes;

        const Route* find(wire::Method method) const {
            if ((methods & wire::bit_of(method)) == 0) return nullptr;
            for (const auto& [its, route] : routes) {
                if (its == method) return route;
            }
            return nullptr;
        }
        void set(wire::Method method, const Route* route) {
            std::erase_if(routes, [&](const auto& one) { return one.first == method; });
            routes.emplace_back(method, route);
            methods |= wire::bit_of(method);
        }
    };
    struct Node {
        std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
        std::unique_ptr<Node> parameter;
        Leaf here;      // the pattern ends at this segment
        Leaf anything;  // the pattern goes on with **
    };

    Result<Leaf*> leaf_of(std::string_view pattern);
    static bool find_in(const Node& node, std::string_view rest, wire::Method method,
                        Match<Route>& match);
    static bool take(const Leaf& leaf, wire::Method method, Match<Route>& match);

    Node root_;
    std::vector<std::unique_ptr<Route>> routes_;
};

// The segments of a pattern. Error: "route.pattern".
Result<std::vector<std::string_view>> split_pattern(std::string_view pattern);

template <class Route>
Result<typename RouteTable<Route>::Leaf*> RouteTable<Route>::leaf_of(std::string_view pattern) {
    Node* node = &root_;
    for (const std::string_view segment : MERLON_TRY(split_pattern(pattern))) {
        if (segment == "**") return &node->anything;
        auto& child =
            segment.starts_with('{') ? node->parameter : node->literals[std::string(segment)];
        if (!child) child = std::make_unique<Node>();
        node = child.get();
    }
    return &node->here;
}

template <class Route>
Result<const Route*> RouteTable<Route>::add(std::string_view pattern,
                                            const std::vector<wire::Method>& methods, Route route) {
    routes_.push_back(std::make_unique<Route>(std::move(route)));
    MERLON_TRY(add_borrowed(pattern, methods, routes_.back().get()));
    return routes_.back().get();
}

template <class Route>
Result<> RouteTable<Route>::add_borrowed(std::string_view pattern,
                                         const std::vector<wire::Method>& methods,
                                         const Route* route) {
    constexpr auto get = wire::Method::Get;
    constexpr auto head = wire::Method::Head;
    Leaf* leaf = MERLON_TRY(leaf_of(pattern));
    for (const wire::Method method : methods) {
        const bool is_implied = method == head && leaf->has_implied_head;
        if (leaf->find(method) != nullptr && !is_implied) {
            return fail(
                Kind::Invalid, duplicate_route_rule,
                "two routes for " + std::string(wire::name(method)) + " " + std::string(pattern));
        }
        leaf->set(method, route);
        if (method == head) leaf->has_implied_head = false;
    }
    if (leaf->find(get) != nullptr && leaf->find(head) == nullptr) {
        leaf->set(head, leaf->find(get));
        leaf->has_implied_head = true;
    }
    return {};
}

template <class Route>
bool RouteTable<Route>::take(const Leaf& leaf, wire::Method method, Match<Route>& match) {
    match.methods |= leaf.methods;
    match.route = leaf.find(method);
    return match.route != nullptr;
}

template <class Route>
bool RouteTable<Route>::find_in(const Node& node, std::string_view rest, wire::Method method,
                                Match<Route>& match) {
    if (rest.empty()) return take(node.here, method, match) || take(node.anything, method, match);
    // `rest` begins with '/'.
    const std::size_t end = std::min(rest.find('/', 1), rest.size());
    const std::string_view segment = rest.substr(1, end - 1);
    if (const auto found = node.literals.find(segment); found != node.literals.end()) {
        if (find_in(*found->second, rest.substr(end), method, match)) return true;
    }
    if (node.parameter && !segment.empty()) {
        const std::size_t mine = match.parameter_count;
        match.parameters[match.parameter_count++] = segment;
        if (find_in(*node.parameter, rest.substr(end), method, match)) return true;
        match.parameter_count = mine;
    }
    return take(node.anything, method, match);
}

template <class Route>
Match<Route> RouteTable<Route>::find(wire::Method method, std::string_view path) const {
    Match<Route> match;
    find_in(root_, path, method, match);
    return match;
}

}  // namespace merlon::api
