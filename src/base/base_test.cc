// Tests of the smallest parts: text, UUIDs, metrics.
#include <gtest/gtest.h>

#include <thread>

#include "base/current.h"
#include "base/entropy.h"
#include "base/metrics.h"
#include "base/secret.h"
#include "base/siphash.h"
#include "base/text.h"
#include "base/uuid.h"

namespace merlon {
namespace {

TEST(Base64url, HasOneSpellingForEveryValue) {
    struct Case {
        std::string_view text;
        std::optional<std::string> bytes;
    };
    const Case cases[] = {
        {"", ""},
        {"Zg", "f"},
        {"Zm8", "fo"},
        {"Zm9v", "foo"},
        {"-_8", "\xfb\xff"},
        {"Zg==", {}},   // padding
        {"Zh", {}},     // non-zero trailing bits: a second spelling of "f"
        {"Zm9", {}},    // the same for two bytes
        {"Z", {}},      // six bits are no byte
        {"+/8", {}},    // the other alphabet
        {"Zm 9v", {}},  // white space
        {"Zm9v\n", {}},
        {std::string_view("Zg\0", 3), {}},
    };
    for (const auto& [text, bytes] : cases) {
        EXPECT_EQ(text::from_base64url(text), bytes) << text;
        if (bytes) EXPECT_EQ(text::to_base64url(*bytes), text);
    }
}

TEST(Number, IsDecimalDigitsOnly) {
    struct Case {
        std::string_view text;
        std::optional<std::uint64_t> value;
    };
    const Case cases[] = {
        {"0", 0},
        {"18446744073709551615", UINT64_MAX},
        {"18446744073709551616", {}},  // one too many
        {"", {}},
        {"-1", {}},
        {"+1", {}},
        {" 1", {}},
        {"1 ", {}},
        {"1.0", {}},
        {"0x1", {}},
    };
    for (const auto& [text, value] : cases) EXPECT_EQ(text::parse_number(text), value) << text;
}

TEST(Hex, GoesThereAndBack) {
    EXPECT_EQ(text::to_hex("\x01\xff"), "01ff");
    EXPECT_EQ(text::from_hex("01FF"), "\x01\xff");
    for (const std::string_view bad : {"0", "0g", "0x", " 0"}) {
        EXPECT_FALSE(text::from_hex(bad)) << bad;
    }
}

TEST(Uuid, IsReadStrictlyAndMadeInOrder) {
    SeededEntropy entropy(1);
    const WallTime now{std::chrono::milliseconds{1'767'225'600'000}};
    const Uuid first = Uuid::make_v7(now, entropy);
    const Uuid second = Uuid::make_v7(now + std::chrono::milliseconds{1}, entropy);
    EXPECT_LT(first, second);
    EXPECT_EQ(first.text()[14], '7');
    EXPECT_EQ(Uuid::make_v4(entropy).text()[14], '4');
    EXPECT_EQ(Uuid::parse(first.text()), first);
    EXPECT_EQ(Uuid::parse("550E8400-E29B-41D4-A716-446655440000")->text(),
              "550e8400-e29b-41d4-a716-446655440000");
    for (const std::string_view bad :
         {"", "550e8400e29b41d4a716446655440000", "550e8400-e29b-41d4-a716-44665544000",
          "550e8400-e29b-41d4-a716-4466554400000", "{50e8400-e29b-41d4-a716-446655440000",
          "550e8400-e29b-41d4-a716_446655440000"}) {
        EXPECT_FALSE(Uuid::parse(bad)) << bad;
    }
}

// ThreadSanitizer judges the rest.
TEST(Current, IsReplacedWhileOthersRead) {
    Current<std::string> current(std::make_shared<const std::string>(100, 'a'));
    std::vector<std::jthread> readers;
    for (int i = 0; i < 3; ++i) {
        readers.emplace_back([&](const std::stop_token& stop) {
            while (!stop.stop_requested()) {
                const auto value = current.load();
                EXPECT_EQ(value->find_first_not_of(value->front()), std::string::npos);
            }
        });
    }
    for (int i = 0; i < 2'000; ++i) {
        current.store(std::make_shared<const std::string>(100, static_cast<char>('a' + i % 26)));
    }
}

TEST(Secret, IsWipedWhenItMoves) {
    Secret first(std::string(64, 'k'));
    const Secret second = std::move(first);
    EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): what the test is about
    EXPECT_EQ(second.size(), 64U);
}

TEST(Secret, GrowsByPieces) {
    Secret secret;
    std::string text;
    for (int i = 0; i < 500; ++i) {
        const std::string piece(static_cast<std::size_t>(i % 40), static_cast<char>('a' + i % 26));
        secret.append(piece);
        text += piece;
    }
    EXPECT_EQ(secret.reveal(), text);
    EXPECT_EQ(secret.duplicate().reveal(), text);
}

TEST(Metrics, AreWrittenAsOpenMetrics) {
    metrics::Registry registry;
    registry.counter("merlon_auth", "sign-ins", {{"event", "login"}}).add(2);
    registry.gauge("merlon_connections", "open").set(-1);
    registry.histogram("latency_seconds", "answers").observe(std::chrono::milliseconds{30});
    registry.observe_gauge("process_threads", "threads", [] { return 3.0; });
    registry.observe_counter("process_cpu_seconds", "time", [] { return 1.5; });
    const std::string text = registry.render();
    for (const std::string_view line :
         {"# TYPE merlon_auth counter\n", "merlon_auth_total{event=\"login\"} 2\n",
          "merlon_connections -1\n", "latency_seconds_bucket{le=\"0.025\"} 0\n",
          "latency_seconds_bucket{le=\"0.05\"} 1\n", "latency_seconds_bucket{le=\"+Inf\"} 1\n",
          "latency_seconds_count 1\n", "latency_seconds_sum 0.03\n", "process_threads 3\n",
          "process_cpu_seconds_total 1.5\n"}) {
        EXPECT_NE(text.find(line), std::string::npos) << line << text;
    }
    EXPECT_TRUE(text.ends_with("# EOF\n"));
}

TEST(Metrics, AreWrittenInPrometheusTextFormatForWhoKnowsNoOther) {
    metrics::Registry registry;
    registry.counter("merlon_auth", "sign-ins", {{"event", "login"}}).add(2);
    registry.gauge("merlon_connections", "open").set(1);
    EXPECT_EQ(registry.render(metrics::Registry::Format::Text),
              "# TYPE merlon_auth_total counter\n# HELP merlon_auth_total sign-ins\n"
              "merlon_auth_total{event=\"login\"} 2\n"
              "# TYPE merlon_connections gauge\n# HELP merlon_connections open\n"
              "merlon_connections 1\n");
}

TEST(Metrics, EscapeWhatALabelHolds) {
    metrics::Registry registry;
    registry.counter("c", "h", {{"l", "a\"b\\c\nd"}}).add();
    EXPECT_NE(registry.render().find(R"(c_total{l="a\"b\\c\nd"} 1)"), std::string::npos);
}

TEST(Metrics, OfWhatComesAndGoesAreThoseThatThereAre) {
    metrics::Registry registry;
    metrics::Registry::Readings days;
    registry.observe_gauges("days_left", "h", [&] { return days; });
    EXPECT_EQ(registry.render(), "# EOF\n");
    days = {{{{"certificate", "a"}}, 5.0}, {{{"certificate", "b"}}, -1.0}};
    EXPECT_EQ(registry.render(),
              "# TYPE days_left gauge\n# HELP days_left h\ndays_left{certificate=\"a\"} 5\n"
              "days_left{certificate=\"b\"} -1\n# EOF\n");
    days.pop_back();
    EXPECT_EQ(registry.render().find("\"b\""), std::string::npos);
}

TEST(SipHash, TellsTextsApartAndTakesAnEmptyOneThatIsNowhere) {
    const SipHash hash(0x0706050403020100, 0x0f0e0d0c0b0a0908);
    EXPECT_EQ(hash({}), hash("")) << "an empty text that is nowhere";
    EXPECT_NE(hash(""), hash(std::string_view("\0", 1)));
    EXPECT_EQ(hash(std::string_view("12345678")), hash(std::string("12345678")));
    EXPECT_NE(hash("12345678"), hash("123456789"));
}

}  // namespace
}  // namespace merlon
