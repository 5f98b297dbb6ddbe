// The stages of a request, over a real connection, with an upstream that the test plays.
#include "gateway/request_path.h"

#include "base/text.h"
#include "gateway/test_kit.h"

namespace merlon::gateway {
namespace {

using namespace testing;

class Path : public ::testing::Test {
protected:
    void SetUp() override {
        RouteSettings catalog = open_route("/catalog/{id}", {"GET", "POST"});
        catalog.allow = Allow::Permissions;
        catalog.permissions = {"read:products"};
        RouteSettings management = open_route("/management/**", {"GET"});
        management.allow = Allow::Permissions;
        management.permissions = {"delete:products"};
        RouteSettings items = open_route("/items", {"POST", "GET"});
        items.schema =
            R"({"type":"object","required":["name"],"properties":{"name":{"type":"string"}}})";
        RouteSettings free = open_route("/free", {"GET"});
        free.limited = false;
        gateway.settings.services = {service_of(
            {listener.url()}, {open_route("/open/**", {"GET"}), catalog, management, items, free})};
        gateway.settings.cors.origins = {"https://shop.example"};
        gateway.settings.public_url = "https://api.example/base";
        gateway.settings.limits = {{"api", {"/api/**"}}};
        gateway.server_settings.trusted_proxies = {"127.0.0.1/32"};
    }
    // The head and body of one request's answer, on a connection of its own.
    std::string ask(std::string_view method, std::string_view target, std::string_view fields = "",
                    std::string_view body = "") {
        Wire client = gateway.connect();
        client.send(std::string(method) + " " + std::string(target) +
                    " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + std::string(fields) + "\r\n" +
                    std::string(body));
        return client.read_all();
    }
    // The same, answered 200 by the upstream; gives what the upstream got.
    std::string forwarded(std::string_view method, std::string_view target,
                          std::string_view fields = "", std::string_view body = "") {
        std::string got;
        std::jthread upstream([&] {
            Wire link = listener.accept();
            got = link.read_head();
            if (const auto at = got.find("Content-Length: "); at != std::string::npos) {
                const std::string_view length = std::string_view(got).substr(at + 16);
                got += link.read(
                    text::parse_number<std::size_t>(length.substr(0, length.find('\r'))).value());
            }
            link.send(
                "HTTP/1.1 200 OK\r\nConnection: close\r\nServer: x\r\nContent-Length: 2\r\n"
                "X-Frame-Options: ALLOW\r\n\r\nok");
        });
        answer = ask(method, target, fields, body);
        upstream.join();
        return got;
    }
    static bool has(const std::string& text, std::string_view part) {
        return text.find(part) != std::string::npos;
    }

    Listener listener;
    Gateway gateway;
    std::string answer;
};

TEST_F(Path, StopsAtTheFirstStageThatRefuses) {
    gateway.start();
    const std::string token = "Authorization: Bearer " + gateway.token(std::chrono::hours{1});
    struct Case {
        std::string_view method, target;
        std::string fields;
        std::string_view status, text;
    };
    const Case cases[] = {
        {"GET", "/nowhere", "", "404", R"("code":"NOT_FOUND")"},
        {"GET", "/open/..%2fx", "", "400", R"("code":"BAD_REQUEST")"},
        {"DELETE", "/catalog/1", "", "405", "Allow: GET, HEAD, POST, OPTIONS"},
        {"OPTIONS", "/catalog/1", "", "204", "Allow: GET, HEAD, POST, OPTIONS"},
        {"GET", "/catalog/1", "", "401", "WWW-Authenticate: Bearer\r\n"},
        {"GET", "/catalog/1", "Authorization: Basic eDp5\r\n", "401", "No token provided"},
        {"GET", "/catalog/1", "Authorization: Bearer x.y.z\r\n", "401", "invalid_token"},
        {"GET", "/management/1", token + "\r\n", "403", R"("required":["delete:products"])"},
        {"GET", "/open/x", "Origin: https://evil.example\r\n", "403", "Not allowed by CORS"},
        {"OPTIONS", "/open/x",
         "Origin: https://shop.example\r\nAccess-Control-Request-Method: GET\r\n", "204",
         "Access-Control-Max-Age: 86400"},
        {"GET", "/nowhere", "Accept: application/problem+json\r\n", "404",
         R"("type":"about:blank")"},
        {"GET", "/health", "", "200", R"({"status":"ok"})"},
    };
    for (const auto& [method, target, fields, status, text] : cases) {
        const std::string got = ask(method, target, fields);
        EXPECT_TRUE(got.starts_with("HTTP/1.1 " + std::string(status))) << target << fields << got;
        EXPECT_TRUE(has(got, text)) << got;
        EXPECT_TRUE(has(got, "X-Frame-Options: DENY\r\n")) << got;
        EXPECT_TRUE(has(got, "X-Request-ID: ")) << got;
    }
    EXPECT_TRUE(has(ask("GET", "/x y z"), "400"));  // refused before it was a request
    EXPECT_EQ(gateway.path->open_streams().size(), 0U);
}

TEST_F(Path, TheUpstreamLearnsWhoCallsAndNothingTheCallerMadeUp) {
    gateway.start();
    const std::string got = forwarded(
        "GET", "/catalog/a?q=1",
        "Authorization: Bearer " + gateway.token(std::chrono::hours{1}) +
            "\r\nX-User-Id: root\r\nX_User_Role: admin\r\nConnection: X-User-Id, X-Other\r\n"
            "X-Other: x\r\nX-Keep: y\r\nX-Request-ID: from-proxy\r\n"
            "X-Forwarded-For: 10.9.9.9, 203.0.113.7\r\nX-Forwarded-Proto: https\r\n");
    EXPECT_TRUE(got.starts_with("GET /catalog/a?q=1 HTTP/1.1\r\n")) << got;
    for (const std::string_view line :
         {"X-User-Id: u-1\r\n", "X-User-Email: a@b.example\r\n", "X-User-Role: user\r\n",
          "X-User-Permissions: read:products\r\n", "X-Keep: y\r\n", "X-Request-ID: from-proxy\r\n",
          "X-Forwarded-For: 203.0.113.7\r\n", "X-Forwarded-Proto: https\r\n",
          "X-Forwarded-Host: x\r\n", "traceparent: 00-"}) {
        EXPECT_TRUE(has(got, line)) << line << got;
    }
    for (const std::string_view part : {"root", "admin", "X-Other"}) {
        EXPECT_FALSE(has(got, part)) << part << got;
    }
    EXPECT_TRUE(has(answer, "X-Frame-Options: DENY"));
    EXPECT_FALSE(has(answer, "ALLOW") || has(answer, "Server:")) << answer;
}

TEST_F(Path, ABodyGoesOnAsItWasJudged) {
    gateway.start();
    const std::string json = "Content-Type: application/json\r\n";
    EXPECT_TRUE(forwarded("POST", "/items", json + "Content-Length: 27\r\n",
                          R"({ "name":"a","admin":true} )")
                    .ends_with("\r\n\r\n{\"name\":\"a\"}"));
    EXPECT_TRUE(forwarded("POST", "/items", json + "Transfer-Encoding: chunked\r\n",
                          "5\r\n{\"nam\r\n7\r\ne\":\"a\"}\r\n0\r\n\r\n")
                    .ends_with("Content-Length: 12\r\n\r\n{\"name\":\"a\"}"));
    EXPECT_TRUE(forwarded("GET", "/items").starts_with("GET /items"));  // no body, nothing to judge
    EXPECT_TRUE(has(ask("POST", "/items", json + "Content-Length: 2\r\n", "{}"),
                    R"("details":[{"field":"name","message":"\"name\" is required"}])"));
    EXPECT_TRUE(has(ask("POST", "/items", "Content-Length: 2\r\n", "{}"), " 415 "));
    EXPECT_TRUE(has(ask("POST", "/items", json + "Content-Length: 1\r\n", "{"), " 400 "));
    // Half a body, then the end of the client's side.
    Wire client = gateway.connect();
    client.send("POST /items HTTP/1.1\r\nHost: x\r\n" + json + "Content-Length: 99\r\n\r\n{");
    client.finish_writing();
    EXPECT_TRUE(client.read_all().starts_with("HTTP/1.1 400"));
}

TEST_F(Path, ABodyOfAnyMethodIsJudgedWhereTheRouteHasASchema) {
    gateway.settings.services[0].routes[3].methods = {"POST", "GET", "DELETE"};
    gateway.start();
    const std::string json = "Content-Type: application/json\r\n";
    for (const std::string_view method : {"GET", "DELETE"}) {
        EXPECT_TRUE(has(ask(method, "/items", json + "Content-Length: 2\r\n", "{}"), " 400 "));
        EXPECT_TRUE(has(ask(method, "/items", "Content-Length: 2\r\n", "{}"), " 415 "));
        EXPECT_TRUE(has(
            ask(method, "/items", json + "Transfer-Encoding: chunked\r\n", "1\r\n{\r\n0\r\n\r\n"),
            " 400 "));
        EXPECT_TRUE(forwarded(method, "/items", json + "Content-Length: 27\r\n",
                              R"({ "name":"a","admin":true} )")
                        .ends_with("\r\n\r\n{\"name\":\"a\"}"));
        EXPECT_TRUE(forwarded(method, "/items").starts_with(method));
    }
}

TEST_F(Path, AGuardHoldsInEverySpellingThatAnUpstreamMayReadAsTheSame) {
    RouteSettings guarded = open_route("/open/admin", {"GET", "POST"});
    guarded.allow = Allow::Permissions;
    guarded.permissions = {"delete:products"};
    RouteSettings form = open_route("/open/form", {"POST"});
    form.schema = gateway.settings.services[0].routes[3].schema;
    form.body_bytes = 32;
    gateway.settings.services[0].routes[0].methods = {"GET", "POST"};
    gateway.settings.services[0].routes.push_back(guarded);
    gateway.settings.services[0].routes.push_back(form);
    gateway.start();
    const std::string token =
        "Authorization: Bearer " + gateway.token(std::chrono::hours{1}) + "\r\n";
    const std::string json = "Content-Type: application/json\r\n";
    for (const std::string_view path :
         {"/open/admin", "/open/admin/", "/open/ADMIN", "/open/%41dmin", "/open/Admin/"}) {
        EXPECT_TRUE(has(ask("GET", path), " 401 ")) << path;
        EXPECT_TRUE(has(ask("GET", path, token), R"("required":["delete:products"])")) << path;
    }
    for (const std::string_view path : {"/open/form", "/open/FORM", "/open/form/"}) {
        EXPECT_TRUE(has(ask("POST", path, json + "Content-Length: 2\r\n", "{}"), " 400 ")) << path;
        EXPECT_TRUE(has(ask("POST", path, json + "Content-Length: 33\r\n"), " 413 ")) << path;
        EXPECT_TRUE(forwarded("POST", path, json + "Content-Length: 27\r\n",
                              R"({ "name":"a","admin":true} )")
                        .ends_with("\r\n\r\n{\"name\":\"a\"}"))
            << path;
    }
    EXPECT_TRUE(forwarded("GET", "/open/Other/").starts_with("GET /open/Other/ "));
}

TEST_F(Path, AServiceThatReadsPathsToTheLetterIsTakenAtItsWord) {
    RouteSettings guarded = open_route("/open/admin", {"GET"});
    guarded.allow = Allow::Authenticated;
    gateway.settings.services[0].routes.push_back(guarded);
    gateway.settings.services[0].paths = PathSpelling::Exact;
    gateway.start();
    EXPECT_TRUE(has(ask("GET", "/open/admin"), " 401 "));
    EXPECT_TRUE(forwarded("GET", "/open/ADMIN").starts_with("GET /open/ADMIN "));
}

TEST_F(Path, RefusalsCountUnderApiRoutesUnderServicesAndRoutesWithoutLimitUnderNone) {
    gateway.settings.limits[0].max = 3;
    gateway.settings.limits.push_back({"services", {}, std::chrono::seconds{60}, 2});
    gateway.start();
    const std::string who = "X-Forwarded-For: 198.51.100.1\r\n";
    for (const auto& [method, target, status] : {std::tuple{"GET", "/nowhere", " 404 "},
                                                 {"DELETE", "/open/x", " 405 "},
                                                 {"GET", "/catalog/1", " 401 "},
                                                 {"GET", "/api/x", " 404 "},
                                                 {"GET", "/nowhere", " 429 "},
                                                 {"DELETE", "/open/x", " 429 "},
                                                 {"GET", "/catalog/2", " 401 "},
                                                 {"GET", "/catalog/3", " 429 "}}) {
        EXPECT_TRUE(has(ask(method, target, who), status)) << target << status;
    }
    EXPECT_TRUE(has(ask("GET", "/open/x", who), "Retry-After: "));
    EXPECT_TRUE(forwarded("GET", "/free", who).starts_with("GET /free"));
}

TEST_F(Path, ALimitCountsEverySpellingThatAnUpstreamMayReadAsTheSame) {
    gateway.settings.limits = {{"login", {"/open/Login"}, std::chrono::seconds{900}, 3}};
    gateway.start();
    const std::string who = "X-Forwarded-For: 198.51.100.4\r\n";
    for (const std::string_view path : {"/open/Login", "/open/login", "/open/LOGIN/"}) {
        EXPECT_FALSE(forwarded("GET", path, who).empty());
    }
    for (const std::string_view path : {"/open/Login", "/open/login/", "/open/logiN"}) {
        EXPECT_TRUE(has(ask("GET", path, who), " 429 ")) << path;
    }
    EXPECT_FALSE(forwarded("GET", "/open/logins", who).empty());
}

TEST_F(Path, AReloadThatReordersLimitsMixesNoCounters) {
    gateway.settings.limits = {{"api", {"/api/**"}, std::chrono::seconds{900}, 3},
                               {"other", {"/open/**"}, std::chrono::seconds{900}, 1}};
    gateway.start();
    const std::string who = "X-Forwarded-For: 198.51.100.2\r\n";
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(has(ask("GET", "/api/x", who), " 404 "));
    std::swap(gateway.settings.limits[0], gateway.settings.limits[1]);
    const auto fresh = gateway.snapshot();
    gateway.thread.run([&] { gateway.path->replace(*fresh); });
    EXPECT_TRUE(has(ask("GET", "/api/x", who), " 404 "));  // the third
    EXPECT_TRUE(has(ask("GET", "/api/x", who), " 429 "));
}

TEST_F(Path, FailuresCountAndSuccessesAreForgivenWhereTheLimitSaysSo) {
    gateway.settings.limits = {{"auth",
                                {"/open/login"},
                                std::chrono::seconds{900},
                                2,
                                true,
                                "TOO_MANY_AUTH_ATTEMPTS",
                                {}}};
    gateway.start();
    const std::string who = "X-Forwarded-For: 198.51.100.3\r\n";
    for (int i = 0; i < 4; ++i) EXPECT_FALSE(forwarded("GET", "/open/login", who).empty());
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(has(ask("DELETE", "/open/login", who), " 405 "));
    const std::string refused = ask("GET", "/open/login", who);
    EXPECT_TRUE(has(refused, "TOO_MANY_AUTH_ATTEMPTS")) << refused;
    EXPECT_TRUE(has(refused, "RateLimit-Policy: 2;w=900\r\n"));
}

TEST_F(Path, AFieldOfAProxyPassesWhereTheServiceNamesIt) {
    gateway.settings.services[0].forward_fields = {"CF-Connecting-IP"};
    gateway.start();
    const std::string fields = "cf-connecting-ip: 198.51.100.7\r\nTrue-Client-IP: 198.51.100.8\r\n";
    const std::string named = forwarded("GET", "/open/x", fields);
    EXPECT_TRUE(has(named, "cf-connecting-ip: 198.51.100.7\r\n")) << named;
    EXPECT_FALSE(has(named, "198.51.100.8")) << named;
    EXPECT_FALSE(has(forwarded("GET", "/open/x", "Connection: CF-Connecting-IP\r\n" + fields),
                     "198.51.100.7"));
}

TEST_F(Path, AStrangerWhoComesPastTheNamedProxiesSaysNothingOfTheirs) {
    gateway.settings.services[0].forward_fields = {"CF-Connecting-IP"};
    gateway.server_settings.trusted_proxies = {"203.0.113.0/24"};
    gateway.start();
    EXPECT_FALSE(
        has(forwarded("GET", "/open/x", "CF-Connecting-IP: 198.51.100.7\r\n"), "198.51.100.7"));
}

TEST_F(Path, AConfigurationThatCannotBeServedSaysWhy) {
    struct Case {
        void (*change)(Gateway&);
        std::string_view rule;
    };
    const Case cases[] = {
        {[](Gateway& g) { g.settings.services[0].routes[0].methods = {"BREW"}; }, "route.method"},
        {[](Gateway& g) { g.settings.services[0].targets = {{"ftp://x"}}; }, "upstream.url"},
        {[](Gateway& g) { g.settings.services[0].targets.assign(65, {"http://x"}); },
         "upstream.targets"},
        {[](Gateway& g) { g.settings.services[0].routes[0].path = "open"; }, "route.pattern"},
        {[](Gateway& g) { g.settings.services[0].routes[1].permissions.clear(); },
         "access.rule_empty"},
        {[](Gateway& g) { g.settings.services[0].routes[0].schema = "{}"; }, "schema.invalid"},
        {[](Gateway& g) { g.server_settings.trusted_proxies = {"x"}; }, "proxies.cidr"},
    };
    for (const auto& [change, rule] : cases) {
        Gateway broken;
        broken.settings = gateway.settings;
        change(broken);
        const auto snapshot = broken.snapshot();
        ASSERT_FALSE(snapshot) << rule;
        EXPECT_EQ(snapshot.error().rule, rule);
    }
}

}  // namespace
}  // namespace merlon::gateway
