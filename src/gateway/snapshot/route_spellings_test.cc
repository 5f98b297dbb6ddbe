// Tests which declared routes count as confusable, and which route guards which spelling.
#include "gateway/snapshot/route_spellings.h"

#include <gtest/gtest.h>

#include "gateway/snapshot/snapshot.h"

namespace merlon::gateway {
namespace {

RouteSettings route(std::string path, Allow allow, std::vector<std::string> permissions = {}) {
    RouteSettings made;
    made.path = std::move(path);
    made.methods = {"GET"};
    made.allow = allow;
    made.permissions = std::move(permissions);
    return made;
}

ServiceSettings service(std::vector<RouteSettings> routes,
                        PathSpelling paths = PathSpelling::Guarded) {
    ServiceSettings made;
    made.name = "s";
    made.paths = paths;
    made.routes = std::move(routes);
    return made;
}

// "route < other", pair after pair.
std::string text_of(const std::vector<ConfusableRoutes>& pairs) {
    std::string text;
    for (const ConfusableRoutes& pair : pairs) {
        if (!text.empty()) text += "; ";
        text += pair.route->path + " < " + pair.other->path;
    }
    return text;
}

TEST(IndistinctRoutes, AreThoseThatOneSpellingMakesOneAndThatAskForDifferentThings) {
    using enum Allow;
    struct Case {
        std::vector<ServiceSettings> services;
        std::string_view pairs;
    };
    const Case cases[] = {
        {{service({route("/a", Public), route("/a/", Authenticated)})}, "/a/ < /a"},
        {{service({route("/a", Public), route("/A", Authenticated)})}, "/A < /a"},
        {{service({route("/a/**", Public), route("/a", Public), route("/A/**", Authenticated)})},
         "/A/** < /a/**"},
        {{service({route("/a/{id}", Permissions, {"p"}), route("/A/{other}/", Public)})},
         "/A/{other}/ < /a/{id}"},
        {{service({route("/a", Public)}), service({route("/A", Authenticated)})}, "/A < /a"},
        // The same demands, another method, exact services, or a mistake of another kind.
        {{service({route("/a", Public), route("/a/", Public)})}, ""},
        {{service({route("/a", Public), route("/a/", Authenticated)}, PathSpelling::Exact)}, ""},
        {{service({route("/a", Public)}),
          service({route("/A", Authenticated)}, PathSpelling::Exact)},
         ""},
        {{service({route("/a/{x}", Public), route("/a/{y}", Authenticated)})}, ""},
        {{service({route("/a", Public), route("/b", Authenticated)})}, ""},
    };
    for (const auto& [services, pairs] : cases) {
        EXPECT_EQ(text_of(indistinct_routes(services)), pairs) << services[0].routes[0].path;
    }
    ServiceSettings schema = service({route("/a", Public), route("/A", Public)});
    schema.routes[1].schema = "{}";
    EXPECT_EQ(text_of(indistinct_routes({{schema}})), "/A < /a");
    schema.routes[1].methods = {"POST"};
    EXPECT_EQ(text_of(indistinct_routes({{schema}})), "");
}

TEST(ShadowedRoutes, AreThoseOfWhichAWeakerRouteTakesOtherSpellings) {
    using enum Allow;
    struct Case {
        std::vector<ServiceSettings> services;
        std::string_view pairs;
    };
    const Case cases[] = {
        {{service({route("/c/**", Public), route("/c/admin", Permissions, {"p"})})},
         "/c/admin < /c/**"},
        {{service({route("/c/{id}", Authenticated), route("/c/mine", Permissions, {"p"})})},
         "/c/mine < /c/{id}"},
        {{service({route("/**", Permissions, {"p"}), route("/c/{id}/x/**", Permissions, {"q"})})},
         "/c/{id}/x/** < /**"},
        {{service({route("/c/**", Permissions, {"p"}), route("/c/x", Permissions, {"p", "q"})})},
         "/c/x < /c/**"},
        {{service({route("/c/**", Public), route("/c/caf%C3%A9", Authenticated)})},
         "/c/caf%C3%A9 < /c/**"},
        // A wider route that is as strict, or that takes no other spelling.
        {{service({route("/c/**", Permissions, {"p", "q"}), route("/c/x", Permissions, {"p"})})},
         ""},
        {{service({route("/c/**", Authenticated), route("/c/x", Public)})}, ""},
        {{service({route("/c/**", Public), route("/d/x", Authenticated)})}, ""},
        {{service({route("/c/**", Public), route("/c/x", Authenticated)}, PathSpelling::Exact)},
         ""},
        {{service({route("/c/**", Public)}, PathSpelling::Exact),
          service({route("/c/x", Authenticated)})},
         ""},
    };
    for (const auto& [services, pairs] : cases) {
        EXPECT_EQ(text_of(shadowed_routes(services)), pairs) << services[0].routes[0].path;
    }
}

TEST(Spellings, FindTheRoutesThatAnUpstreamMayReadAPathAs) {
    Spellings spellings;
    const std::string_view patterns[] = {"/c/**", "/c/admin", "/u/{id}", "/u/new", "/u/**"};
    std::array<Route, std::size(patterns)> routes;
    for (std::size_t i = 0; i < routes.size(); ++i) {
        routes[i].pattern = patterns[i];
        ASSERT_TRUE(spellings.add({}, patterns[i], {wire::Method::Get}, &routes[i]));
    }
    struct Case {
        std::string_view path;
        std::size_t matched;
        std::string_view guards;
    };
    const Case cases[] = {
        {"/c/admin", 1, ""},
        {"/c/other", 0, ""},
        {"/c/ADMIN", 0, "/c/admin "},
        {"/c/admin/", 0, "/c/admin "},
        {"/c/Admin/", 0, "/c/admin "},
        {"/c/Other/", 0, ""},
        {"/u/1/", 4, "/u/{id} "},
        // To a server that ignores only the slash it is a user called "New"; to one that ignores
        // case, too, it is the form for a new one.
        {"/u/New/", 4, "/u/{id} /u/new "},
    };
    for (const auto& [path, matched, expected] : cases) {
        std::string guards;
        Guards found;
        spellings.find("", wire::Method::Get, path, &routes[matched], found);
        for (const Route* guard : found.routes()) guards += guard->pattern + " ";
        EXPECT_EQ(guards, expected) << path;
        Guards none;
        spellings.find("", wire::Method::Post, path, &routes[matched], none);
        EXPECT_TRUE(none.routes().empty());
    }
}

TEST(Spellings, OfAPatternInCapitalsGuardItsSmallLetters) {
    Spellings spellings;
    Route wide;
    Route narrow;
    ASSERT_TRUE(spellings.add({}, "/c/**", {wire::Method::Get}, &wide));
    ASSERT_TRUE(spellings.add({}, "/c/{anId}/", {wire::Method::Get}, &narrow));
    Guards slash;
    spellings.find("", wire::Method::Get, "/c/1", &wide, slash);
    ASSERT_EQ(slash.routes().size(), 1U);
    EXPECT_EQ(slash.routes().front(), &narrow);
    Route capitals;
    ASSERT_TRUE(spellings.add({}, "/c/Export/x", {wire::Method::Get}, &capitals));
    Guards found;
    spellings.find("", wire::Method::Get, "/c/export/x", &wide, found);
    ASSERT_EQ(found.routes().size(), 1U);
    EXPECT_EQ(found.routes().front(), &capitals);
}

}  // namespace
}  // namespace merlon::gateway
