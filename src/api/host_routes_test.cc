// Tests of the choice of a route by its host.
#include "api/host_routes.h"

#include <gtest/gtest.h>

namespace merlon::api {
namespace {

using wire::Method;

constexpr auto get = Method::Get;

TEST(Host, HasOneForm) {
    struct Case {
        std::string_view text;
        std::string_view form;  // empty: refused
    };
    const Case cases[] = {
        {"shop.example.com", "shop.example.com"},
        {"Shop.EXAMPLE.com", "shop.example.com"},
        {"shop.example.com.", "shop.example.com"},  // the root's dot
        {"*.example.com", "*.example.com"},
        {"localhost", "localhost"},
        {"127.0.0.1", "127.0.0.1"},
        {"[::1]", "[::1]"},
        {"xn--bcher-kva.example", "xn--bcher-kva.example"},
        {"", ""},
        {"*", ""},
        {"*.", ""},
        {"*example.com", ""},  // a part of a label
        {"shop.*.com", ""},    // on the left only
        {"*.*.example.com", ""},
        {"shop..example.com", ""},
        {"shop.example.com:8443", ""},
        {"https://shop.example.com", ""},
        {"shop.example.com/x", ""},
        {"shop example.com", ""},
        {"b\xc3\xbc"
         "cher.example",
         ""},  // as browsers send it: xn--…
        {"::1", ""},
    };
    for (const auto& [text, form] : cases) {
        const auto parsed = parse_host(text);
        EXPECT_EQ(parsed ? *parsed : "", form) << text;
        if (!parsed) EXPECT_EQ(parsed.error().rule, "route.host") << text;
    }
}

TEST(Host, OfARequestLosesItsPortItsCapitalsAndTheDotAtItsEnd) {
    struct Case {
        std::string_view authority;
        std::string_view host;
    };
    const Case cases[] = {
        {"shop.example.com", "shop.example.com"},
        {"SHOP.example.com:8443", "shop.example.com"},
        {"shop.example.com.:443", "shop.example.com"},
        {"[::1]:3000", "[::1]"},
        {"[2001:DB8::1]", "[2001:db8::1]"},
        {"", ""},  // HTTP/1.0
    };
    std::string out = "what was there before";
    for (const auto& [authority, host] : cases) {
        normalize_host(authority, out);
        EXPECT_EQ(out, host);
    }
}

TEST(Host, IsOfANameThatIsItsOwnOrOfAWildcardAboveIt) {
    EXPECT_TRUE(is_host_of("a.example", "a.example"));
    EXPECT_FALSE(is_host_of("a.example", "b.a.example"));
    EXPECT_TRUE(is_host_of("*.example", "a.example"));
    EXPECT_TRUE(is_host_of("*.example", "b.a.example"));
    for (const std::string_view host : {"example", ".example", "aexample", "a.example.evil", ""}) {
        EXPECT_FALSE(is_host_of("*.example", host)) << host;
    }
}

class Routes : public ::testing::Test {
protected:
    void add(const std::vector<std::string>& hosts, std::string_view pattern, std::string name,
             const std::vector<Method>& methods = {get}) {
        routes.add_hosts(hosts);
        ASSERT_TRUE(routes.add(hosts, pattern, methods, std::move(name)));
    }
    std::string find(std::string_view host, std::string_view path, Method method = get) const {
        const auto match = routes.find(host, method, path);
        return match.route != nullptr ? *match.route : "";
    }

    HostRoutes<std::string> routes;
};

TEST_F(Routes, OfTheMostSpecificHostWin) {
    add({"shop.example.com"}, "/**", "name");
    add({"*.example.com"}, "/**", "wildcard");
    add({"*.eu.example.com"}, "/**", "longer wildcard");
    add({}, "/**", "all");
    EXPECT_EQ(find("shop.example.com", "/x"), "name");
    EXPECT_EQ(find("blog.example.com", "/x"), "wildcard");
    EXPECT_EQ(find("a.b.example.com", "/x"), "wildcard");  // any number of labels
    EXPECT_EQ(find("de.eu.example.com", "/x"), "longer wildcard");
    EXPECT_EQ(find("example.com", "/x"), "all");     // not below itself
    EXPECT_EQ(find("badexample.com", "/x"), "all");  // no part of a label
    EXPECT_EQ(find("shop.example.com.evil.net", "/x"), "all");
    EXPECT_EQ(find(".example.com", "/x"), "all");
    EXPECT_EQ(find("", "/x"), "all");
}

TEST_F(Routes, OfDifferentHostsNeverCollide) {
    add({"a.example"}, "/x", "a");
    add({"b.example"}, "/x", "b");
    add({}, "/x", "all");
    EXPECT_EQ(find("a.example", "/x"), "a");
    EXPECT_EQ(find("b.example", "/x"), "b");
    EXPECT_FALSE(routes.add({}, "/x", {get}, "again"));
    const std::vector<std::string> both{"c.example", "b.example"};
    EXPECT_FALSE(routes.add(both, "/x", {get}, "again"));
}

TEST_F(Routes, WithoutThePathOrTheMethodGiveWayToThoseOfAllHosts) {
    add({"a.example"}, "/x", "a");
    add({}, "/x", "all", {Method::Post});
    add({}, "/y", "all");
    EXPECT_EQ(find("a.example", "/y"), "all");
    EXPECT_EQ(find("a.example", "/x", Method::Post), "all");
    const auto match = routes.find("a.example", Method::Put, "/x");
    EXPECT_EQ(allow_text(match.methods), "GET, HEAD, POST, OPTIONS");
    EXPECT_EQ(find("c.example", "/x"), "");
}

TEST_F(Routes, ThatAreEverywhereAreNoLessSpecificThanThoseOfAHost) {
    const std::vector<std::string> hosts{"blog.example", "*.blog.example"};
    routes.add_hosts(hosts);
    ASSERT_TRUE(routes.add_everywhere("/api/auth/login", {Method::Post}, "login"));
    ASSERT_TRUE(routes.add(hosts, "/**", {get, Method::Post}, "blog"));
    for (const std::string_view host : {"blog.example", "a.blog.example"}) {
        EXPECT_EQ(find(host, "/api/auth/login", Method::Post), "login");
        EXPECT_EQ(find(host, "/api/auth/other", Method::Post), "blog");
    }
    EXPECT_EQ(find("other.example", "/api/auth/login", Method::Post), "login");
}

TEST_F(Routes, KnowTheHostsThatTheyName) {
    EXPECT_FALSE(routes.have_hosts());
    add({"a.example", "*.b.example"}, "/x", "x");
    EXPECT_TRUE(routes.have_hosts());
    EXPECT_TRUE(routes.names("a.example"));
    EXPECT_TRUE(routes.names("c.b.example"));
    for (const std::string_view host : {"b.example", "evil.example", ""}) {
        EXPECT_FALSE(routes.names(host)) << host;
    }
}

}  // namespace
}  // namespace merlon::api
