// Reading where gateways keep what they share: `state`.
#include <charconv>

#include "base/text.h"
#include "config/database_url.h"
#include "config/sections.h"
#include "config/values.h"

namespace merlon::config {
namespace {

using redis::RedisSettings;

constexpr std::string_view expected =
    "must be memory:, rediss://[user@]host[:port][/database] or redis://… on this machine";

Result<RedisSettings> parse_redis(std::string_view text) {
    const auto url = parse_url(text);
    if (!url || (url->scheme != "redis" && url->scheme != "rediss")) {
        return fail(Kind::Invalid, url_rule, std::string(expected));
    }
    RedisSettings settings;
    settings.has_tls = url->scheme == "rediss";
    settings.host = url->host;
    if (settings.host.starts_with('['))
        settings.host = settings.host.substr(1, settings.host.size() - 2);
    if (!url->port.empty()) settings.port = *text::parse_number<std::uint16_t>(url->port);
    settings.user = url->user;
    if (url->rest.empty() || url->rest == "/") return settings;
    const auto database = text::parse_number<unsigned>(url->rest.substr(1));
    if (!database) return fail(Kind::Invalid, url_rule, "the database is a number: /0");
    settings.database = *database;
    return settings;
}

bool is_on_this_machine(const RedisSettings& settings) {
    return settings.host == "localhost" || is_local({settings.host, settings.port, {}});
}

}  // namespace

void read_state(Reader state, redis::StateSettings& out) {
    state.text("url", out.url, "memory:, redis://[user@]host[:port][/database] or rediss://…");
    RedisSettings given;
    state.secret("password", given.password, "of a redis url, which never carries one");
    state.text("ca", given.ca_path, "PEM file that certifies the server; default: the system's");
    state.text("certificate", given.certificate, "PEM chain, for a server that asks for one");
    state.text("key", given.key, "its private key");
    state.duration("timeout", given.answer_max,
                   "an answer that takes longer is none: limits count in this process");
    bool allows_clear = false;
    state.boolean("allow_cleartext", allows_clear,
                  "redis:// to another machine: who is between reads and changes counts");
    if (given.answer_max.count() < 1 || given.answer_max > std::chrono::seconds{5}) {
        state.problem("timeout", "must be from 1ms to 5s");
    }
    if (given.certificate.empty() != given.key.empty()) {
        state.problem(given.key.empty() ? "key" : "certificate", "certificate and key go together");
    }
    state.finish();
    if (out.url == "memory:") return;
    auto parsed = parse_redis(out.url);
    if (!parsed) return state.problem("url", std::move(parsed).error().detail);
    if (!parsed->has_tls && !is_on_this_machine(*parsed) && !allows_clear) {
        return state.problem("url",
                             "must be rediss:// when Redis is not on this machine, or "
                             "state.allow_cleartext: true where the network is trusted");
    }
    parsed->password = std::move(given.password);
    parsed->ca_path = std::move(given.ca_path);
    parsed->certificate = std::move(given.certificate);
    parsed->key = std::move(given.key);
    parsed->answer_max = given.answer_max;
    out.redis = std::make_shared<const RedisSettings>(*std::move(parsed));
}

}  // namespace merlon::config
