// Tests how URLs and cookies of a service are rewritten for the client.
#include "gateway/proxy/references.h"

#include <gtest/gtest.h>

namespace merlon::gateway {
namespace {

RelayRules rules(std::string prefix, std::string base, bool is_https = false) {
    RelayRules made;
    made.prefix = std::move(prefix);
    made.base = std::move(base);
    made.is_https = is_https;
    return made;
}

References of(const RelayRules& rules) { return {rules, "10.0.0.7:9000", "shop.example.com"}; }

struct Case {
    std::string_view said;
    std::string_view told;
};

TEST(References, OfAServiceWhosePrefixIsStrippedGetItBack) {
    const RelayRules stripped = rules("/catalog", "");
    const Case cases[] = {
        {"/", "/catalog/"},
        {"/items?a=/x#f", "/catalog/items?a=/x#f"},
        {"http://10.0.0.7:9000/items", "/catalog/items"},
        {"HTTP://10.0.0.7:9000", "/catalog/"},
        {"http://10.0.0.7:9000?x=1", "/catalog/?x=1"},
        {"//10.0.0.7:9000/items", "/catalog/items"},
        {"http://shop.example.com/items", "http://shop.example.com/catalog/items"},
        {"https://shop.example.com:443/items", "https://shop.example.com:443/catalog/items"},
        // Public already: a service that reads X-Forwarded-Prefix.
        {"/catalog", "/catalog"},
        {"/catalog/items", "/catalog/items"},
        {"https://shop.example.com/catalog/items", "https://shop.example.com/catalog/items"},
        {"/catalogs", "/catalog/catalogs"},
        // Nobody else's paths.
        {"https://10.0.0.7:9000/items", "https://10.0.0.7:9000/items"},  // not how it is spoken to
        {"http://10.0.0.7:9001/items", "http://10.0.0.7:9001/items"},
        {"https://idp.example/authorize?redirect_uri=http://10.0.0.7:9000/x",
         "https://idp.example/authorize?redirect_uri=http://10.0.0.7:9000/x"},
        {"//evil.example/x", "//evil.example/x"},
        {"items", "items"},
        {"../items", "../items"},
        {"?page=2", "?page=2"},
        {"", ""},
        {"mailto:a@b.example", "mailto:a@b.example"},
    };
    for (const auto& [said, told] : cases) EXPECT_EQ(map_reference(said, of(stripped)), told);
}

TEST(References, OfAServiceBelowABaseLoseIt) {
    const RelayRules based = rules("", "/v2");
    const Case cases[] = {
        {"/v2", "/"},
        {"/v2/items", "/items"},
        {"http://10.0.0.7:9000/v2/items", "/items"},
        {"/v20/items", "/v20/items"},  // not below it
        {"/other", "/other"},
        {"http://10.0.0.7:9000/other", "/other"},
    };
    for (const auto& [said, told] : cases) EXPECT_EQ(map_reference(said, of(based)), told);
    const RelayRules both = rules("/catalog", "/v2");
    EXPECT_EQ(map_reference("/v2/items", of(both)), "/catalog/items");
    EXPECT_EQ(map_reference("/v2", of(both)), "/catalog");
    EXPECT_EQ(map_reference("/items", of(both)), "/items");
}

// "//evil.example" alone is another host, and so is "/\evil.example" to browsers.
TEST(References, NeverBecomeAnotherHostByLosingTheirOwn) {
    const Case plain[] = {
        {"http://10.0.0.7:9000//evil.example/x", "/.//evil.example/x"},
        {"http://10.0.0.7:9000/\\evil.example/x", "/./\\evil.example/x"},
        {"http://10.0.0.7:9000\\evil.example", "http://10.0.0.7:9000\\evil.example"},
        {"http://10.0.0.7:9000/\t/evil.example", "http://10.0.0.7:9000/\t/evil.example"},
        {"http://10.0.0.7:9000@evil.example/", "http://10.0.0.7:9000@evil.example/"},
    };
    const RelayRules none = rules("", "");
    for (const auto& [said, told] : plain) EXPECT_EQ(map_reference(said, of(none)), told);
    const RelayRules based = rules("", "/v2");
    EXPECT_EQ(map_reference("/v2//evil.example", of(based)), "/.//evil.example");
    EXPECT_EQ(map_reference("/v2/\\evil.example", of(based)), "/./\\evil.example");
}

TEST(References, OfAServiceWithoutAPrefixLoseItsHostAlone) {
    const RelayRules none = rules("", "");
    EXPECT_EQ(map_reference("http://10.0.0.7:9000/items", of(none)), "/items");
    EXPECT_EQ(map_reference("/items", of(none)), "/items");
    // Its default port said or not.
    const RelayRules tls = rules("", "", true);
    const References references{tls, "api.internal:443", "shop.example.com"};
    EXPECT_EQ(map_reference("https://api.internal/items", references), "/items");
    // A service that gets the client's host and sends to https means that.
    const References kept{none, "shop.example.com", "shop.example.com"};
    EXPECT_EQ(map_reference("https://shop.example.com/x", kept), "https://shop.example.com/x");
    EXPECT_EQ(map_reference("http://shop.example.com/x", kept), "/x");
}

TEST(References, InRefreshAreRewrittenWhereABrowserReadsThem) {
    const RelayRules stripped = rules("/catalog", "");
    const Case cases[] = {
        {"5; url=/items", "5; url=/catalog/items"},
        {"0;URL=/items", "0;URL=/catalog/items"},
        {"5 , url = '/items'", "5 , url = '/catalog/items'"},
        {"5;url=\"http://10.0.0.7:9000/x\"", "5;url=\"/catalog/x\""},
        {"5; /items", "5; /catalog/items"},
        {"5", "5"},
        {"5;", "5;"},
        {"5; url=https://other.example/", "5; url=https://other.example/"},
        {"soon; url=/items", "soon; url=/items"},
        {"5; url='/unclosed", "5; url='/catalog/unclosed"},
        {"", ""},
    };
    for (const auto& [said, told] : cases) EXPECT_EQ(map_refresh(said, of(stripped)), told);
}

TEST(Cookies, GetThePathThatTheClientKnows) {
    const RelayRules stripped = rules("/catalog", "");
    const Case cases[] = {
        {"a=1", "a=1"},
        {"a=1; Path=/", "a=1; Path=/catalog"},
        {"a=1;path=/items; HttpOnly", "a=1; path=/catalog/items; HttpOnly"},
        {"a=/; Path=/catalog/x", "a=/; Path=/catalog/x"},
        {"a=1; Path=items", "a=1; Path=items"},  // browsers take their own default
        {"a=1; Path", "a=1; Path"},
        {"__Host-a=1; Path=/; Secure", "__Host-a=1; Path=/; Secure"},
        {"__Secure-a=1; Path=/; Secure", "__Secure-a=1; Path=/catalog; Secure"},
    };
    for (const auto& [said, told] : cases) EXPECT_EQ(map_cookie(said, of(stripped)), told);
    const RelayRules both = rules("/catalog", "/v2/shop");
    EXPECT_EQ(map_cookie("a=1; Path=/v2/shop/x", of(both)), "a=1; Path=/catalog/x");
    EXPECT_EQ(map_cookie("a=1; Path=/v2/shop", of(both)), "a=1; Path=/catalog");
    EXPECT_EQ(map_cookie("a=1; Path=/v2", of(both)), "a=1; Path=/catalog");  // it holds the base
    EXPECT_EQ(map_cookie("a=1; Path=/v2/other", of(both)), "a=1; Path=/v2/other");
    const RelayRules based = rules("", "/v2");
    EXPECT_EQ(map_cookie("a=1; Path=/v2", of(based)), "a=1; Path=/");
}

TEST(Cookies, LoseADomainThatIsTheServicesAndNotTheClients) {
    const RelayRules none = rules("", "");
    const References references{none, "app.internal:9000", "shop.example.com:8443"};
    const Case cases[] = {
        {"a=1; Domain=app.internal; Secure", "a=1; Secure"},
        {"a=1; Domain=.internal", "a=1"},
        {"a=1; domain=APP.INTERNAL", "a=1"},
        {"a=1; Domain=example.com", "a=1; Domain=example.com"},
        {"a=1; Domain=other.example", "a=1; Domain=other.example"},  // a browser refuses it
        {"a=1; Domain=nternal", "a=1; Domain=nternal"},              // a part of a label
    };
    for (const auto& [said, told] : cases) EXPECT_EQ(map_cookie(said, references), told);
}

TEST(RelayRules, AddTheBaseAndTakeThePrefixAndNeverLeaveTheBase) {
    struct Row {
        std::string_view prefix, base, path, sent;
    };
    const Row rows[] = {
        {"", "", "/", "/"},
        {"", "", "/items", "/items"},
        {"/catalog", "", "/catalog", "/"},
        {"/catalog", "", "/catalog/", "/"},
        {"/catalog", "", "/catalog/items/", "/items/"},
        {"/catalog", "/v2", "/catalog", "/v2"},
        {"/catalog", "/v2", "/catalog/", "/v2/"},
        {"/catalog", "/v2", "/catalog/x", "/v2/x"},
        {"", "/v2", "/", "/v2/"},
        {"", "/v2", "/x", "/v2/x"},
    };
    for (const auto& [prefix, base, path, sent] : rows) {
        std::string out;
        rules(std::string(prefix), std::string(base)).append_path(path, out);
        EXPECT_EQ(out, sent) << prefix << base << path;
    }
}

TEST(ServiceUrl, IsAServerAndABaseInCanonicalForm) {
    struct Row {
        std::string_view url, server, base;
    };
    const Row rows[] = {
        {"http://a:9000", "http://a:9000", ""},
        {"http://a:9000/", "http://a:9000", ""},
        {"https://a/v2/shop/", "https://a", "/v2/shop"},
        {"unix:/run/a.sock", "unix:/run/a.sock", ""},
        {"http://a/../b", "", ""},
        {"http://a//b", "", ""},
        {"http://a/b?c", "", ""},
        {"http://a?c", "", ""},
        {"http://a/b#c", "", ""},
        {"http://a/{b}", "", ""},
        {"http://a/%2e%2e/b", "", ""},
        {"http://a/b c", "", ""},
    };
    for (const auto& [url, server, base] : rows) {
        const auto parts = split_service_url(url);
        EXPECT_EQ(parts ? parts->server : "", server) << url;
        EXPECT_EQ(parts ? parts->base : "", base) << url;
    }
}

}  // namespace
}  // namespace merlon::gateway
