// Active health checks under a running gateway.
#include "gateway/test_kit.h"

namespace merlon::gateway {
namespace {

using namespace testing;

TEST(HealthChecks, TakeAnUnwellTargetOutAndBringItBack) {
    Listener listener;
    Gateway gateway;
    gateway.settings.services = {service_of({listener.url()}, {open_route("/open/**", {"GET"})})};
    gateway.settings.services[0].health = {"/healthz", std::chrono::milliseconds{100},
                                           std::chrono::milliseconds{500}};
    gateway.start();
    const std::string gauge =
        "merlon_upstream_healthy{service=\"echo\",target=\"" + listener.url().substr(7) + "\"} ";
    const auto answer_until = [&](std::string_view status, std::string_view value) {
        for (int i = 0; i < 20; ++i) {
            Wire check = listener.accept();
            EXPECT_TRUE(check.read_head().starts_with("GET /healthz HTTP/1.1\r\n"));
            check.send("HTTP/1.1 " + std::string(status) + " X\r\nContent-Length: 0\r\n\r\n");
            if (gateway.metrics.render().find(gauge + std::string(value)) != std::string::npos)
                return true;
        }
        return false;
    };
    EXPECT_TRUE(answer_until("200", "1"));
    EXPECT_TRUE(answer_until("503", "0"));
    EXPECT_TRUE(answer_until("204", "1"));
    // A reload without checks ends them; one under way changes nothing any more.
    gateway.settings.services[0].health.path.clear();
    const auto fresh = gateway.snapshot();
    gateway.thread.run([&] { gateway.path->replace(*fresh); });
}

}  // namespace
}  // namespace merlon::gateway
